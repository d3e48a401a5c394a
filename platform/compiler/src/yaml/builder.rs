//! Parser events → tree, on a stack of our own.

use std::borrow::Cow;
use std::collections::HashSet;

use saphyr_parser::{Event, Marker, ScalarStyle, Span as ParserSpan};
use tenon_diagnostics::Diagnostic;
use tenon_value::Json;

use super::{Entry, Node, Range, Value, scalar};
use crate::checks::{limit, yaml, yaml_feature};
use crate::limits;

/// A list or mapping that is still open.
enum Frame {
    List { nodes: Vec<Node>, start: Range },
    Map { entries: Vec<Entry>, seen: HashSet<String>, key: Option<Key>, start: Range },
}

/// A key that waits for its value.
enum Key {
    Word(String, Range),
    /// A list or mapping: reported already, its value is dropped.
    Complex,
}

/// Builds the tree of one file.
pub(super) struct Builder<'a> {
    file: &'a str,
    report: &'a mut Vec<Diagnostic>,
    stack: Vec<Frame>,
    root: Option<Node>,
    documents: usize,
}

impl<'a> Builder<'a> {
    pub(super) fn new(file: &'a str, report: &'a mut Vec<Diagnostic>) -> Self {
        Self { file, report, stack: Vec::new(), root: None, documents: 0 }
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic, range: Range) {
        self.report.push(diagnostic.at(Some(range.in_file(self.file))));
    }

    pub(super) const fn documents(&self) -> usize {
        self.documents
    }

    pub(super) fn finish(self) -> Option<Node> {
        self.root
    }

    /// Takes one event; false where reading on makes no sense.
    pub(super) fn take(&mut self, event: Event<'_>, span: ParserSpan) -> bool {
        let range = range_of(span);
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.report(yaml_feature::documents(), range);
                    return false;
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_features(anchor, tag.is_some(), range);
                self.scalar(text, style, range);
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_features(anchor, tag.is_some(), range);
                return self.open(Frame::List { nodes: Vec::new(), start: range }, range);
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_features(anchor, tag.is_some(), range);
                let frame = Frame::Map { entries: Vec::new(), seen: HashSet::new(), key: None, start: range };
                return self.open(frame, range);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range),
            Event::Alias(_) => {
                self.report(yaml_feature::alias(), range);
                self.push(Node { value: Value::Scalar(Json::Null), range });
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        true
    }

    fn refuse_features(&mut self, anchor: usize, tagged: bool, range: Range) {
        if anchor > 0 {
            self.report(yaml_feature::anchor(), range);
        }
        if tagged {
            self.report(yaml_feature::tag(), range);
        }
    }

    fn scalar(&mut self, text: Cow<'_, str>, style: ScalarStyle, range: Range) {
        if let Some(Frame::Map { key: key @ None, .. }) = self.stack.last_mut() {
            *key = Some(Key::Word(text.into_owned(), range));
            return;
        }
        if text.contains('\0') {
            self.report(yaml::broken("text cannot hold the character U+0000"), range);
        }
        let value = match style {
            ScalarStyle::Plain => scalar::plain(&text),
            _ => Json::String(text.into_owned()),
        };
        self.push(Node { value: Value::Scalar(value), range });
    }

    fn open(&mut self, frame: Frame, range: Range) -> bool {
        if self.stack.len() >= limits::NESTING.max {
            self.report(limit::exceeded(limits::NESTING, self.stack.len() + 1, "the file", "levels"), range);
            return false;
        }
        self.stack.push(frame);
        true
    }

    fn close(&mut self, end: Range) {
        let (value, start) = match self.stack.pop() {
            Some(Frame::List { nodes, start }) => (Value::List(nodes), start),
            Some(Frame::Map { entries, start, .. }) => (Value::Map(entries), start),
            None => return,
        };
        let range = Range { end_line: end.end_line, end_column: end.end_column, ..start };
        self.push(Node { value, range });
    }

    /// Hands a finished node to whatever is open around it.
    fn push(&mut self, node: Node) {
        let range = node.range;
        let complaint = match self.stack.last_mut() {
            None => {
                self.root = Some(node);
                None
            }
            Some(Frame::List { nodes, .. }) => {
                nodes.push(node);
                None
            }
            Some(Frame::Map { entries, seen, key, .. }) => match key.take() {
                None => {
                    *key = Some(Key::Complex);
                    Some((yaml_feature::complex_key(), range))
                }
                Some(Key::Complex) => None,
                Some(Key::Word(text, place)) if text == "<<" => Some((yaml_feature::merge_key(), place)),
                Some(Key::Word(text, place)) => {
                    if seen.insert(text.clone()) {
                        entries.push(Entry { key: text, range: place, value: node });
                        None
                    } else {
                        Some((yaml_feature::duplicate_key(&text), place))
                    }
                }
            },
        };
        if let Some((diagnostic, place)) = complaint {
            self.report(diagnostic, place);
        }
    }
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// The place of a single letter.
pub(super) fn point(marker: &Marker) -> Range {
    let (line, column) = (number(marker.line()).max(1), number(marker.col()).saturating_add(1));
    Range { line, column, end_line: line, end_column: column.saturating_add(1) }
}

fn range_of(span: ParserSpan) -> Range {
    let (start, end) = (point(&span.start), point(&span.end));
    Range { end_line: end.line, end_column: end.column, ..start }
}
