//! What the index tells of the file that a column names.

use tenon_model::{Column, ColumnType, Part};

use super::Lower;

static NAME: Column = Column { part: Part::FileName, name: String::new(), kind: ColumnType::Text };
static NAME_FOLD: Column = Column { part: Part::FileNameFold, name: String::new(), kind: ColumnType::Text };
static TYPE: Column = Column { part: Part::FileType, name: String::new(), kind: ColumnType::Text };
static SIZE: Column = Column { part: Part::FileSize, name: String::new(), kind: ColumnType::Int };

/// The column of the index that a part of a file stands in, and what it holds.
pub(super) fn fact(part: Part) -> Option<(&'static str, &'static Column)> {
    Some(match part {
        Part::FileName => ("name", &NAME),
        Part::FileNameFold => ("fold", &NAME_FOLD),
        Part::FileType => ("mime", &TYPE),
        Part::FileSize => ("size", &SIZE),
        _ => return None,
    })
}

impl Lower<'_> {
    /// One fact of the file named by `id`; null where there is none.
    pub(super) fn file_fact(&self, id: &str, fact: &str) -> String {
        format!("(select f.\"{fact}\" from {} as f where f.\"id\" = {id})", self.fixture("file"))
    }

    /// What is answered of the file named by `id`, its id apart; null where there is none.
    pub(super) fn file_facts(&self, id: &str) -> String {
        let object = self.by("json_build_object", "json_object");
        let facts = "'name', f.\"name\", 'mime_type', f.\"mime\", 'size', f.\"size\", 'sha256', f.\"sha256\"";
        format!("(select {object}({facts}) from {} as f where f.\"id\" = {id})", self.fixture("file"))
    }
}
