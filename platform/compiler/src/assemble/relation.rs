//! One relation: its keys, its targets, and whether its shape can be.

use tenon_model::{LinkIx, ObjectIx, OnDelete, Relation, RelationIx, RelationShape, State};
use tenon_value::camel;

use super::Scope;
use crate::checks::{inverse, limit, name_reserved, on_delete, part_of, tree, unknown_key, unknown_object};
use crate::keys::RELATION;
use crate::located::At;
use crate::merge::Merged;
use crate::physical::PhysicalKind;
use crate::{checks::missing_key, labels, limits, names, physical, shape};

/// The relation at place `at` of object `owner`; `link` is the next free link table.
pub(super) fn build(merged: &Merged<'_>, at: usize, owner: ObjectIx, link: LinkIx, scope: &mut Scope<'_>) -> Relation {
    check_keys(merged, scope);
    let (mut targets, named) = targets(merged, scope);
    // A relation goes with its target and comes back with it.
    let alive = targets.iter().any(|target| scope.is_active(*target)) || targets.is_empty();
    let state = if merged.state == State::Active && alive { State::Active } else { State::Retired };
    let shape = if merged.is_true("many") {
        RelationShape::Many(link)
    } else if named > 1 {
        RelationShape::Any
    } else {
        RelationShape::One
    };
    if shape == RelationShape::Any && state == State::Active {
        targets.retain(|target| scope.is_active(*target));
    }
    check_shape(merged, shape, &targets, owner, scope);
    let part_of = merged.is_true("part_of");
    let required = merged.is_true("required") || part_of;
    let name = names::checked(merged.name, || merged.span(), &merged.path, &mut scope.report);
    let stem = if matches!(shape, RelationShape::Many(_)) {
        String::new()
    } else {
        physical::name(merged.id, PhysicalKind::Column, scope.physical)
    };
    Relation {
        ix: RelationIx(u16::try_from(at).unwrap_or(u16::MAX)),
        id: merged.id,
        graphql: camel(name.as_str()),
        name,
        label: merged.localized("label"),
        about: merged.localized("about"),
        shape,
        targets,
        required,
        read_only: false,
        system: false,
        on_delete: deletion(merged, shape, required, scope),
        tree: merged.is_true("tree"),
        part_of,
        kind_column: (shape == RelationShape::Any).then(|| format!("{stem}_k")),
        column: stem,
        package: merged.package.clone(),
        state,
        aliases: super::object::aliases(merged),
    }
}

fn check_keys(merged: &Merged<'_>, scope: &mut Scope<'_>) {
    let report = &mut scope.report;
    for (key, at) in merged.written() {
        match RELATION.key(key) {
            Some(known) => shape::check(key, at, &known.shape, &merged.path, report),
            None => {
                let diagnostic = unknown_key::unknown_key(RELATION.owner, key, shape::names(RELATION.keys.iter()));
                report.push(diagnostic.at(at.key_span()).of(merged.path.clone()));
            }
        }
    }
    if merged.get("to").is_none() {
        let words = if merged.is_only_labelled() { missing_key::only_labelled } else { missing_key::missing_key };
        report.push(words("a relation", "to", "account").at(merged.span()).of(merged.path.clone()));
    }
    if let Some(at) = merged.get("inverse")
        && at.is_true()
    {
        report.push(inverse::flag().at(at.span()).of(merged.path.clone()));
    }
    if let Some(at) = merged.get("link")
        && !merged.is_true("many")
    {
        report.push(inverse::link_of_one().at(at.key_span()).of(merged.path.clone()));
    }
    if let Some(holder) = name_reserved::holder_of_member(merged.name) {
        report.push(name_reserved::reserved(merged.name, holder).at(merged.span()).of(merged.path.clone()));
    }
    super::object::check_was(merged, report);
    labels::complete(merged, &format!("relation `{}`", merged.name), &["label", "about"], report);
}

