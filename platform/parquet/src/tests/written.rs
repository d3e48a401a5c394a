//! What is written has the logical types it should have, and every value as it was.

use std::fs::File;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::printer::print_schema;
use serde_json::json;
use tenon_value::Json;

use crate::{GROUP_BYTES, GROUP_ROWS, Kind, WriteError, Writer};

const EVERY: [(&str, Kind); 9] = [
    ("name", Kind::Text),
    ("tags", Kind::Texts),
    ("extra", Kind::Json),
    ("size", Kind::Integer),
    ("price.amount", Kind::Decimal { scale: 2 }),
    ("lat", Kind::Float),
    ("open", Kind::Boolean),
    ("day", Kind::Date),
    ("at", Kind::Moment),
];

fn columns(columns: &[(&str, Kind)]) -> Vec<(String, Kind)> {
    columns.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect()
}

fn row(json: Json) -> Vec<Json> {
    json.as_array().cloned().unwrap()
}

fn read(bytes: &[u8]) -> SerializedFileReader<File> {
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, bytes).unwrap();
    SerializedFileReader::new(file).unwrap()
}

fn shown(bytes: &[u8]) -> Vec<String> {
    read(bytes).get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect()
}

#[test]
fn every_type_is_written_as_the_format_names_it() {
    let mut writer = Writer::new(&columns(&EVERY)).unwrap();
    let first = json!(["上海", ["a", "b;c"], {"k": [1]}, 42, "-12.50", 31.25, true, "2024-02-29", "2026-11-22T21:34:31.007Z"]);
    writer.row(row(first)).unwrap();
    writer.row(vec![Json::Null; 9]).unwrap();
    writer.row(row(json!(["", [], "text", -1, 7, 0.5, false, "1969-12-31", "1969-12-31T23:59:59.999Z"]))).unwrap();
    let bytes = writer.finish().unwrap();
    let mut schema = Vec::new();
    print_schema(&mut schema, read(&bytes).metadata().file_metadata().schema());
    assert_eq!(
        String::from_utf8(schema).unwrap(),
        "message record {\n\
         \x20 OPTIONAL BYTE_ARRAY name (STRING);\n\
         \x20 OPTIONAL group tags (LIST) {\n\
         \x20   REPEATED group list {\n\
         \x20     REQUIRED BYTE_ARRAY element (STRING);\n\
         \x20   }\n\
         \x20 }\n\
         \x20 OPTIONAL BYTE_ARRAY extra (JSON);\n\
         \x20 OPTIONAL INT64 size;\n\
         \x20 OPTIONAL INT64 price.amount (DECIMAL(18,2));\n\
         \x20 OPTIONAL DOUBLE lat;\n\
         \x20 OPTIONAL BOOLEAN open;\n\
         \x20 OPTIONAL INT32 day (DATE);\n\
         \x20 OPTIONAL INT64 at (TIMESTAMP(MILLIS,true));\n\
         }\n"
    );
    assert_eq!(
        shown(&bytes),
        [
            "{name: \"上海\", tags: [\"a\", \"b;c\"], extra: \"{\"k\":[1]}\", size: 42, price.amount: -12.50, lat: 31.25, open: true, \
             day: 2024-02-29, at: 2026-11-22 21:34:31.007 +00:00}",
            "{name: null, tags: null, extra: null, size: null, price.amount: null, lat: null, open: null, day: null, at: null}",
            "{name: \"\", tags: [], extra: \"\"text\"\", size: -1, price.amount: 7.00, lat: 0.5, open: false, day: 1969-12-31, \
             at: 1969-12-31 23:59:59.999 +00:00}",
        ]
    );
}

#[test]
fn a_row_group_ends_with_its_rows_or_its_bytes_and_is_taken_away() {
    let mut writer = Writer::new(&columns(&[("n", Kind::Integer), ("t", Kind::Text)])).unwrap();
    let mut bytes = Vec::new();
    for n in 0..GROUP_ROWS {
        bytes.extend(writer.take());
        assert!(bytes.len() <= 4, "only the file's beginning is made before a group is full");
        writer.row([json!(n), Json::Null]).unwrap();
    }
    bytes.extend(writer.take());
    assert!(bytes.len() > GROUP_ROWS, "the group is made once it is full");
    writer.row([json!(-1), json!("x".repeat(GROUP_BYTES))]).unwrap();
    bytes.extend(writer.take());
    writer.row([json!(-2), json!("end")]).unwrap();
    bytes.extend(writer.finish().unwrap());
    let read = read(&bytes);
    let rows: Vec<i64> = read.metadata().row_groups().iter().map(parquet::file::metadata::RowGroupMetaData::num_rows).collect();
    assert_eq!(rows, [10_000, 1, 1]);
    assert_eq!(shown(&bytes).last().map(String::as_str), Some("{n: -2, t: \"end\"}"));
}

#[test]
fn a_file_without_rows_has_its_columns() {
    let bytes = Writer::new(&columns(&EVERY)).unwrap().finish().unwrap();
    assert_eq!(shown(&bytes), Vec::<String>::new());
    assert_eq!(read(&bytes).metadata().file_metadata().schema_descr().num_columns(), 9);
}

#[test]
fn what_does_not_fit_its_column_is_told_by_its_name() {
    for (kind, wrong) in [
        (Kind::Integer, json!("many")),
        (Kind::Decimal { scale: 2 }, json!("1.005")),
        (Kind::Decimal { scale: 0 }, json!("1234567890123456789")),
        (Kind::Date, json!("2024-02-30")),
        (Kind::Moment, json!(5)),
        (Kind::Boolean, json!("true")),
        (Kind::Texts, json!("a")),
    ] {
        let mut writer = Writer::new(&columns(&[("c", kind)])).unwrap();
        let told = writer.row([wrong.clone()]);
        assert!(matches!(&told, Err(WriteError::Unfit { column }) if column == "c"), "{kind:?} {wrong}: {told:?}");
    }
}
