//! Two things under one derived name: members of one object, types and root fields of the whole schema.
//!
//! The suffixes are those of the data API (API.md §1.2–1.5). Retired elements keep their names.

mod members;
mod schema;

use tenon_diagnostics::Diagnostic;
use tenon_model::Model;

use crate::checks::name_clash;
use crate::located::At;
use crate::merge::Parts;

pub(crate) fn check(parts: &[Parts<'_>], model: &Model, report: &mut Vec<Diagnostic>) {
    for (part, object) in parts.iter().zip(&model.objects) {
        if object.plural == object.name {
            let span = part.object.get("plural").map_or_else(|| part.object.span(), At::span);
            report.push(name_clash::plural(object.name.as_str()).at(span).of(part.object.path.clone()));
        }
    }
    members::check(parts, model, report);
    schema::check(parts, model, report);
}