/// The objects it points to, and how many it names.
fn targets(merged: &Merged<'_>, scope: &mut Scope<'_>) -> (Vec<ObjectIx>, usize) {
    let Some(to) = merged.get("to") else { return (Vec::new(), 0) };
    let named: Vec<At<'_>> = to.one_or_many();
    if named.len() > limits::TARGETS.max {
        scope.report.push(limit::exceeded(limits::TARGETS, named.len(), "the relation", "objects").at(to.span()).of(merged.path.clone()));
    } else if named.is_empty() {
        scope.report.push(missing_key::missing_key("a relation", "to", "account").at(to.span()).of(merged.path.clone()));
    }
    let mut targets = Vec::with_capacity(named.len());
    for at in named.iter().take(limits::TARGETS.max) {
        let Some(name) = at.text() else { continue };
        match scope.objects.get(name).copied() {
            Some(target) if targets.contains(&target) => {
                scope.report.push(inverse::target_twice(name).at(at.span()).of(merged.path.clone()));
            }
            Some(target) => targets.push(target),
            None => {
                let diagnostic = unknown_object::unknown_object(name, scope.known_objects());
                scope.report.push(diagnostic.at(at.span()).of(merged.path.clone()));
            }
        }
    }
    (targets, named.len())
}

fn check_shape(merged: &Merged<'_>, shape: RelationShape, targets: &[ObjectIx], owner: ObjectIx, scope: &mut Scope<'_>) {
    let to_self = targets.first() == Some(&owner);
    let named = merged.get("to").map_or(0, |to| to.one_or_many().len());
    let complaints = [
        ("tree", merged.is_true("tree"), shape != RelationShape::One, "a tree has one parent, of its own object"),
        (
            "tree",
            merged.is_true("tree"),
            shape == RelationShape::One && !targets.is_empty() && !to_self,
            "a tree's parent is of its own object",
        ),
        ("tree", merged.is_true("tree"), merged.is_true("required"), "the topmost record of a tree has no parent"),
        ("part_of", merged.is_true("part_of"), shape != RelationShape::One, "a record is part of one record of one object"),
        ("part_of", merged.is_true("part_of"), shape == RelationShape::One && to_self, "a record cannot be part of one of its own object"),
        (
            "part_of",
            merged.is_true("part_of"),
            merged.get("required").is_some_and(|at| !at.is_true()),
            "a part cannot be without its whole",
        ),
        ("many", merged.is_true("many"), named > 1, "a many-to-many relation points to one object"),
        ("many", merged.is_true("many"), merged.is_true("required"), "a many-to-many relation cannot be required"),
    ];
    for (key, said, wrong, reason) in complaints {
        if said && wrong {
            let diagnostic = match key {
                "tree" => tree::tree(reason),
                "part_of" => part_of::part_of(reason),
                _ => inverse::many(reason),
            };
            scope.report.push(diagnostic.at(merged.get(key).and_then(At::key_span)).of(merged.path.clone()));
        }
    }
}

fn deletion(merged: &Merged<'_>, shape: RelationShape, required: bool, scope: &mut Scope<'_>) -> OnDelete {
    let part_of = merged.is_true("part_of");
    let said = merged.get("on_delete");
    let (chosen, complaint) = match said.and_then(|at| at.text()) {
        None if part_of => (OnDelete::Cascade, None),
        None if required => (OnDelete::Restrict, None),
        None => (OnDelete::Clear, None),
        Some(_) if matches!(shape, RelationShape::Many(_)) => (OnDelete::Clear, Some(on_delete::of_many())),
        Some("cascade") => (OnDelete::Cascade, None),
        Some(_) if part_of => (OnDelete::Cascade, Some(on_delete::of_part())),
        Some("restrict") => (OnDelete::Restrict, None),
        Some("clear") if required => (OnDelete::Restrict, Some(on_delete::clear_required())),
        Some(_) => (OnDelete::Clear, None),
    };
    if let Some(diagnostic) = complaint {
        scope.report.push(diagnostic.at(said.and_then(At::span)).of(merged.path.clone()));
    }
    chosen
}
