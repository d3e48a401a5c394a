//! One object with its fields; relations come when all objects are there.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tenon_diagnostics::Diagnostic;
use tenon_model::{GraphqlNames, Model, Object, ObjectIx, State};
use tenon_value::{Date, Localized, Name, camel, pascal, plural_of};

use super::{Scope, field, system};
use crate::checks::{limit, missing_key, name_reserved, not_enforced_yet, unknown_key};
use crate::keys::{NOT_YET_OBJECT_KEYS, OBJECT};
use crate::merge::{Merged, Parts};
use crate::physical::PhysicalKind;
use crate::{labels, limits, names, physical, shape};

/// The object and its fields.
pub(super) fn declare(ix: ObjectIx, part: &Parts<'_>, scope: &mut Scope<'_>) -> Object {
    let merged = &part.object;
    check_keys(merged, scope);
    let name = name_of(merged, scope);
    let plural = plural(merged, &name, scope);
    let table = physical::name(merged.id, PhysicalKind::Table, scope.physical);
    let label = merged.localized("label");
    let plural_label = merged.localized("plural_label");
    let mut fields = system::fields(merged.id);
    let own = part.fields.len();
    if own > limits::FIELDS.max {
        scope
            .report
            .push(limit::exceeded(limits::FIELDS, own, &format!("`{}`", merged.name), "fields").at(merged.span()).of(merged.path.clone()));
    }
    for member in part.fields.iter().take(limits::FIELDS.max) {
        let at = fields.len();
        fields.push(field::build(member, at, field::Holder::Object, scope));
    }
    let columns: usize = fields.iter().map(|field| field.columns.len()).sum();
    if columns > limits::COLUMNS.max {
        scope.report.push(
            limit::exceeded(limits::COLUMNS, columns, &format!("`{}`", merged.name), "columns").at(merged.span()).of(merged.path.clone()),
        );
    }
    let fields_by_name = fields.iter().filter(|field| field.state == State::Active).map(|field| (field.name.clone(), field.ix)).collect();
    Object {
        ix,
        id: merged.id,
        graphql: GraphqlNames {
            type_name: pascal(name.as_str()),
            single: camel(name.as_str()),
            plural: camel(plural.as_str()),
            plural_type: pascal(plural.as_str()),
        },
        name,
        plural,
        plural_label: if plural_label.is_empty() { label.clone() } else { fallback(plural_label, &label) },
        label,
        about: merged.localized("about"),
        icon: merged.text("icon").map(str::to_owned),
        display: None,
        table,
        fields,
        relations: Vec::new(),
        edges: Vec::new(),
        unique: Vec::new(),
        tree: None,
        views: Vec::new(),
        layouts: Vec::new(),
        access: Vec::new(),
        sharing: Vec::new(),
        reaches: Vec::new(),
        reached: Vec::new(),
        package: merged.package.clone(),
        state: merged.state,
        aliases: aliases(merged),
        fields_by_name,
        relations_by_name: HashMap::new(),
    }
}

fn fallback(texts: Localized, other: &Localized) -> Localized {
    Localized { en: texts.en.or_else(|| other.en.clone()), zh: texts.zh.or_else(|| other.zh.clone()) }
}

fn check_keys(merged: &Merged<'_>, scope: &mut Scope<'_>) {
    let report = &mut scope.report;
    for (key, at) in merged.written() {
        if NOT_YET_OBJECT_KEYS.contains(key) {
            report.push(not_enforced_yet::not_enforced_yet(&format!("`{key}`")).at(at.key_span()).of(merged.path.clone()));
            continue;
        }
        match OBJECT.key(key) {
            Some(known) => shape::check(key, at, &known.shape, &merged.path, report),
            None => {
                let known = shape::names(OBJECT.keys.iter()).chain(["fields", "relations"]);
                report.push(unknown_key::unknown_key(OBJECT.owner, key, known).at(at.key_span()).of(merged.path.clone()));
            }
        }
    }
    if let Some(kind) = merged.get("kind")
        && matches!(kind.text(), Some("event" | "ledger"))
    {
        let words = format!("`kind: {}`", kind.text().unwrap_or_default());
        report.push(not_enforced_yet::not_enforced_yet(&words).at(kind.span()).of(merged.path.clone()));
    }
    if merged.get("label").is_none() {
        report.push(
            missing_key::missing_key("an object", "label", "{ en: Opportunity, zh: 商机 }").at(merged.span()).of(merged.path.clone()),
        );
    }
    check_was(merged, report);
    labels::complete(merged, &format!("object `{}`", merged.name), &["label", "plural_label", "about"], report);
}

fn name_of(merged: &Merged<'_>, scope: &mut Scope<'_>) -> Name {
    if let Some(holder) = name_reserved::holder_of_object(merged.name) {
        scope.report.push(name_reserved::reserved(merged.name, holder).at(merged.span()).of(merged.path.clone()));
    }
    names::checked(merged.name, || merged.span(), &merged.path, &mut scope.report)
}

fn plural(merged: &Merged<'_>, name: &Name, scope: &mut Scope<'_>) -> Name {
    match merged.get("plural").and_then(|at| Some((at, at.text()?))) {
        Some((at, plural)) => names::checked(plural, || at.span(), &merged.path, &mut scope.report),
        None => {
            let derived = plural_of(name.as_str());
            // A name of 40 letters has a plural of more: the author has to say a shorter one.
            names::checked(&derived, || merged.span(), &merged.path, &mut scope.report)
        }
    }
}

/// `was` is a name, or there never was such an element.
pub(super) fn check_was(merged: &Merged<'_>, report: &mut Vec<Diagnostic>) {
    if let Some((at, was)) = merged.get("was").and_then(|at| Some((at, at.text()?))) {
        report.extend(names::complaint(was).map(|diagnostic| diagnostic.at(at.span()).of(merged.path.clone())));
    }
}

/// A former name that something else has by now is served as that.
pub(super) fn drop_taken_aliases(object: &mut Object) {
    let renamed = object.fields.iter().any(|field| !field.aliases.is_empty()) || object.relations.iter().any(|one| !one.aliases.is_empty());
    if !renamed {
        return;
    }
    let fields = object.fields.iter().map(|field| field.graphql.clone());
    let relations = object.relations.iter().map(|relation| relation.graphql.clone());
    let edges = object.edges.iter().map(|edge| edge.graphql.clone());
    let taken: HashSet<String> = fields.chain(relations).chain(edges).collect();
    let is_free = |(alias, _): &(Name, Date)| !taken.contains(&camel(alias.as_str()));
    object.fields.iter_mut().for_each(|field| field.aliases.retain(is_free));
    object.relations.iter_mut().for_each(|relation| relation.aliases.retain(is_free));
}

/// The same for objects.
pub(super) fn drop_taken_object_aliases(model: &mut Model) {
    let taken: HashSet<Name> = model.objects.iter().flat_map(|object| [object.name.clone(), object.plural.clone()]).collect();
    for object in &mut model.objects {
        Arc::make_mut(object).aliases.retain(|(alias, _)| !taken.contains(alias));
    }
}

/// The former name, served until the day `packages` wrote beside it.
pub(super) fn aliases(merged: &Merged<'_>) -> Vec<(Name, Date)> {
    let was = merged.text("was").and_then(|was| was.parse().ok());
    let until = merged.text("alias_until").and_then(|until| until.parse().ok());
    was.zip(until).into_iter().collect()
}
