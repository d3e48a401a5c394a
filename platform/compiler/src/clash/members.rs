//! Names inside one object: fields, relations and lists share one space, in files (`close_date`) and in GraphQL
//! (`closeDate`), together with what a tree adds. What has no right name of its own yet claims none.

use std::collections::HashMap;

use tenon_diagnostics::{Diagnostic, Span};
use tenon_model::{EdgeKind, Model, Object, RelationShape};

use crate::assemble::inverse_name;
use crate::checks::{name_clash, name_reserved};
use crate::merge::{Merged, Parts};

/// What a tree adds to its records.
const TREE: &[&str] = &["ancestors", "depth", "descendants"];

pub(super) fn check(parts: &[Parts<'_>], model: &Model, report: &mut Vec<Diagnostic>) {
    for (part, object) in parts.iter().zip(&model.objects) {
        let mut taken: HashMap<&str, String> = HashMap::new();
        if object.tree.is_some() {
            taken.extend(TREE.iter().map(|name| (*name, format!("the tree's `{name}`"))));
        }
        for (field, member) in object.fields.iter().skip(tenon_model::system::FIELDS).zip(&part.fields) {
            if field.name.as_str() == member.name {
                claim(&mut taken, (&field.graphql, format!("field `{}`", member.name)), (member.span(), &member.path), report);
            }
        }
        for (relation, member) in object.relations.iter().skip(tenon_model::system::RELATIONS).zip(&part.relations) {
            if relation.name.as_str() == member.name {
                claim(&mut taken, (&relation.graphql, format!("relation `{}`", member.name)), (member.span(), &member.path), report);
            }
        }
        edges(parts, model, object, &mut taken, report);
    }
    for link in &model.links {
        let mut taken: HashMap<&str, String> = HashMap::new();
        let declared = parts
            .get(usize::from(link.source.0))
            .and_then(|part| part.relations.get(usize::from(link.relation.0).checked_sub(tenon_model::system::RELATIONS)?));
        let Some(declared) = declared else { continue };
        for field in &link.fields {
            let span = declared.get("link").and_then(|at| at.get(field.name.as_str())).and_then(|at| at.key_span());
            claim(&mut taken, (&field.graphql, format!("attribute `{}`", field.name)), (span, &declared.path), report);
        }
    }
}

type Claim<'n> = (&'n str, String);

/// Takes a name for something, or says who has it.
fn claim<'n>(
    taken: &mut HashMap<&'n str, String>,
    (graphql, what): Claim<'n>,
    (span, path): (Option<Span>, &str),
    report: &mut Vec<Diagnostic>,
) {
    if let Some(other) = taken.get(graphql) {
        report.push(name_clash::clash(other, &what, graphql).at(span).of(path));
    } else {
        taken.insert(graphql, what);
    }
}

/// Lists made by relations of other objects (or by this one's, seen from the other end).
fn edges<'m>(
    parts: &[Parts<'_>],
    model: &'m Model,
    object: &'m Object,
    taken: &mut HashMap<&'m str, String>,
    report: &mut Vec<Diagnostic>,
) {
    for edge in &object.edges {
        let declared = match edge.kind {
            EdgeKind::Children { object: child, relation } => member(parts, child.0, relation.0),
            EdgeKind::Linked { link, here: tenon_model::LinkEnd::Target } => {
                model.link(link).and_then(|link| member(parts, link.source.0, link.relation.0))
            }
            // The near end has its relation's own name, and the tree's its own; both are claimed above.
            EdgeKind::Linked { .. } | EdgeKind::Descendants { .. } => continue,
        };
        let Some(declared) = declared else { continue };
        if inverse_name(declared).is_none_or(|(_, name)| name != edge.name.as_str()) {
            continue;
        }
        let span = inverse_name(declared).and_then(|(at, _)| at.span()).or_else(|| declared.span());
        if let Some(holder) = name_reserved::holder_of_member(edge.name.as_str()) {
            report.push(name_reserved::reserved(edge.name.as_str(), holder).at(span.clone()).of(declared.path.clone()));
        }
        let from = model.object(edge.target).map_or("", |other| other.name.as_str());
        let what = format!("list `{}` of `{}` (the inverse of `{from}.{}`)", edge.name, object.name, declared.name);
        claim(taken, (&edge.graphql, what), (span, &declared.path), report);
    }
}

fn member<'p, 'a>(parts: &'p [Parts<'a>], object: u16, relation: u16) -> Option<&'p Merged<'a>> {
    let own = usize::from(relation).checked_sub(tenon_model::system::RELATIONS)?;
    parts.get(usize::from(object))?.relations.get(own)
}

/// Whether a relation is a link: used by the schema's type names.
pub(super) const fn is_many(shape: RelationShape) -> bool {
    matches!(shape, RelationShape::Many(_))
}
