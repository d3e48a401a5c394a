//! Operations: unique names, a lone anonymous one, a root type there is.

use super::walk::Rules;
use super::{directives, variables};
use super::{selections, single_root};
use crate::syntax::ast::{Operation, OperationKind};

pub(crate) const fn root_type(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Query => "Query",
        OperationKind::Mutation => "Mutation",
        OperationKind::Subscription => "Subscription",
    }
}

pub(super) fn check_names(rules: &mut Rules<'_>) {
    let document = rules.document;
    let mut seen: Vec<&str> = Vec::new();
    for operation in &document.operations {
        match &operation.name {
            Some(name) if seen.contains(&&*name.text) => {
                rules.report(
                    name.pos,
                    format!("There can be only one operation named \"{}\".", name.text),
                    format!("操作名“{}”重复", name.text),
                );
            }
            Some(name) => seen.push(&name.text),
            None if document.operations.len() > 1 => {
                rules.report(operation.pos, "This anonymous operation must be the only defined operation.", "匿名操作必须是唯一的操作");
            }
            None => {}
        }
    }
}

pub(super) fn check<'a>(rules: &mut Rules<'a>, operation: &'a Operation) {
    directives::check(rules, &operation.directives, operation.kind.word().to_uppercase().as_str());
    variables::check_definitions(rules, operation);
    single_root::check(rules, operation);
    match rules.schema.ty(root_type(operation.kind)) {
        Some(root) => selections::check(rules, &operation.selection, Some(root)),
        None => {
            let word = operation.kind.word();
            rules.report(operation.pos, format!("The schema has no {word} operations."), format!("没有可执行的 {word} 操作"));
            selections::check(rules, &operation.selection, None);
        }
    }
}
