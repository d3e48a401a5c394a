//! A subscription asks for one field, and not for one of introspection.

use std::collections::HashSet;

use super::walk::Rules;
use crate::syntax::ast::{Field, Operation, OperationKind, Selection};

pub(super) fn check<'a>(rules: &mut Rules<'a>, operation: &'a Operation) {
    if operation.kind != OperationKind::Subscription {
        return;
    }
    let mut roots: Vec<&'a Field> = Vec::new();
    gather(rules, &operation.selection, &mut HashSet::new(), &mut roots);
    let name =
        operation.name.as_ref().map_or_else(|| "Anonymous Subscription".to_owned(), |name| format!("Subscription \"{}\"", name.text));
    let key = |field: &Field| field.alias.as_ref().map_or_else(|| field.name.text.to_string(), |alias| alias.text.to_string());
    let first = roots.first().map(|field| key(field));
    if let Some(other) = roots.iter().find(|field| Some(key(field)) != first) {
        let pos = other.pos();
        rules.report(pos, format!("{name} must select only one top level field."), "订阅只能选择一个顶层字段");
    }
    if let Some(meta) = roots.iter().find(|field| field.name.text.starts_with("__")) {
        let pos = meta.pos();
        rules.report(pos, format!("{name} must not select an introspection top level field."), "订阅不能选择内省字段");
    }
}

/// The fields at the top, those of fragments included; each fragment is entered once.
fn gather<'a>(rules: &Rules<'a>, selection: &'a [Selection], entered: &mut HashSet<&'a str>, roots: &mut Vec<&'a Field>) {
    for item in selection {
        match item {
            Selection::Field(field) => roots.push(field),
            Selection::Inline(inline) => gather(rules, &inline.selection, entered, roots),
            Selection::Spread(spread) => {
                if entered.insert(&spread.name.text)
                    && let Some(fragment) = rules.document.fragment(&spread.name.text)
                {
                    gather(rules, &fragment.selection, entered, roots);
                }
            }
        }
    }
}
