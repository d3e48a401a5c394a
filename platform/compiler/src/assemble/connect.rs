//! Relations of all objects, the link tables behind them, and the edges by which each end is met.

use std::sync::Arc;

use tenon_model::{Edge, EdgeKind, Link, LinkEnd, LinkIx, Model, ObjectIx, Relation, RelationShape, State};
use tenon_value::{Localized, Name, camel, pascal};

use super::{Scope, field, relation, system};
use crate::checks::{limit, part_of, tree};
use crate::located::At;
use crate::merge::{Merged, Parts};
use crate::physical::PhysicalKind;
use crate::{limits, names, physical};

/// Builds every object's relations, then the edges they make.
pub(super) fn relations(parts: &[Parts<'_>], model: &mut Model, scope: &mut Scope<'_>) {
    let user = scope.objects.get("user").copied();
    for (at, part) in parts.iter().enumerate() {
        let owner = super::object_ix(at);
        if part.relations.len() > limits::RELATIONS.max {
            let diagnostic = limit::exceeded(limits::RELATIONS, part.relations.len(), &format!("`{}`", part.object.name), "relations");
            scope.report.push(diagnostic.at(part.object.span()).of(part.object.path.clone()));
        }
        let mut relations = system::relations(part.object.id, user);
        for member in part.relations.iter().take(limits::RELATIONS.max) {
            let next = LinkIx(u16::try_from(model.links.len()).unwrap_or(u16::MAX));
            let built = relation::build(member, relations.len(), owner, next, scope);
            if matches!(built.shape, RelationShape::Many(_)) {
                model.links.push(link(member, &built, owner, next, scope));
            }
            relations.push(built);
        }
        only_one(part, &relations, scope);
        if let Some(object) = model.objects.get_mut(at).map(Arc::make_mut) {
            object.relations_by_name = relations
                .iter()
                .filter(|relation| relation.state == State::Active)
                .map(|relation| (relation.name.clone(), relation.ix))
                .collect();
            object.relations = relations;
        }
    }
    for (at, part) in parts.iter().enumerate() {
        edges(super::object_ix(at), part, model, scope);
    }
    for (part, object) in parts.iter().zip(&model.objects) {
        if object.edges.len() > limits::EDGES.max {
            let diagnostic = limit::exceeded(limits::EDGES, object.edges.len(), &format!("`{}`", object.name), "lists");
            scope.report.push(diagnostic.at(part.object.span()).of(part.object.path.clone()));
        }
    }
}

/// At most one tree and one whole per object.
fn only_one(part: &Parts<'_>, relations: &[Relation], scope: &mut Scope<'_>) {
    let mut trees = 0;
    let mut wholes = 0;
    for (member, built) in part.relations.iter().zip(relations.iter().skip(tenon_model::system::RELATIONS)) {
        if built.state == State::Retired {
            continue;
        }
        trees += usize::from(built.tree);
        wholes += usize::from(built.part_of);
        if built.tree && trees > 1 {
            scope
                .report
                .push(tree::tree("an object forms one tree at most").at(member.get("tree").and_then(At::key_span)).of(member.path.clone()));
        }
        if built.part_of && wholes > 1 {
            let diagnostic = part_of::part_of("a record is part of one whole at most");
            scope.report.push(diagnostic.at(member.get("part_of").and_then(At::key_span)).of(member.path.clone()));
        }
    }
}

fn link(merged: &Merged<'_>, relation: &Relation, source: ObjectIx, ix: LinkIx, scope: &mut Scope<'_>) -> Link {
    let mut fields = Vec::new();
    if let Some(at) = merged.get("link") {
        let count = at.entries().count();
        if count > limits::LINK_FIELDS.max {
            scope
                .report
                .push(limit::exceeded(limits::LINK_FIELDS, count, "the link", "attributes").at(at.key_span()).of(merged.path.clone()));
        }
        for (name, attribute) in at.entries().take(limits::LINK_FIELDS.max) {
            if !attribute.json.is_object() {
                crate::shape::check(
                    name,
                    &attribute,
                    &crate::keys::Shape::Names(&crate::keys::Shape::Any),
                    &merged.path,
                    &mut scope.report,
                );
                continue;
            }
            let inline = Merged::inline(merged, name, attribute);
            fields.push(field::build(&inline, fields.len(), field::Holder::Link, scope));
        }
    }
    let owner = merged.path.split('.').next().unwrap_or_default();
    Link {
        ix,
        source,
        relation: relation.ix,
        // Without a target there is no model; the source stands in so that building can go on.
        target: relation.targets.first().copied().unwrap_or(source),
        table: physical::name(merged.id, PhysicalKind::Link, scope.physical),
        graphql: format!("{}{}Link", pascal(owner), pascal(relation.name.as_str())),
        fields,
    }
}

/// The edges that the relations of one object make, on itself and on its targets.
fn edges(owner: ObjectIx, part: &Parts<'_>, model: &mut Model, scope: &mut Scope<'_>) {
    let Some(object) = model.object(owner) else { return };
    let (plural_label, owner_state) = (object.plural_label.clone(), object.state);
    let mut made: Vec<(ObjectIx, Edge)> = Vec::new();
    for (member, relation) in part.relations.iter().zip(object.relations.iter().skip(tenon_model::system::RELATIONS)) {
        let here = relation.state == State::Active && owner_state == State::Active;
        let state = |target: ObjectIx, within: &Scope<'_>| if here && within.is_active(target) { State::Active } else { State::Retired };
        if let (RelationShape::Many(link), Some(target)) = (relation.shape, relation.targets.first().copied()) {
            let kind = EdgeKind::Linked { link, here: LinkEnd::Source };
            let texts = (relation.label.clone(), relation.about.clone());
            made.push((owner, edge(relation.name.clone(), texts, kind, target, state(target, scope))));
        }
        if let Some((at, name)) = inverse_name(member) {
            let inverse = member.get("inverse");
            let label = inverse.and_then(|inverse| inverse.get("label")).map_or_else(|| plural_label.clone(), |label| label.localized());
            let about = inverse.and_then(|inverse| inverse.get("about")).map_or_else(Localized::default, |about| about.localized());
            for target in &relation.targets {
                let kind = match relation.shape {
                    RelationShape::Many(link) => EdgeKind::Linked { link, here: LinkEnd::Target },
                    _ => EdgeKind::Children { object: owner, relation: relation.ix },
                };
                let edge_state = state(*target, scope);
                let name = names::checked(name, || at.span(), &member.path, &mut scope.report);
                made.push((*target, edge(name, (label.clone(), about.clone()), kind, owner, edge_state)));
            }
        }
        if relation.tree {
            let label = Localized::new("Everything below", "所有下级");
            let kind = EdgeKind::Descendants { relation: relation.ix };
            made.push((owner, edge(Name::known("descendants"), (label, Localized::default()), kind, owner, state(owner, scope))));
        }
    }
    for (on, edge) in made {
        if let Some(holder) = model.objects.get_mut(usize::from(on.0)) {
            Arc::make_mut(holder).edges.push(edge);
        }
    }
}

/// The name of the way back, and where it is written.
pub(crate) fn inverse_name<'a>(member: &Merged<'a>) -> Option<(At<'a>, &'a str)> {
    let at = member.get("inverse")?.get("name")?;
    let text = at.text()?;
    Some((at, text))
}

fn edge(name: Name, (label, about): (Localized, Localized), kind: EdgeKind, target: ObjectIx, state: State) -> Edge {
    Edge { graphql: camel(name.as_str()), name, label, about, kind, target, state }
}
