//! YAML 1.2 core as a tree that knows where everything stands.
//!
//! What makes YAML surprising is refused: anchors, aliases, tags, merge keys, duplicate keys, several documents.
//! Invariant: no recursion over the author's nesting; the stack is ours and bounded by [`limits::NESTING`].

mod builder;
mod scalar;

use saphyr_parser::Parser;
use tenon_diagnostics::{Diagnostic, Span};
use tenon_model::{Inside, Place};
use tenon_value::{Json, JsonMap};

use crate::checks::{format, limit, yaml};
use crate::{SourceFile, limits};
use builder::Builder;
pub(crate) use scalar::{decimal, plain};

/// A stretch of a file: lines and columns from 1, the end after the last letter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) end_line: u32,
    pub(crate) end_column: u32,
}

impl Range {
    pub(crate) fn in_file(self, file: &str) -> Span {
        Span { file: file.to_owned(), line: self.line, column: self.column, end_line: self.end_line, end_column: self.end_column }
    }
}

/// A value with its place.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) range: Range,
}

/// What a node is.
#[derive(Debug)]
pub(crate) enum Value {
    Scalar(Json),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One key of a mapping with its value.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) range: Range,
    pub(crate) value: Node,
}

impl Node {
    /// Its entries, if it is a mapping.
    pub(crate) fn entries(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Its text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(Json::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The same without places.
    pub(crate) fn to_json(&self) -> Json {
        match &self.value {
            Value::Scalar(json) => json.clone(),
            Value::List(nodes) => nodes.iter().map(Self::to_json).collect(),
            Value::Map(entries) => {
                let map: JsonMap<String, Json> = entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect();
                Json::Object(map)
            }
        }
    }

    /// Writes down where each part stands.
    fn inside(&self, file: &str, pointer: &mut String, inside: &mut Inside) {
        let length = pointer.len();
        match &self.value {
            Value::Scalar(_) => {}
            Value::List(nodes) => {
                for (index, node) in nodes.iter().enumerate() {
                    pointer.push('/');
                    pointer.push_str(&index.to_string());
                    inside.insert(pointer.clone(), (node.range.in_file(file), node.range.in_file(file)));
                    node.inside(file, pointer, inside);
                    pointer.truncate(length);
                }
            }
            Value::Map(entries) => {
                for entry in entries {
                    pointer.push('/');
                    pointer.push_str(&entry.key);
                    inside.insert(pointer.clone(), (entry.range.in_file(file), entry.value.range.in_file(file)));
                    entry.value.inside(file, pointer, inside);
                    pointer.truncate(length);
                }
            }
        }
    }
}

impl Entry {
    /// Where key and value stand, with all the value's parts.
    pub(crate) fn place(&self, file: &str) -> Place {
        let mut inside = Inside::new();
        self.value.inside(file, &mut String::new(), &mut inside);
        Place::File { key: self.range.in_file(file), value: self.value.range.in_file(file), inside }
    }

    /// Where key and value stand, without parts.
    pub(crate) fn outline(&self, file: &str) -> Place {
        Place::File { key: self.range.in_file(file), value: self.value.range.in_file(file), inside: Inside::new() }
    }
}

/// The file's tree. None where the text is no YAML or too much; the reasons are in `report`.
pub(crate) fn parse(file: &SourceFile, report: &mut Vec<Diagnostic>) -> Option<Node> {
    let whole_file = || Some(Range { line: 1, column: 1, end_line: 1, end_column: 1 }.in_file(&file.path));
    if file.text.len() > limits::FILE_BYTES.max {
        report.push(limit::exceeded(limits::FILE_BYTES, file.text.len(), "the file", "bytes").at(whole_file()));
        return None;
    }
    if file.text.contains('\0') {
        report.push(yaml::broken("a file cannot hold the character U+0000").at(whole_file()));
        return None;
    }
    let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
    let mut builder = Builder::new(&file.path, report);
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => {
                if !builder.take(event, span) {
                    return None;
                }
            }
            Err(error) => {
                let range = builder::point(error.marker());
                builder.report(yaml::broken(error.info()), range);
                return None;
            }
        }
    }
    if builder.documents() == 0 {
        report.push(format::empty().at(whole_file()));
        return None;
    }
    builder.finish()
}

/// A file that is no metadata (a mapping) as JSON: the same subset of YAML, the same diagnostics.
///
/// # Errors
/// All that is wrong with its text.
pub fn read_yaml(file: &SourceFile) -> Result<Json, Vec<Diagnostic>> {
    let mut report = Vec::new();
    match parse(file, &mut report) {
        Some(node) if report.is_empty() => Ok(node.to_json()),
        _ => Err(report),
    }
}
