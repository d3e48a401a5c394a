//! The field that names a record: as said, else the first required text field, else the first text field, else the
//! auto number, else none (its id does).

use tenon_model::{Field, FieldIx, FieldKind, Object, State};

use super::Scope;
use crate::checks::unknown_field;
use crate::merge::Parts;

pub(super) fn choose(part: &Parts<'_>, object: &Object, scope: &mut Scope<'_>) -> Option<FieldIx> {
    let said = part.object.get("display").and_then(|at| Some((at, at.text()?)));
    let Some((at, name)) = said else { return by_rule(object) };
    let complaint = match object.fields.iter().find(|field| field.name.as_str() == name && !field.system) {
        None => unknown_field::unknown_field(
            object.name.as_str(),
            name,
            object.active_fields().filter(|field| !field.system).map(|field| field.name.as_str()),
        ),
        Some(field) if field.state == State::Retired => unknown_field::retired(object.name.as_str(), name),
        Some(field) if !can_name(field) => unknown_field::unfit(name, field.kind.word(), "cannot name a record"),
        Some(field) => return Some(field.ix),
    };
    scope.report.push(complaint.at(at.span()).of(part.object.path.clone()));
    by_rule(object)
}

const fn can_name(field: &Field) -> bool {
    matches!(
        field.kind,
        FieldKind::Text { .. }
            | FieldKind::Email
            | FieldKind::Phone
            | FieldKind::Url
            | FieldKind::AutoNumber { .. }
            | FieldKind::Integer { .. }
            | FieldKind::Date
            | FieldKind::DateTime
            | FieldKind::Choice(_)
    )
}

fn by_rule(object: &Object) -> Option<FieldIx> {
    let first = |wanted: fn(&Field) -> bool| object.active_fields().find(|field| !field.system && wanted(field)).map(|field| field.ix);
    first(|field| field.required && matches!(field.kind, FieldKind::Text { .. }))
        .or_else(|| first(|field| matches!(field.kind, FieldKind::Text { .. })))
        .or_else(|| first(|field| matches!(field.kind, FieldKind::AutoNumber { .. })))
}
