//! A view: its columns, cards, groups, order and filter.

use tenon_diagnostics::Diagnostic;
use tenon_model::{FieldKind, Model, Object, RelationShape, State};

use super::{Member, Names};
use crate::checks::{missing_key, tree, unknown_field, unknown_word, wrong_type};
use crate::filter;
use crate::located::At;
use crate::merge::Merged;

const DIRECTIONS: &[&str] = &["asc", "desc", "asc_nulls_first", "desc_nulls_first"];

/// Checks what a view names.
pub(crate) fn of_view(merged: &Merged<'_>, object: &Object, model: &Model, report: &mut Vec<Diagnostic>) {
    if merged.state == State::Retired || object.state == State::Retired {
        return;
    }
    needs(merged, object, report);
    let mut names = Names { model, object, path: &merged.path, report };
    columns(merged, &mut names);
    names.all(merged.get("card"));
    for item in merged.get("group").iter().flat_map(|list| list.items()) {
        names.fitting(Some(&item), "cannot make groups", groups);
    }
    names.fitting(merged.get("by"), "cannot make groups", groups);
    names.fitting(merged.get("total"), "cannot be summed", sums);
    for key in ["date", "end"] {
        names.fitting(merged.get(key), "is no place in a calendar", |found| {
            is(found, |kind| matches!(kind, FieldKind::Date | FieldKind::DateTime))
        });
    }
    names.fitting(merged.get("location"), "is no place on a map", |found| {
        is(found, |kind| matches!(kind, FieldKind::Geo | FieldKind::Address))
    });
    names.fitting(merged.get("image"), "shows no picture", |found| is(found, |kind| matches!(kind, FieldKind::Url)));
    names.fitting(merged.get("color"), "cannot colour an entry", |found| is(found, |kind| matches!(kind, FieldKind::Choice(_))));
    for item in merged.get("order").iter().flat_map(|list| list.items()) {
        order(&item, object, &mut names, 0);
    }
    if let Some(at) = merged.get("filter") {
        filter::Check { model, path: &merged.path, report, nodes: 0 }.object(at, object);
    }
}

fn is(found: Member<'_>, fits: impl Fn(&FieldKind) -> bool) -> bool {
    matches!(found, Member::Field(field) if fits(&field.kind))
}

/// The keys without which a view of its type shows nothing.
fn needs(merged: &Merged<'_>, object: &Object, report: &mut Vec<Diagnostic>) {
    let kind = merged.text("type").unwrap_or_default();
    let needed = match kind {
        "board" => Some(("by", "stage")),
        "calendar" => Some(("date", "due_at")),
        "map" => Some(("location", "address")),
        _ => None,
    };
    if let Some((key, example)) = needed
        && merged.get(key).is_none()
    {
        report.push(missing_key::missing_key(&format!("a {kind} view"), key, example).at(merged.span()).of(merged.path.clone()));
    }
    if kind == "tree" && object.tree.is_none() {
        let diagnostic = tree::tree(&format!("records of `{}` form no tree", object.name));
        report.push(diagnostic.at(merged.get("type").and_then(At::span)).of(merged.path.clone()));
    }
}

fn columns(merged: &Merged<'_>, names: &mut Names<'_>) {
    for item in merged.get("columns").iter().flat_map(|list| list.items()) {
        if item.json.is_string() {
            names.resolve(&item);
            continue;
        }
        let field = item.get("field");
        match item.get("total").as_ref().and_then(At::text) {
            Some("sum" | "avg") => names.fitting(field.as_ref(), "cannot be summed", sums),
            Some("min" | "max") => {
                names.fitting(field.as_ref(), "has no smallest and no largest", |found| is(found, FieldKind::is_sortable));
            }
            _ => {
                field.iter().for_each(|field| {
                    names.resolve(field);
                });
            }
        }
    }
}

fn groups(found: Member<'_>) -> bool {
    match found {
        Member::Field(field) => field.kind.is_groupable(),
        Member::Relation(relation) => relation.shape == RelationShape::One,
        Member::Edge => false,
    }
}

fn sums(found: Member<'_>) -> bool {
    is(found, FieldKind::is_numeric)
}

/// `{ close_date: asc }`, or through a to-one relation `{ account: { name: asc } }`.
fn order(at: &At<'_>, object: &Object, names: &mut Names<'_>, hops: usize) {
    let mut entries = at.entries();
    let (Some((name, value)), None) = (entries.next(), entries.next()) else {
        let diagnostic =
            wrong_type::wrong_type("order", "a list of one name with its direction each, as in `{ close_date: asc }`", at.json);
        names.say(diagnostic, at);
        return;
    };
    let kind = match super::member(object, name) {
        Err(diagnostic) => {
            names.report.push((*diagnostic).at(value.key_span()).of(names.path));
            return;
        }
        Ok(Member::Field(field)) if field.kind.is_sortable() => return direction(&value, names),
        Ok(Member::Relation(relation)) if relation.shape == RelationShape::One => {
            let target = relation.target().and_then(|target| names.model.object(target));
            return match target.filter(|_| value.json.is_object() && hops < super::HOPS_MAX) {
                Some(target) => order(&value, target, names, hops + 1),
                None => direction(&value, names),
            };
        }
        Ok(Member::Field(field)) => field.kind.word(),
        Ok(Member::Relation(_)) => "relation",
        Ok(Member::Edge) => "list",
    };
    names.report.push(unknown_field::unfit(name, kind, "has no order").at(value.key_span()).of(names.path));
}

fn direction(value: &At<'_>, names: &mut Names<'_>) {
    match value.text() {
        Some(word) if DIRECTIONS.contains(&word) => {}
        Some(word) => names.say(unknown_word::unknown_word("order", word, DIRECTIONS), value),
        None => names.say(wrong_type::wrong_type("order", "text", value.json), value),
    }
}
