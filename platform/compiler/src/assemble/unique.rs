//! Unique keys: of single fields (`unique: true`), and composite ones by name.

use std::collections::HashSet;

use tenon_diagnostics::Diagnostic;
use tenon_model::{Object, RelationShape, State, UniqueKey, UniquePart};
use tenon_value::{Name, camel, screaming};

use super::Scope;
use crate::checks::{limit, name_clash, name_reserved, unique, unknown_field};
use crate::keys;
use crate::located::At;
use crate::merge::Parts;
use crate::{limits, names, physical};

pub(super) fn keys(part: &Parts<'_>, object: &Object, scope: &mut Scope<'_>) -> Vec<UniqueKey> {
    let mut keys: Vec<UniqueKey> = object
        .active_fields()
        .filter(|field| field.unique)
        .filter_map(|field| {
            let stem = &field.columns.first()?.name;
            Some(key(field.name.clone(), vec![UniquePart::Field(field.ix)], format!("u_{stem}")))
        })
        .collect();
    let Some(said) = part.object.get("unique") else { return keys };
    for (name, parts) in said.entries() {
        keys.extend(composite(part, object, (name, &parts), &keys, scope));
    }
    if keys.len() > limits::UNIQUE_KEYS.max {
        let diagnostic = limit::exceeded(limits::UNIQUE_KEYS, keys.len(), &format!("`{}`", object.name), "unique keys");
        scope.report.push(diagnostic.at(said.key_span()).of(part.object.path.clone()));
    }
    keys
}

fn key(name: Name, parts: Vec<UniquePart>, index: String) -> UniqueKey {
    UniqueKey { graphql: camel(name.as_str()), graphql_value: screaming(name.as_str()), name, parts, index }
}

fn composite(
    part: &Parts<'_>,
    object: &Object,
    (text, at): (&str, &At<'_>),
    known: &[UniqueKey],
    scope: &mut Scope<'_>,
) -> Option<UniqueKey> {
    let path = &part.object.path;
    let name = names::checked(text, || at.key_span(), path, &mut scope.report);
    if matches!(text, "id" | "external_id") {
        scope.report.push(name_reserved::reserved(text, "every key").at(at.key_span()).of(path.clone()));
    }
    if let Some(other) = known.iter().find(|other| other.graphql == camel(text)) {
        let diagnostic = name_clash::clash(&format!("unique field `{}`", other.name), &format!("unique key `{text}`"), &other.graphql);
        scope.report.push(diagnostic.at(at.key_span()).of(path.clone()));
    }
    let count = at.json.as_array().map_or(0, Vec::len);
    if count == 0 {
        scope.report.push(unique::empty(text).at(at.key_span()).of(path.clone()));
    } else if count > limits::UNIQUE_PARTS.max {
        scope.report.push(
            limit::exceeded(limits::UNIQUE_PARTS, count, &format!("unique key `{text}`"), "parts").at(at.key_span()).of(path.clone()),
        );
    }
    let mut seen = HashSet::new();
    let mut resolved = Vec::new();
    for item in at.items().take(limits::UNIQUE_PARTS.max) {
        let member = item.text()?;
        let outcome = if seen.insert(member) { resolve(object, text, member) } else { Err(Box::new(unique::twice(text, member))) };
        match outcome {
            Ok(found) => resolved.push(found),
            Err(diagnostic) => scope.report.push((*diagnostic).at(item.span()).of(path.clone())),
        }
    }
    // With a part missing the key would refuse records that differ in that part: better no key, and the report above.
    let complete = resolved.len() == count;
    complete.then(|| {
        let (parts, stems): (Vec<UniquePart>, Vec<&str>) = resolved.into_iter().unzip();
        key(name, parts, physical::composite_index(object.id, text, &stems))
    })
}

fn resolve<'o>(object: &'o Object, key: &str, member: &str) -> Result<(UniquePart, &'o str), Box<Diagnostic>> {
    let name = object.name.as_str();
    if let Some(field) = object.fields.iter().find(|field| field.name.as_str() == member) {
        let able = keys::field_type(field.kind.word()).is_some_and(|kind| kind.unique == keys::Unique::Can);
        return match field.columns.first() {
            _ if field.state == State::Retired => Err(Box::new(unknown_field::retired(name, member))),
            Some(column) if able => Ok((UniquePart::Field(field.ix), &column.name)),
            _ => Err(Box::new(unique::unfit(member, field.kind.word()))),
        };
    }
    match object.relations.iter().find(|relation| relation.name.as_str() == member) {
        Some(relation) if relation.state == State::Retired => Err(Box::new(unknown_field::retired(name, member))),
        Some(relation) if relation.shape == RelationShape::One => Ok((UniquePart::Relation(relation.ix), &relation.column)),
        Some(_) => Err(Box::new(unique::many(key, member))),
        None => {
            let fields = object.active_fields().map(|field| field.name.as_str());
            let relations = object.active_relations().map(|relation| relation.name.as_str());
            Err(Box::new(unknown_field::unknown_field(name, member, fields.chain(relations))))
        }
    }
}
