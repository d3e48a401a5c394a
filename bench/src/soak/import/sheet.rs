//! Files to be imported: rows by chance, some of them wrong, written as CSV, JSONL or a workbook with the line of each row.

use std::io::{Cursor, Write};

use serde_json::json;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Nothing.
    None,
    /// The number of employees is none.
    Number,
    /// A new account without a name.
    Name,
    /// The row has not the cells of the header; a line of JSON is none.
    Shape,
    /// The cell of the key is empty.
    Key,
}

/// One row of a file.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// On which line of its file it begins; known when the file is written.
    pub(super) line: u64,
    pub(super) key: u64,
    pub(super) employees: i64,
    pub(super) note: String,
    pub(super) flaw: Flaw,
}

impl Row {
    /// The account's name says its key.
    pub(super) fn name(&self) -> String {
        format!("soak {}", self.key)
    }

    /// Its cells: key, name, employees, note, and a text over two lines, which the mapping leaves out.
    fn cells(&self) -> [String; 5] {
        let unless = |flaw: Flaw, text: String| if self.flaw == flaw { String::new() } else { text };
        let employees = if self.flaw == Flaw::Number { "many".to_owned() } else { self.employees.to_string() };
        let aside = if self.key.is_multiple_of(5) { "one line\nand another, \"quoted\"".to_owned() } else { String::new() };
        [unless(Flaw::Key, self.key.to_string()), unless(Flaw::Name, self.name()), employees, self.note.clone(), aside]
    }
}

/// The columns of every file.
const COLUMNS: [&str; 5] = ["key", "name", "employees", "note", "aside"];

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    Jsonl,
    Xlsx,
}

impl Format {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Csv, Self::Jsonl, Self::Xlsx];

    /// What the file is called, which tells its format.
    pub(super) const fn file_name(self) -> &'static str {
        match self {
            Self::Csv => "soak.csv",
            Self::Jsonl => "soak.jsonl",
            Self::Xlsx => "soak.xlsx",
        }
    }

    /// Writes the rows, and tells each its line.
    pub(super) fn write(self, rows: &mut [Row]) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Csv => Ok(csv(rows)),
            Self::Jsonl => Ok(jsonl(rows)),
            Self::Xlsx => xlsx(rows),
        }
    }
}

fn csv(rows: &mut [Row]) -> Vec<u8> {
    let line = |cells: &[String]| {
        let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        quoted.join(",") + "\n"
    };
    let mut text = line(&COLUMNS.map(str::to_owned));
    let mut at = 2;
    for row in rows {
        row.line = at;
        let cells = row.cells();
        // One cell too few.
        let begin = text.len();
        text += &line(if row.flaw == Flaw::Shape { cells.get(..4).unwrap_or_default() } else { &cells });
        let lines = text.get(begin..).unwrap_or_default().matches('\n').count();
        at += u64::try_from(lines).unwrap_or_default();
    }
    text.into_bytes()
}

fn jsonl(rows: &mut [Row]) -> Vec<u8> {
    let mut text = String::new();
    for (line, row) in (1..).zip(rows) {
        row.line = line;
        if row.flaw == Flaw::Shape {
            text += "{\"key\": \n";
            continue;
        }
        let [key, name, employees, note, aside] = row.cells();
        let employees = if row.flaw == Flaw::Number { json!(employees) } else { json!(row.employees) };
        text += &json!({ "key": key, "name": name, "employees": employees, "note": note, "aside": aside }).to_string();
        text.push('\n');
    }
    text.into_bytes()
}

fn xlsx(rows: &mut [Row]) -> anyhow::Result<Vec<u8>> {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let line = |at: u64, cells: &[String]| {
        let cell = |(column, text): (char, &String)| format!(r#"<c r="{column}{at}" t="inlineStr"><is><t>{}</t></is></c>"#, escaped(text));
        let cells: String = ('A'..).zip(cells).filter(|(_, text)| !text.is_empty()).map(cell).collect();
        format!(r#"<row r="{at}">{cells}</row>"#)
    };
    let mut sheet = line(1, &COLUMNS.map(str::to_owned));
    for (at, row) in (2..).zip(rows) {
        row.line = at;
        let mut cells = row.cells().to_vec();
        // One cell too many.
        cells.extend((row.flaw == Flaw::Shape).then(|| "beyond the header".to_owned()));
        sheet += &line(at, &cells);
    }
    workbook(&format!(r#"<worksheet xmlns="{MAIN}"><sheetData>{sheet}</sheetData></worksheet>"#))
}

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";

/// The least that is a workbook, around its one sheet.
fn workbook(sheet: &str) -> anyhow::Result<Vec<u8>> {
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    let files = [
        (
            "[Content_Types].xml",
            format!(
                r#"<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>"#
            ),
        ),
        (
            "_rels/.rels",
            format!(
                r#"<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>"#
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                r#"<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#
            ),
        ),
        ("xl/worksheets/sheet1.xml", sheet.to_owned()),
    ];
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        writer.start_file(name, SimpleFileOptions::default().compression_method(CompressionMethod::Stored))?;
        writer.write_all(text.as_bytes())?;
    }
    Ok(writer.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_knows_its_line() {
        let row = |key, flaw| Row { line: 0, key, employees: 1, note: "n".to_owned(), flaw };
        let mut rows = [row(4, Flaw::None), row(5, Flaw::None), row(6, Flaw::Shape), row(7, Flaw::Key)];
        let text = String::from_utf8(Format::Csv.write(&mut rows).unwrap()).unwrap();
        assert_eq!(rows.clone().map(|row| row.line), [2, 3, 5, 6], "{text}");
        assert_eq!(text.lines().nth(5).unwrap(), "\"\",\"soak 7\",\"1\",\"n\",\"\"");
        Format::Jsonl.write(&mut rows).unwrap();
        assert_eq!(rows.clone().map(|row| row.line), [1, 2, 3, 4]);
        Format::Xlsx.write(&mut rows).unwrap();
        assert_eq!(rows.map(|row| row.line), [2, 3, 4, 5]);
    }
}
