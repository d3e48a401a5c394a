//! Files that mean harm: each is refused by name, and none is believed.

use std::panic::catch_unwind;

use serde_json::json;
use tenon_value::Json;

use super::read::{ROW_BYTES, all};
use crate::limits::LIST_VALUES_MAX;
use crate::thrift::Walk;
use crate::{Kind, ReadError, Reader, Writer};

const PLAIN: &[u8] = include_bytes!("fixtures/plain.parquet");

fn file(kind: Kind, values: impl IntoIterator<Item = Json>) -> Vec<u8> {
    let mut writer = Writer::new(&[("c".to_owned(), kind)]).unwrap();
    let mut bytes = Vec::new();
    for value in values {
        writer.row([value]).unwrap();
        bytes.extend(writer.take());
    }
    bytes.extend(writer.finish().unwrap());
    bytes
}

fn limit(bytes: &[u8]) -> &'static str {
    match all(bytes) {
        Err(ReadError::Limit { limit, .. }) => limit,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_cut_off_is_refused_wherever_it_is_cut() {
    for length in 0..PLAIN.len() {
        assert!(matches!(all(&PLAIN[..length]), Err(ReadError::Malformed(_))), "cut after {length}");
    }
}

#[test]
fn no_changed_byte_gives_other_rows_than_there_are() {
    for at in 0..PLAIN.len() {
        for change in [0x01, 0x02, 0x10, 0x80, 0xff] {
            let mut bytes = PLAIN.to_vec();
            bytes[at] ^= change;
            // What brings the library down fails its import alone.
            if let Ok(Ok((_, rows))) = catch_unwind(|| all(&bytes)) {
                assert_eq!(rows.len(), 4, "byte {at} ^ {change:#x}");
            }
        }
    }
}

#[test]
fn a_footer_that_lies_about_its_length_is_refused() {
    let length = |length: u32| {
        let mut bytes = PLAIN.to_vec();
        let at = bytes.len() - 8;
        bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
        bytes
    };
    assert_eq!(limit(&length(u32::MAX)), "parquet_footer_bytes");
    assert_eq!(limit(&length(8 * 1024 * 1024 + 1)), "parquet_footer_bytes");
    assert!(matches!(all(&length(u32::try_from(PLAIN.len()).unwrap())), Err(ReadError::Malformed(_))));
    assert!(matches!(all(&length(0)), Err(ReadError::Malformed(_))));
}

#[test]
fn what_unfolds_too_far_is_refused_before_it_is_unfolded() {
    let bomb = file(Kind::Text, [json!("x".repeat(17 * 1024 * 1024))]);
    assert!(bomb.len() < 4 * 1024 * 1024, "{}", bomb.len());
    assert_eq!(limit(&bomb), "parquet_page_bytes");
    let elements = usize::try_from(LIST_VALUES_MAX).unwrap() + 1;
    assert_eq!(limit(&file(Kind::Texts, [Json::Array(vec![json!(""); elements])])), "parquet_list_values");
}

#[test]
fn a_row_that_is_too_long_is_told_by_its_number() {
    let bytes = file(Kind::Text, [json!("short"), json!("x".repeat(1024 * 1024 + 1))]);
    let mut reader = Reader::open(bytes.as_slice(), ROW_BYTES).unwrap();
    assert!(reader.next_row().unwrap().is_some());
    assert!(matches!(reader.next_row(), Err(ReadError::RowTooLong { row: 2 })));
}

#[test]
fn what_is_not_read_is_told_by_its_column() {
    let nested: &[u8] = include_bytes!("fixtures/nested.parquet");
    let gzip: &[u8] = include_bytes!("fixtures/gzip.parquet");
    let delta: &[u8] = include_bytes!("fixtures/delta.parquet");
    for (bytes, wanted) in [(nested, "who.name"), (gzip, "text"), (delta, "text")] {
        let found = all(bytes);
        assert!(matches!(&found, Err(ReadError::Unsupported { column, .. }) if column == wanted), "{found:?}");
    }
}

#[test]
fn lengths_and_depths_are_held_against_what_is_there() {
    // A binary of 2^62 bytes; structures in each other without an end.
    let long = [0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f];
    let deep = [0x1c; 1_000];
    for bytes in [&long[..], &deep] {
        assert!(Walk::new(bytes).skip(crate::thrift::STRUCT).is_err());
    }
}
