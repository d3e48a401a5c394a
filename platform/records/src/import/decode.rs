//! From the bytes of a file to UTF-8, counted, and with a bound on what one row may swallow.
//!
//! An unclosed quote would make the rest of the file one row: the bound ends it instead of the memory.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::LINE_BYTES_MAX;
use super::mapping::Encoding;

/// Bytes read from the source at a time.
const BLOCK: usize = 64 * 1024;

/// What reader and caller know of each other's progress.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    /// Bytes taken from the source.
    pub(crate) read: Arc<AtomicU64>,
    /// Decoded bytes given out.
    given: Arc<AtomicU64>,
    /// Decoded bytes given out when the last row ended.
    row: Arc<AtomicU64>,
}

impl Marks {
    /// A row has ended.
    pub(crate) fn row_ended(&self) {
        self.row.store(self.given.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

/// The message of the error that ends a row longer than the bound.
pub(crate) const TOO_LONG: &str = "a row is longer than the limit";

/// A decoding, counting, bounded reader.
pub(crate) struct Decoded<R> {
    source: R,
    marks: Marks,
    decoder: Option<encoding_rs::Decoder>,
    raw: Vec<u8>,
    ready: Vec<u8>,
    taken: usize,
    begun: bool,
    ended: bool,
}

impl<R: Read> Decoded<R> {
    pub(crate) fn new(source: R, encoding: Encoding, marks: Marks) -> Self {
        let decoder = match encoding {
            // UTF-8 stays as it is: a wrong byte is the fault of one row, which the reader of rows finds.
            Encoding::Utf8 => None,
            Encoding::Gbk => Some(encoding_rs::GB18030.new_decoder_without_bom_handling()),
        };
        Self { source, marks, decoder, raw: vec![0; BLOCK], ready: Vec::new(), taken: 0, begun: false, ended: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.taken = 0;
        while self.ready.is_empty() && !self.ended {
            let count = self.source.read(&mut self.raw)?;
            self.ended = count == 0;
            self.marks.read.fetch_add(u64::try_from(count).unwrap_or_default(), Ordering::Relaxed);
            let bytes = self.raw.get(..count).unwrap_or_default();
            match &mut self.decoder {
                None => self.ready.extend_from_slice(bytes),
                Some(decoder) => {
                    let space = decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len() * 4 + 16);
                    let mut text = String::with_capacity(space);
                    let _done = decoder.decode_to_string(bytes, &mut text, self.ended);
                    self.ready.extend_from_slice(text.as_bytes());
                }
            }
        }
        if !self.begun {
            self.begun = true;
            if self.ready.starts_with(b"\xEF\xBB\xBF") {
                self.taken = 3;
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken >= self.ready.len() {
            self.refill()?;
        }
        let since = self.marks.given.load(Ordering::Relaxed) - self.marks.row.load(Ordering::Relaxed);
        if usize::try_from(since).unwrap_or(usize::MAX) > LINE_BYTES_MAX + 2 * BLOCK {
            return Err(io::Error::new(io::ErrorKind::InvalidData, TOO_LONG));
        }
        let rest = self.ready.get(self.taken..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(rest.iter().take(count)) {
            *to = *from;
        }
        self.taken += count;
        self.marks.given.fetch_add(u64::try_from(count).unwrap_or_default(), Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &'static [u8], encoding: Encoding) -> String {
        let mut text = String::new();
        Decoded::new(bytes, encoding, Marks::default()).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_byte_order_mark_is_no_letter() {
        assert_eq!(decoded(b"\xEF\xBB\xBFname", Encoding::Utf8), "name");
    }

    #[test]
    fn gbk_is_read_as_text() {
        // 客户 in GBK: BF CD BB A7.
        assert_eq!(decoded(&[0xBF, 0xCD, 0xBB, 0xA7], Encoding::Gbk), "客户");
    }
}
