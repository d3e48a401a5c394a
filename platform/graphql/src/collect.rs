//! Which fields are selected: fragments merged by response key, `@skip` and `@include` applied, variables put in.
//!
//! Runs on validated documents only; the static cost has bounded what fragments can unfold to.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::syntax::ast::{Directive, Document, Field, Selection, Value, ValueKind};

/// Fields of one response key, to be merged.
#[derive(Debug)]
pub(crate) struct Collected<'a> {
    pub(crate) key: &'a str,
    pub(crate) fields: Vec<&'a Field>,
}

impl<'a> Collected<'a> {
    /// The field all of them are.
    pub(crate) fn first(&self) -> Option<&'a Field> {
        self.fields.first().copied()
    }
}

/// Values of a request's variables: coerced; absent ones are not in it.
pub(crate) type Variables = HashMap<Box<str>, Value>;

/// Reads selections of one document with one set of variables.
pub(crate) struct Collector<'a> {
    pub(crate) document: &'a Document,
    pub(crate) variables: &'a Variables,
}

impl<'a> Collector<'a> {
    /// The value with its variable put in; none where the variable is absent.
    pub(crate) fn value(&self, value: &'a Value) -> Option<&'a Value> {
        match &value.kind {
            ValueKind::Variable(name) => self.variables.get(name),
            _ => Some(value),
        }
    }

    /// The value with all variables inside put in: absent members fall away, absent elements become null.
    pub(crate) fn resolved(&self, value: &'a Value) -> Option<Cow<'a, Value>> {
        match &value.kind {
            ValueKind::Variable(name) => self.variables.get(name).map(Cow::Borrowed),
            _ if holds_variable(value) => Some(Cow::Owned(self.substituted(value))),
            _ => Some(Cow::Borrowed(value)),
        }
    }

    fn substituted(&self, value: &Value) -> Value {
        let kind = match &value.kind {
            ValueKind::Variable(name) => self.variables.get(name).map_or(ValueKind::Null, |value| value.kind.clone()),
            ValueKind::List(elements) => ValueKind::List(elements.iter().map(|element| self.substituted(element)).collect()),
            ValueKind::Object(members) => ValueKind::Object(
                members
                    .iter()
                    .filter(|(_, member)| !matches!(&member.kind, ValueKind::Variable(name) if !self.variables.contains_key(name)))
                    .map(|(key, member)| (key.clone(), self.substituted(member)))
                    .collect(),
            ),
            other => other.clone(),
        };
        Value { pos: value.pos, kind }
    }

    /// An argument with all its variables put in; none where it is absent.
    pub(crate) fn input(&self, field: &'a Field, name: &str) -> Option<Cow<'a, Value>> {
        self.resolved(field.argument(name)?)
    }

    /// An argument as given; none where it is absent.
    pub(crate) fn argument(&self, field: &'a Field, name: &str) -> Option<&'a Value> {
        self.value(field.argument(name)?)
    }

    fn is_included(&self, directives: &'a [Directive]) -> bool {
        directives.iter().all(|directive| {
            let condition =
                directive.arguments.first().and_then(|argument| self.value(&argument.value)).and_then(Value::as_bool).unwrap_or(false);
            match &*directive.name.text {
                "skip" => !condition,
                "include" => condition,
                _ => true,
            }
        })
    }

    /// The fields of a selection set, where `applies` says which type conditions hold.
    pub(crate) fn collect(&self, selection: &'a [Selection], applies: impl Fn(&str) -> bool) -> Vec<Collected<'a>> {
        let mut collected = Vec::new();
        let mut visited = Vec::new();
        self.gather(selection, &applies, &mut collected, &mut visited);
        collected
    }

    /// The merged fields below several fields of one response key.
    pub(crate) fn collect_below(&self, fields: &[&'a Field], applies: impl Fn(&str) -> bool) -> Vec<Collected<'a>> {
        let mut collected = Vec::new();
        let mut visited = Vec::new();
        for field in fields {
            self.gather(field.selected(), &applies, &mut collected, &mut visited);
        }
        collected
    }

    fn gather(
        &self,
        selection: &'a [Selection],
        applies: &impl Fn(&str) -> bool,
        collected: &mut Vec<Collected<'a>>,
        visited: &mut Vec<&'a str>,
    ) {
        for item in selection {
            match item {
                Selection::Field(field) => {
                    if !self.is_included(&field.directives) {
                        continue;
                    }
                    let key = field.key();
                    match collected.iter_mut().find(|existing| existing.key == key) {
                        Some(existing) => existing.fields.push(field),
                        None => collected.push(Collected { key, fields: vec![field] }),
                    }
                }
                Selection::Inline(inline) => {
                    if self.is_included(&inline.directives) && inline.on.as_ref().is_none_or(|on| applies(&on.text)) {
                        self.gather(&inline.selection, applies, collected, visited);
                    }
                }
                Selection::Spread(spread) => {
                    if !self.is_included(&spread.directives) || visited.contains(&&*spread.name.text) {
                        continue;
                    }
                    visited.push(&spread.name.text);
                    if let Some(fragment) = self.document.fragment(&spread.name.text)
                        && applies(&fragment.on.text)
                    {
                        self.gather(&fragment.selection, applies, collected, visited);
                    }
                }
            }
        }
    }
}

fn holds_variable(value: &Value) -> bool {
    match &value.kind {
        ValueKind::Variable(_) => true,
        ValueKind::List(elements) => elements.iter().any(holds_variable),
        ValueKind::Object(members) => members.iter().any(|(_, member)| holds_variable(member)),
        _ => false,
    }
}
