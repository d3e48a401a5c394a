//! A layout: its header, sections and lists of related records.

use tenon_diagnostics::Diagnostic;
use tenon_model::{FieldKind, Model, Object, State};

use super::{Member, Names};
use crate::checks::not_enforced_yet;
use crate::located::At;
use crate::merge::Merged;

/// Checks what a layout names.
pub(crate) fn of_layout(merged: &Merged<'_>, object: &Object, model: &Model, report: &mut Vec<Diagnostic>) {
    if merged.state == State::Retired || object.state == State::Retired {
        return;
    }
    let mut names = Names { model, object, path: &merged.path, report };
    if let Some(header) = merged.get("header") {
        names.all(header.get("highlights").as_ref());
        names.fitting(
            header.get("path").as_ref(),
            "cannot be drawn as a path",
            |found| matches!(found, Member::Field(field) if matches!(field.kind, FieldKind::Choice(_))),
        );
        if let Some(actions) = header.get("actions") {
            later("`actions`", &actions, &mut names);
        }
    }
    names.all(merged.get("fields"));
    sections(merged.get("sections"), &mut names);
    for (_, tab) in merged.get("tabs").iter().flat_map(|tabs| tabs.entries()) {
        sections(tab.get("sections").as_ref(), &mut names);
        for (_, widget) in tab.get("widgets").iter().flat_map(At::entries) {
            names.fitting(widget.get("list").as_ref(), "is no list of records", |found| matches!(found, Member::Edge));
        }
    }
}

fn sections(sections: Option<&At<'_>>, names: &mut Names<'_>) {
    for (_, section) in sections.iter().flat_map(|sections| sections.entries()) {
        names.all(section.get("fields").as_ref());
        if let Some(condition) = section.get("visible_if") {
            later("`visible_if`", &condition, names);
        }
    }
}

fn later(what: &str, at: &At<'_>, names: &mut Names<'_>) {
    names.report.push(not_enforced_yet::not_enforced_yet(what).at(at.key_span()).of(names.path));
}
