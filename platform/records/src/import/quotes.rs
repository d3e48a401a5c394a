//! Watches the quotes of a CSV file go by: one that is never closed would swallow the rest of the file.

use std::io::{self, Read};

/// Where in a cell the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Begin,
    Bare,
    Quoted,
    /// After a quote within a quoted cell: its end, or the first of two.
    Closing,
}

/// A reader of CSV that knows whether it stands within quotes, and since which line. Bytes of GBK's second halves are
/// never a quote, a delimiter or a line's end.
pub(crate) struct Quotes<R> {
    inner: R,
    delimiter: u8,
    at: At,
    line: u64,
    opened: u64,
    ended: bool,
}

impl<R> Quotes<R> {
    pub(crate) const fn new(inner: R, delimiter: u8) -> Self {
        Self { inner, delimiter, at: At::Begin, line: 1, opened: 0, ended: false }
    }

    /// The line on which a quote was opened, where the file has ended within it.
    pub(crate) fn left_open(&self) -> Option<u64> {
        (self.ended && self.at == At::Quoted).then_some(self.opened)
    }

    fn watch(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let ends_cell = *byte == self.delimiter || *byte == b'\n';
            self.at = match (self.at, *byte) {
                (At::Begin, b'"') => {
                    self.opened = self.line;
                    At::Quoted
                }
                (At::Quoted, b'"') => At::Closing,
                (At::Closing, b'"') | (At::Quoted, _) => At::Quoted,
                (At::Begin | At::Bare | At::Closing, _) if ends_cell => At::Begin,
                _ => At::Bare,
            };
            self.line += u64::from(*byte == b'\n');
        }
    }
}

impl<R: Read> Read for Quotes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.ended = count == 0 && !buffer.is_empty();
        if let Some(bytes) = buffer.get(..count) {
            self.watch(bytes);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_open(text: &str) -> Option<u64> {
        let mut quotes = Quotes::new(text.as_bytes(), b',');
        io::copy(&mut quotes, &mut io::sink()).unwrap();
        quotes.left_open()
    }

    #[test]
    fn a_quote_that_is_never_closed_is_found_with_its_line() {
        assert_eq!(left_open("a,b\n1,\"x\"\n"), None);
        assert_eq!(left_open("a,b\n1,\"x \"\" y\n\"\n2,3\n"), None);
        assert_eq!(left_open("a,b\n1,2 \" 3\n"), None, "within a bare cell it is a letter");
        assert_eq!(left_open("a,b\n1,2\n3,\"4\n5,6\n"), Some(3));
        assert_eq!(left_open("\""), Some(1));
        assert_eq!(left_open(""), None);
    }
}
