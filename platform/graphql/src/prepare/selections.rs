//! Selection sets: fields that exist, leaves without and objects with a selection, fragments that can apply.

use super::operations::root_type;
use super::walk::{Rules, did_you_mean};
use super::{arguments, directives};
use crate::schema::{TypeDef, forbidden_mutation};
use crate::syntax::ast::{Field, Ident, OperationKind, Pos, Selection};

/// Checks a selection set on a type; without one, only what needs none.
pub(super) fn check<'a>(rules: &mut Rules<'a>, selection: &'a [Selection], parent: Option<&'a TypeDef>) {
    for item in selection {
        match item {
            Selection::Field(field) => check_field(rules, field, parent),
            Selection::Spread(spread) => {
                directives::check(rules, &spread.directives, "FRAGMENT_SPREAD");
                rules.uses.spreads.push((&spread.name.text, spread.name.pos));
                match rules.document.fragment(&spread.name.text) {
                    Some(fragment) => check_possible(rules, parent, &fragment.on, spread.name.pos),
                    None => {
                        let name = &spread.name.text;
                        rules.report(spread.name.pos, format!("Unknown fragment \"{name}\"."), format!("未知的片段“{name}”"));
                    }
                }
            }
            Selection::Inline(inline) => {
                directives::check(rules, &inline.directives, "INLINE_FRAGMENT");
                let on = match &inline.on {
                    Some(on) => {
                        let found = check_condition(rules, on);
                        check_possible(rules, parent, on, inline.pos);
                        found
                    }
                    None => parent,
                };
                check(rules, &inline.selection, on);
            }
        }
    }
}

/// The composite type a condition names.
pub(super) fn check_condition<'a>(rules: &mut Rules<'a>, on: &Ident) -> Option<&'a TypeDef> {
    let name = &on.text;
    match rules.schema.ty(name) {
        Some(ty) if ty.is_composite() => Some(ty),
        Some(_) => {
            rules.report(
                on.pos,
                format!("Fragment cannot condition on non composite type \"{name}\"."),
                format!("片段不能用于类型“{name}”"),
            );
            None
        }
        None => {
            let (en, zh) = did_you_mean(name, rules.schema.names().filter(|name| !name.starts_with("__")));
            rules.report(on.pos, format!("Unknown type \"{name}\".{en}"), format!("未知的类型“{name}”{zh}"));
            None
        }
    }
}

fn check_possible(rules: &mut Rules<'_>, parent: Option<&TypeDef>, on: &Ident, pos: Pos) {
    let (Some(parent), Some(on)) = (parent, rules.schema.ty(&on.text).filter(|ty| ty.is_composite())) else { return };
    if !rules.schema.overlap(parent, on) {
        rules.report(
            pos,
            format!("Fragment cannot be spread here as objects of type \"{}\" can never be of type \"{}\".", parent.name, on.name),
            format!("类型“{}”的对象不可能是“{}”，片段不能用在这里", parent.name, on.name),
        );
    }
}

fn check_field<'a>(rules: &mut Rules<'a>, field: &'a Field, parent: Option<&'a TypeDef>) {
    directives::check(rules, &field.directives, "FIELD");
    let name = &field.name.text;
    let definition = parent.and_then(|parent| rules.schema.field(parent, name));
    if let (Some(parent), None) = (parent, definition) {
        if *parent.name == *root_type(OperationKind::Mutation)
            && let Some(object) = forbidden_mutation(&rules.schema.view(), name)
        {
            rules.forbid(field.name.pos, object);
            return;
        }
        let candidates = parent.fields().iter().map(|field| &*field.name);
        let (en, zh) = did_you_mean(name, candidates);
        rules.report(
            field.name.pos,
            format!("Cannot query field \"{name}\" on type \"{}\".{en}", parent.name),
            format!("类型“{}”没有字段“{name}”{zh}", parent.name),
        );
    }
    arguments::check(rules, &field.arguments, definition.map(|definition| &*definition.arguments), (name, field.name.pos));
    let ty = definition.and_then(|definition| rules.schema.ty(definition.ty.name()));
    match (ty, &field.selection) {
        (Some(ty), None) if ty.is_composite() => {
            let shown = definition.map(|definition| definition.ty.to_string()).unwrap_or_default();
            rules.report(
                field.name.pos,
                format!("Field \"{name}\" of type \"{shown}\" must have a selection of subfields. Did you mean \"{name} {{ ... }}\"?"),
                format!("字段“{name}”的类型是“{shown}”，需要写出子字段"),
            );
        }
        (Some(ty), Some(_)) if !ty.is_composite() => {
            let shown = definition.map(|definition| definition.ty.to_string()).unwrap_or_default();
            rules.report(
                field.name.pos,
                format!("Field \"{name}\" must not have a selection since type \"{shown}\" has no subfields."),
                format!("字段“{name}”的类型是“{shown}”，没有子字段"),
            );
            check(rules, field.selected(), None);
        }
        (ty, Some(selection)) => check(rules, selection, ty),
        _ => {}
    }
}
