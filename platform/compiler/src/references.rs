//! What views and layouts name, held against the object: fields, to-one relations, lists.

mod layout;
mod view;

use tenon_diagnostics::Diagnostic;
use tenon_model::{Field, Model, Object, Relation, RelationShape, State};

use crate::checks::unknown_field;
use crate::located::At;

pub(crate) use layout::of_layout;
pub(crate) use view::of_view;

/// Hops that a dotted name may take: `account.owner.team.name`.
const HOPS_MAX: usize = 3;

/// What a name leads to.
#[derive(Clone, Copy, Debug)]
enum Member<'m> {
    Field(&'m Field),
    Relation(&'m Relation),
    /// A list; nothing is asked of it but that it is there.
    Edge,
}

/// Names of everything in use that a view may show, for "did you mean".
pub(crate) fn members(object: &Object) -> impl Iterator<Item = &str> {
    let fields = object.active_fields().map(|field| field.name.as_str());
    let relations = object.active_relations().map(|relation| relation.name.as_str());
    let edges = object.edges.iter().filter(|edge| edge.state == State::Active).map(|edge| edge.name.as_str());
    fields.chain(relations).chain(edges)
}

fn member<'m>(object: &'m Object, name: &str) -> Result<Member<'m>, Box<Diagnostic>> {
    if let Some(field) = object.field_named(name) {
        return Ok(Member::Field(field));
    }
    if let Some(relation) = object.relation_named(name).filter(|relation| !matches!(relation.shape, RelationShape::Many(_))) {
        return Ok(Member::Relation(relation));
    }
    if object.edge_named(name).is_some() {
        return Ok(Member::Edge);
    }
    let retired = object.fields.iter().any(|field| field.name.as_str() == name)
        || object.relations.iter().any(|relation| relation.name.as_str() == name)
        || object.edges.iter().any(|edge| edge.name.as_str() == name);
    Err(Box::new(if retired {
        unknown_field::retired(object.name.as_str(), name)
    } else {
        unknown_field::unknown_field(object.name.as_str(), name, members(object))
    }))
}

/// Follows a dotted name through to-one relations.
fn resolve<'m>(model: &'m Model, object: &'m Object, name: &str) -> Result<Member<'m>, Box<Diagnostic>> {
    let mut object = object;
    let mut steps: Vec<&str> = name.split('.').take(HOPS_MAX + 2).collect();
    let last = steps.pop().unwrap_or_default();
    if steps.len() > HOPS_MAX {
        return Err(Box::new(unknown_field::too_far(name, HOPS_MAX)));
    }
    for step in steps {
        let target = match member(object, step)? {
            Member::Relation(relation) => relation.target().and_then(|target| model.object(target)),
            Member::Field(_) | Member::Edge => None,
        };
        object = target.ok_or_else(|| Box::new(unknown_field::no_way_on(step)))?;
    }
    member(object, last)
}

/// What checking one element needs.
struct Names<'a> {
    model: &'a Model,
    object: &'a Object,
    path: &'a str,
    report: &'a mut Vec<Diagnostic>,
}

impl<'a> Names<'a> {
    /// What the text at a place leads to; says so where it leads nowhere.
    fn resolve(&mut self, at: &At<'_>) -> Option<Member<'a>> {
        // Another shape has been reported already.
        let name = at.text()?;
        match resolve(self.model, self.object, name) {
            Ok(member) => Some(member),
            Err(diagnostic) => {
                self.say(*diagnostic, at);
                None
            }
        }
    }

    fn say(&mut self, diagnostic: Diagnostic, at: &At<'_>) {
        self.report.push(diagnostic.at(at.span()).of(self.path));
    }

    /// The texts of a list have to lead somewhere.
    fn all(&mut self, list: Option<&At<'_>>) {
        for item in list.iter().flat_map(|list| list.items()) {
            self.resolve(&item);
        }
    }

    /// A field of a sort that fits a purpose: `cannot colour an entry`.
    fn fitting(&mut self, at: Option<&At<'_>>, purpose: &str, fits: impl Fn(Member<'_>) -> bool) {
        let Some(at) = at else { return };
        let Some(found) = self.resolve(at) else { return };
        if !fits(found) {
            let kind = match found {
                Member::Field(field) => field.kind.word(),
                Member::Relation(_) => "relation",
                Member::Edge => "list",
            };
            self.say(unknown_field::unfit(at.text().unwrap_or_default(), kind, purpose), at);
        }
    }
}
