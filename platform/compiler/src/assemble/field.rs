//! One field: its keys held against its type's table, then built.

use tenon_model::{Field, FieldIx, FieldKind, SortRule};
use tenon_value::{Value, camel};

use super::{Scope, columns, default, kind, object};
use crate::checks::{missing_key, name_reserved, not_enforced_yet, unique, unknown_key, unknown_type};
use crate::keys::{self, FieldType, NOT_YET_TYPES};
use crate::merge::Merged;
use crate::physical::PhysicalKind;
use crate::{labels, names, physical, shape};

/// What has the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    Object,
    Link,
}

/// The field at place `at`. Where its type is unknown it is built as text; then there will be no model.
pub(super) fn build(merged: &Merged<'_>, at: usize, holder: Holder, scope: &mut Scope<'_>) -> Field {
    let field_type = check_type(merged, scope);
    if let Some(field_type) = field_type {
        check_keys(merged, field_type, scope);
        // Files are held by records: a link is none.
        if holder == Holder::Link && matches!(field_type.word, "file" | "image") {
            let what = format!("a field of type `{}` on a link", field_type.word);
            scope.report.push(not_enforced_yet::not_enforced_yet(&what).at(merged.span()).of(merged.path.clone()));
        }
    }
    check_name(merged, holder, scope);
    object::check_was(merged, &mut scope.report);
    labels::complete(merged, &format!("field `{}`", merged.name), &["label", "about"], &mut scope.report);
    let word = field_type.map_or("text", |field_type| field_type.word);
    let kind = kind::build(word, merged, scope);
    let sort = if merged.text("sort") == Some("zh") { SortRule::Pinyin } else { SortRule::Fold };
    let stem = physical::name(merged.id, PhysicalKind::Column, scope.physical);
    let moved = physical::moved(merged.id, scope.physical);
    let numbered = matches!(kind, FieldKind::AutoNumber { .. });
    let name = names::checked(merged.name, || merged.span(), &merged.path, &mut scope.report);
    Field {
        ix: FieldIx(u16::try_from(at).unwrap_or(u16::MAX)),
        id: merged.id,
        graphql: camel(name.as_str()),
        name,
        label: merged.localized("label"),
        about: merged.localized("about"),
        required: merged.is_true("required"),
        // The numbers of a series tell records apart unless their author says otherwise.
        unique: merged.get("unique").map_or(numbered, |unique| unique.is_true()),
        read_only: numbered,
        personal: merged.is_true("personal"),
        system: false,
        default: field_type.map_or(Value::Null, |field_type| default::value(merged, field_type, &kind, scope)),
        columns: columns::of(&kind, sort, moved.unwrap_or(&stem)),
        past: moved.map(|_| stem.clone()),
        kind,
        sort,
        package: merged.package.clone(),
        state: merged.state,
        aliases: object::aliases(merged),
    }
}

fn check_type(merged: &Merged<'_>, scope: &mut Scope<'_>) -> Option<&'static FieldType> {
    let report = &mut scope.report;
    let Some(at) = merged.get("type") else {
        let words = if merged.is_only_labelled() { missing_key::only_labelled } else { missing_key::missing_key };
        report.push(words("a field", "type", "text").at(merged.span()).of(merged.path.clone()));
        return None;
    };
    let Some(word) = at.text() else {
        shape::check("type", at, &keys::Shape::Text, &merged.path, report);
        return None;
    };
    let known = keys::field_type(word);
    if NOT_YET_TYPES.contains(&word) {
        report.push(not_enforced_yet::not_enforced_yet(&format!("field type `{word}`")).at(at.span()).of(merged.path.clone()));
    } else if known.is_none() {
        let types = keys::FIELD_TYPES.iter().map(|candidate| candidate.word);
        report.push(unknown_type::unknown_type(word, types).at(at.span()).of(merged.path.clone()));
    }
    known
}

fn check_keys(merged: &Merged<'_>, field_type: &FieldType, scope: &mut Scope<'_>) {
    let report = &mut scope.report;
    let owner = || format!("{} {} field", if field_type.word.starts_with(['a', 'e', 'i']) { "an" } else { "a" }, field_type.word);
    for (key, at) in merged.written() {
        match field_type.all_keys().find(|known| known.name == *key) {
            Some(known) => shape::check(key, at, &known.shape, &merged.path, report),
            None => {
                let all = shape::names(field_type.all_keys());
                report.push(unknown_key::unknown_key(&owner(), key, all).at(at.key_span()).of(merged.path.clone()));
            }
        }
    }
    for known in field_type.keys {
        if let Some(example) = known.required
            && merged.get(known.name).is_none()
        {
            report.push(missing_key::missing_key(&owner(), known.name, example).at(merged.span()).of(merged.path.clone()));
        }
    }
    if let Some(at) = merged.get("unique")
        && at.is_true()
        && field_type.unique == keys::Unique::Cannot
    {
        report.push(unique::unfit(merged.name, field_type.word).at(at.span()).of(merged.path.clone()));
    }
}

fn check_name(merged: &Merged<'_>, holder: Holder, scope: &mut Scope<'_>) {
    let taken = match holder {
        Holder::Object => name_reserved::holder_of_member(merged.name),
        Holder::Link => name_reserved::holder_of_attribute(merged.name),
    };
    if let Some(taken) = taken {
        scope.report.push(name_reserved::reserved(merged.name, taken).at(merged.span()).of(merged.path.clone()));
    }
}
