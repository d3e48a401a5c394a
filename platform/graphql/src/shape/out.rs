//! JSON, written straight into bytes, counting fields.

use serde_json::Value as Json;
use tenon_value::Uuid;

/// Bytes of a response under way.
#[derive(Default)]
pub(crate) struct Out {
    pub(crate) bytes: Vec<u8>,
    /// Fields written: the actual cost.
    pub(crate) fields: u64,
    /// A whole number was too large for `Long`.
    pub(crate) overflow: bool,
    /// What the audit is told.
    pub(crate) clear: super::ReadInClear,
}

/// What a small answer takes.
const ROOM: usize = 1_024;

impl Out {
    /// An answer with room for a record or two.
    pub(crate) fn begin() -> Self {
        Self { bytes: Vec::with_capacity(ROOM), ..Self::default() }
    }

    pub(crate) fn raw(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn null(&mut self) {
        self.raw("null");
    }

    /// A JSON string.
    pub(crate) fn text(&mut self, text: &str) {
        // Most texts need no escape.
        if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
            self.raw("\"");
            self.raw(text);
            self.raw("\"");
            return;
        }
        // Writing to a vector cannot fail.
        serde_json::to_writer(&mut self.bytes, text).unwrap_or_default();
    }

    /// An id.
    pub(crate) fn id(&mut self, id: Uuid) {
        let mut letters = Uuid::encode_buffer();
        let text = id.hyphenated().encode_lower(&mut letters);
        self.raw("\"");
        self.raw(text);
        self.raw("\"");
    }

    /// Text of letters that need no escape: numbers, dates, ids.
    pub(crate) fn plain(&mut self, value: impl std::fmt::Display) {
        use std::io::Write;
        write!(self.bytes, "\"{value}\"").unwrap_or_default();
    }

    /// Something that is its own JSON: numbers, booleans.
    pub(crate) fn number(&mut self, value: impl std::fmt::Display) {
        use std::io::Write;
        write!(self.bytes, "{value}").unwrap_or_default();
    }

    pub(crate) fn json(&mut self, json: &Json) {
        serde_json::to_writer(&mut self.bytes, json).unwrap_or_default();
    }

    /// `{ key: … }` with one member per part.
    pub(crate) fn object<T>(&mut self, parts: &[T], key: impl Fn(&T) -> &str, mut member: impl FnMut(&mut Self, &T)) {
        self.raw("{");
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                self.raw(",");
            }
            self.fields += 1;
            // Response keys are names: no escapes.
            self.raw("\"");
            self.raw(key(part));
            self.raw("\":");
            member(self, part);
        }
        self.raw("}");
    }

    /// `[ … ]` with one element per item.
    pub(crate) fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut element: impl FnMut(&mut Self, T)) {
        self.raw("[");
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                self.raw(",");
            }
            element(self, item);
        }
        self.raw("]");
    }
}
