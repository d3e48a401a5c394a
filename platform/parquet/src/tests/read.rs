//! Files of another tool (`fixtures/make.py`) come as they were meant, and what was written here is read again.

use serde_json::json;

use crate::{Cell, Kind, NotText, ReadError, Reader, Writer};

/// What a row may take in these tests.
pub(super) const ROW_BYTES: u64 = 1024 * 1024;

type Rows = Vec<(u64, Result<Vec<Cell>, NotText>)>;

pub(super) fn all(bytes: &[u8]) -> Result<(Vec<String>, Rows), ReadError> {
    let mut reader = Reader::open(bytes, ROW_BYTES)?;
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row()? {
        rows.push(row);
    }
    Ok((reader.columns().to_vec(), rows))
}

/// A row of cells: texts begin with `'`.
fn row(cells: &[&str]) -> Vec<Cell> {
    let cell = |text: &&str| match (*text, text.strip_prefix('\'')) {
        ("-", _) => Cell::Null,
        (_, Some(text)) => Cell::Text(text.to_owned()),
        (text, None) => Cell::Exact(text.to_owned()),
    };
    cells.iter().map(cell).collect()
}

#[test]
fn every_type_is_read_as_another_tool_wrote_it() {
    let (columns, rows) = all(include_bytes!("fixtures/every.parquet")).unwrap();
    assert_eq!(columns, ["text", "small", "unsigned", "price", "day", "at", "local", "clock", "tags", "open", "ratio"]);
    let wanted: [&[&str]; 4] = [
        &[
            "'上海",
            "-128",
            "4294967295",
            "12345678901234567890.1234",
            "2024-02-29",
            "2026-11-22T21:34:31.007Z",
            "2026-03-01T08:30:00",
            "08:30:15",
            "a;b",
            "true",
            "31.25",
        ],
        &["-", "127", "0", "-0.5000", "1969-12-31", "1969-12-31T23:59:59.999999Z", "-", "-", "-", "false", "-0.1"],
        &["'", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-"],
        &["'a;b", "0", "1", "0.0000", "0001-01-01", "1970-01-01T00:00:00Z", "2000-01-01T00:00:00", "00:00:00", "c", "true", "0"],
    ];
    for (at, ((number, cells), wanted)) in rows.iter().zip(wanted).enumerate() {
        assert_eq!((*number, cells), (at as u64 + 1, &Ok(row(wanted))));
    }
    assert_eq!(rows.len(), 4);
}

#[test]
fn pages_of_the_second_version_and_many_groups_are_read_to_their_end() {
    let (_, rows) = all(include_bytes!("fixtures/plain.parquet")).unwrap();
    let cells: Vec<_> = rows.into_iter().map(|(_, cells)| cells.unwrap()).collect();
    assert_eq!(cells, [row(&["'上海", "-128"]), row(&["-", "127"]), row(&["'", "-"]), row(&["'a;b", "0"])]);
    let (_, rows) = all(include_bytes!("fixtures/many.parquet")).unwrap();
    let text = format!("'{}", "x".repeat(100));
    assert_eq!(rows.len(), 5_000);
    assert!(rows.iter().all(|(_, cells)| *cells == Ok(row(&["7", &text]))));
    assert_eq!(rows.last().map(|(number, _)| *number), Some(5_000));
}

#[test]
fn what_is_written_is_read_again() {
    let kinds = [("tags", Kind::Texts), ("price", Kind::Decimal { scale: 3 }), ("at", Kind::Moment), ("extra", Kind::Json)];
    let mut writer = Writer::new(&kinds.map(|(name, kind)| (name.to_owned(), kind))).unwrap();
    for n in 0..2_500 {
        writer.row([json!(["a", n.to_string()]), json!("-0.125"), json!("1969-12-31T23:59:59.999Z"), json!({ "n": n })]).unwrap();
    }
    let (columns, rows) = all(&writer.finish().unwrap()).unwrap();
    assert_eq!((columns.len(), rows.len()), (4, 2_500));
    for (at, (_, cells)) in rows.iter().enumerate() {
        let (tags, extra) = (format!("a;{at}"), format!("'{{\"n\":{at}}}"));
        assert_eq!(*cells, Ok(row(&[&tags, "-0.125", "1969-12-31T23:59:59.999Z", &extra])));
    }
}
