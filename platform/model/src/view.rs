//! Views and layouts: how records are shown. Checked (fields exist, filters parse); otherwise data for the front end.

use tenon_value::{ElementId, Json, Localized, Name};

use crate::State;

/// A saved way to look at an object's records.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Its deterministic id.
    pub id: ElementId,
    /// API name.
    pub name: Name,
    /// `table board calendar list gallery map tree chart`.
    pub kind: String,
    /// What people call it.
    pub label: Localized,
    /// Columns, filter, order, as in files (`snake_case`).
    pub definition: Json,
    /// Package that brought it.
    pub package: Name,
    /// In use or retired.
    pub state: State,
}

/// Where the fields of one record stand: `record create peek mobile`.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Its deterministic id.
    pub id: ElementId,
    /// `record create peek mobile`.
    pub name: Name,
    /// Header, tabs, sections, as in files.
    pub definition: Json,
    /// Package that brought it.
    pub package: Name,
}
