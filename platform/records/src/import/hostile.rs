//! Files that mean harm, streamed without an end: each is refused with its place, after a bounded piece of it was read.

use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::binary::Binary;
use super::format::Format;
use super::mapping::{Encoding, Reading};
use super::source::{BadRow, RECORD_BYTES_MAX, Source, SourceError};

/// What may have been read of an endless file when it is refused: the piece by which its encoding is guessed, a row of full
/// length, and what buffers read ahead.
const READ_MAX: u64 = RECORD_BYTES_MAX + 512 * 1024;

/// A file that has no end, and how much of it was asked for.
struct Endless {
    begin: Cursor<Vec<u8>>,
    again: Cursor<Vec<u8>>,
    read: Arc<AtomicU64>,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut count = self.begin.read(buffer)?;
        if count == 0 {
            count = self.again.read(buffer)?;
        }
        if count == 0 {
            self.again.set_position(0);
            count = self.again.read(buffer)?;
        }
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// How reading such a file ends, and how much was read of it by then.
fn ended(begin: &[u8], again: &[u8], format: Format, encoding: Option<Encoding>) -> (SourceError, u64) {
    let read = Arc::new(AtomicU64::new(0));
    let again = Cursor::new(again.repeat(16 * 1024));
    let endless = Endless { begin: Cursor::new(begin.to_vec()), again, read: Arc::clone(&read) };
    let reading = Reading { encoding, ..Reading::plain(b',') };
    let error = match Source::open(Box::new(endless), format, &reading, vec!["a".to_owned()]) {
        Err(error) => error,
        Ok(mut source) => loop {
            match source.next() {
                Err(error) => break error,
                Ok(row) => assert!(row.is_some(), "it has no end"),
            }
        },
    };
    (error, read.load(Ordering::Relaxed))
}

#[test]
fn what_never_ends_is_refused_with_its_line_after_a_bounded_piece() {
    for encoding in [None, Some(Encoding::Utf8), Some(Encoding::Gbk)] {
        for (begin, again, format, wanted) in [
            (&b""[..], &b"x"[..], Format::Csv, 1),
            (b"", b"x,", Format::Csv, 1),
            (b"\"", b"\n", Format::Csv, 1),
            (b"a\n1\n", b"x", Format::Csv, 3),
            (b"a\n1\n\"", b"x\n", Format::Csv, 3),
            (b"a\n1\n", b",", Format::Csv, 3),
            (b"a\n1\n", b"\"\"", Format::Csv, 3),
            (b"{}\n{\"a\":\"", b"x", Format::Jsonl, 2),
            (b"{}\n", b"[", Format::Jsonl, 2),
        ] {
            let (error, read) = ended(begin, again, format, encoding);
            assert!(matches!(error, SourceError::RowTooLong { line } if line == wanted), "{begin:?} {again:?}: {error:?}");
            assert!(read <= READ_MAX, "{begin:?} {again:?}: {read} bytes were read");
        }
    }
}

#[test]
fn what_is_no_text_is_refused_by_its_beginning() {
    for (begin, wanted) in [
        (&b"\xff\xfei\0d\0"[..], Binary::Utf16),
        (b"i\0d\0,\0", Binary::Zeros),
        (b"identity\0,name\n", Binary::Zeros),
        (b"\x1f\x8b\x08\0\0\0\0\0", Binary::Packed("gzip")),
        (b"PK\x03\x04\x14\0", Binary::Packed("zip or xlsx")),
    ] {
        let (error, read) = ended(begin, b"x\n", Format::Csv, None);
        assert!(matches!(error, SourceError::Binary(binary) if binary == wanted), "{begin:?}: {error:?}");
        assert!(read <= READ_MAX, "{begin:?}: {read} bytes were read");
    }
    assert!(matches!(ended(b"\x1f\x8b\x08", b"\0", Format::Jsonl, None).0, SourceError::Binary(Binary::Packed("gzip"))));
}

#[test]
fn a_header_has_a_thousand_columns_at_most() {
    let header = |columns: usize| [vec![b','; columns - 1], b"\n1\n".to_vec()].concat();
    let open = |bytes: Vec<u8>| Source::open(Box::new(Cursor::new(bytes)), Format::Csv, &Reading::plain(b','), Vec::new());
    assert!(open(header(1_000)).is_ok());
    assert!(matches!(open(header(1_001)), Err(SourceError::Columns { count: 1_001 })));
    assert!(matches!(open(header(500_000)), Err(SourceError::Columns { count: 500_000 })));
    assert!(matches!(open(header(2_000_000)), Err(SourceError::RowTooLong { line: 1 })));
}

#[test]
fn a_row_with_a_byte_of_zero_fails_alone() {
    let bytes = b"a\n1\nx\0y\n3\n".to_vec();
    let mut source = Source::open(Box::new(Cursor::new(bytes)), Format::Csv, &Reading::plain(b','), Vec::new()).unwrap();
    assert!(source.next().unwrap().unwrap().cells.is_ok());
    let bad = source.next().unwrap().unwrap();
    assert_eq!((bad.line, bad.bytes, bad.cells), (3, 4, Err(BadRow::Encoding)));
    assert!(source.next().unwrap().unwrap().cells.is_ok());
}
