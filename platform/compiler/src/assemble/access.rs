//! What roles may do with an object, and with whom its records are shared. Runs last: rules and rights name fields,
//! relations and roles of the whole model.
//!
//! Invariant: what is retired, or given to a retired role, gives nothing, so it is not in the model at all.

use std::sync::Arc;

use tenon_diagnostics::Diagnostic;
use tenon_model::{FieldRight, FieldRights, Grant, Model, Object, Relation, RowRules, SharingRule, State, Verb};

use super::role::Roles;
use super::rule::{Retired, Rules};
use super::view::check_keys;
use crate::checks::{limit, missing_key, unknown_field};
use crate::keys::{ACCESS, SHARING};
use crate::located::At;
use crate::merge::{Merged, Parts};
use crate::{labels, limits, names, references};

/// Builds all grants and sharing rules and puts them into their objects.
pub(super) fn all(parts: &[Parts<'_>], roles: &Roles<'_>, model: &mut Model, report: &mut Vec<Diagnostic>) {
    let mut built = Vec::with_capacity(parts.len());
    let retired = Retired::of(model);
    for (part, object) in parts.iter().zip(&model.objects) {
        let mut work = Work { object, roles, rules: Rules::new(model, object.ix, &retired), report };
        let in_use = object.state == State::Active;
        let active = |merged: &&Merged<'_>| in_use && merged.state == State::Active;
        let access: Vec<Grant> = part.access.iter().filter(active).filter_map(|merged| work.grant(merged)).collect();
        if part.sharing.len() > limits::SHARING_RULES.max {
            let diagnostic = limit::exceeded(limits::SHARING_RULES, part.sharing.len(), &format!("`{}`", object.name), "sharing rules");
            work.report.push(diagnostic.at(part.object.span()).of(part.object.path.clone()));
        }
        let sharing = part.sharing.iter().take(limits::SHARING_RULES.max).filter(active);
        let sharing: Vec<SharingRule> = sharing.filter_map(|merged| work.sharing(merged)).collect();
        built.push((access, sharing));
    }
    for (object, (access, sharing)) in model.objects.iter_mut().zip(built) {
        let object = Arc::make_mut(object);
        object.access = access;
        object.sharing = sharing;
    }
    model.gather();
}

/// What building the law of one object needs.
struct Work<'a> {
    object: &'a Object,
    roles: &'a Roles<'a>,
    rules: Rules<'a>,
    report: &'a mut Vec<Diagnostic>,
}

impl Work<'_> {
    fn grant(&mut self, merged: &Merged<'_>) -> Option<Grant> {
        check_keys(merged, &ACCESS, self.report);
        let role = self.roles.of_element(merged, self.report);
        let rows = merged.entries("rows");
        let mut rule = |key: &str| {
            let (_, at) = rows.iter().find(|(name, _)| *name == key)?;
            self.rules.check(at, &merged.path, self.report)
        };
        let rows =
            RowRules { read: rule("read"), update: rule("update"), delete: rule("delete"), share: rule("share"), check: rule("check") };
        let fields = self.fields(merged);
        Some(Grant {
            id: merged.id,
            role: role?,
            can: verbs(merged, "can"),
            rows,
            fields,
            package: merged.package.clone(),
            state: merged.state,
        })
    }

    fn fields(&mut self, merged: &Merged<'_>) -> FieldRights {
        let mut rights = FieldRights::default();
        for (name, at) in merged.entries("fields") {
            // Another word has been reported.
            let Some(right) = at.text().and_then(FieldRight::from_word) else { continue };
            if name == "*" {
                rights.all = Some(right);
            } else if let Some(field) = self.object.field_named(name).filter(|field| !field.system) {
                rights.fields.push((field.ix, right));
            } else if let Some(relation) = self.object.relation_named(name).filter(|relation| has_right(relation)) {
                rights.relations.push((relation.ix, right));
            } else {
                self.report.push(no_right(self.object, name).at(at.key_span()).of(merged.path.clone()));
            }
        }
        rights
    }

    fn sharing(&mut self, merged: &Merged<'_>) -> Option<SharingRule> {
        check_keys(merged, &SHARING, self.report);
        labels::complete(merged, &format!("sharing rule `{}`", merged.name), &["label"], self.report);
        super::object::check_was(merged, self.report);
        let rows = merged.get("rows").and_then(|at| self.rules.check(at, &merged.path, self.report));
        let to = merged.get("to");
        let listed = |key: &str| to.and_then(|to| to.get(key)).into_iter().flat_map(|list| list.items().collect::<Vec<_>>());
        let (to_roles, to_teams): (Vec<At<'_>>, Vec<At<'_>>) = (listed("roles").collect(), listed("teams").collect());
        if let Some(to) = to.filter(|_| to_roles.is_empty() && to_teams.is_empty()) {
            self.report.push(missing_key::missing_key("`to`", "roles", "[executive]").at(to.span()).of(merged.path.clone()));
        }
        let most = to_roles.len().max(to_teams.len());
        if most > limits::SHARED_WITH.max {
            let diagnostic = limit::exceeded(limits::SHARED_WITH, most, &format!("sharing rule `{}`", merged.name), "roles or teams");
            self.report.push(diagnostic.at(to.and_then(At::span)).of(merged.path.clone()));
        }
        let roles = to_roles.iter().filter_map(|role| self.roles.find(role, &merged.path, self.report)).collect();
        let mut rights = verbs(merged, "rights");
        if !rights.contains(&Verb::Read) {
            rights.insert(0, Verb::Read);
        }
        let name = names::checked(merged.name, || merged.span(), &merged.path, self.report);
        Some(SharingRule {
            id: merged.id,
            name,
            label: merged.localized("label"),
            rows: rows?,
            roles,
            teams: to_teams.iter().filter_map(At::text).map(str::to_owned).collect(),
            rights,
            package: merged.package.clone(),
            state: merged.state,
        })
    }
}

/// The verbs of a list, each once, in the order of the law.
fn verbs(merged: &Merged<'_>, key: &str) -> Vec<Verb> {
    let said: Vec<Verb> = merged.get(key).iter().flat_map(|list| list.items()).filter_map(|item| Verb::from_word(item.text()?)).collect();
    Verb::ALL.into_iter().filter(|verb| said.contains(verb)).collect()
}

/// Of the relations every record has, only the owner has a right of its own.
fn has_right(relation: &Relation) -> bool {
    !relation.system || relation.ix == tenon_model::system::OWNER
}

/// Why nothing of this name can be given a right on.
fn no_right(object: &Object, name: &str) -> Diagnostic {
    if object.field_named(name).is_some() || object.relation_named(name).is_some() {
        return unknown_field::right_on_system_field(name);
    }
    let retired = |state: State, other: &str| state == State::Retired && other == name;
    if object.fields.iter().any(|field| retired(field.state, field.name.as_str()))
        || object.relations.iter().any(|relation| retired(relation.state, relation.name.as_str()))
    {
        return unknown_field::retired(object.name.as_str(), name);
    }
    match object.edge_named(name) {
        Some(_) => unknown_field::right_on_list(name),
        None => unknown_field::unknown_field(object.name.as_str(), name, references::members(object)),
    }
}
