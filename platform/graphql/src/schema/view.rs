//! The model as one policy lets it be seen.

use tenon_access::Policy;
use tenon_hooks::Offers;
use tenon_model::{Edge, EdgeKind, Field, FieldKind, FieldRight, Model, Object, ObjectIx, Relation, RelationShape, State};
use tenon_query::Action;

/// Model and policy together.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) model: &'a Model,
    pub(crate) policy: &'a Policy,
    /// What plugins offer to be called.
    pub(crate) offers: &'a Offers,
}

impl<'a> View<'a> {
    pub(crate) const fn new(model: &'a Model, policy: &'a Policy, offers: &'a Offers) -> Self {
        Self { model, policy, offers }
    }

    /// Objects that may be read.
    pub(crate) fn objects(self) -> impl Iterator<Item = &'a Object> {
        self.model.active_objects().filter(move |object| self.policy.may(object.ix, Action::Read))
    }

    /// An object, if it may be read.
    pub(crate) fn object(self, ix: ObjectIx) -> Option<&'a Object> {
        self.model.object(ix).filter(|object| object.state == State::Active && self.policy.may(ix, Action::Read))
    }

    /// Fields that may be selected, be it masked.
    pub(crate) fn shown(self, object: &'a Object) -> impl Iterator<Item = &'a Field> {
        object.active_fields().filter(move |field| self.policy.may_select_field(object.ix, field.ix))
    }

    /// Fields that may be read in clear: only these are filtered, ordered, grouped, summed and used as keys.
    pub(crate) fn fields(self, object: &'a Object) -> impl Iterator<Item = &'a Field> {
        object.active_fields().filter(move |field| self.policy.may_read_field(object.ix, field.ix))
    }

    /// Fields a client may set.
    pub(crate) fn inputs(self, object: &'a Object) -> impl Iterator<Item = &'a Field> {
        object.active_fields().filter(move |field| {
            let kept = field.system || field.read_only || matches!(field.kind, FieldKind::AutoNumber { .. });
            !kept && self.policy.may_write_field(object.ix, field.ix)
        })
    }

    /// To-one, polymorphic and actor relations that may be read and lead somewhere that may be read.
    pub(crate) fn ones(self, object: &'a Object) -> impl Iterator<Item = &'a Relation> {
        self.shown_ones(object).filter(move |relation| self.policy.may_read_relation(object.ix, relation.ix))
    }

    /// The same, and those that are masked: they may be selected, and are null.
    pub(crate) fn shown_ones(self, object: &'a Object) -> impl Iterator<Item = &'a Relation> {
        object.active_relations().filter(move |relation| {
            !matches!(relation.shape, RelationShape::Many(_))
                && self.policy.relation_right(object.ix, relation.ix) >= FieldRight::Mask
                && (relation.shape == RelationShape::Actor || self.targets(relation).next().is_some())
        })
    }

    /// Objects a relation may point to, as far as they may be read.
    pub(crate) fn targets(self, relation: &'a Relation) -> impl Iterator<Item = &'a Object> {
        relation.targets.iter().filter_map(move |target| self.object(*target))
    }

    /// The single target of a relation of shape `One`.
    pub(crate) fn target(self, relation: &Relation) -> Option<&'a Object> {
        match relation.shape {
            RelationShape::One => self.object(relation.target()?),
            _ => None,
        }
    }

    /// List-valued edges that may be read, with their places in `Object::edges`.
    pub(crate) fn edges(self, object: &'a Object) -> impl Iterator<Item = (usize, &'a Edge)> {
        object
            .edges
            .iter()
            .enumerate()
            .filter(move |(_, edge)| edge.state == State::Active && self.object(edge.target).is_some() && self.sees(edge.kind, object.ix))
    }

    fn sees(self, kind: EdgeKind, here: ObjectIx) -> bool {
        match kind {
            EdgeKind::Children { object, relation } => self.policy.may_read_relation(object, relation),
            EdgeKind::Linked { link, .. } => {
                self.model.link(link).is_some_and(|link| self.policy.may_read_relation(link.source, link.relation))
            }
            EdgeKind::Descendants { relation } => self.policy.may_read_relation(here, relation),
        }
    }

    /// Whether records at the other end of an edge may be linked or written through it.
    pub(crate) fn may_write_edge(self, kind: EdgeKind) -> bool {
        match kind {
            EdgeKind::Children { object, relation } => {
                self.policy.may_write_relation(object, relation)
                    && self.model.object(object).and_then(|object| object.relation(relation)).is_some_and(|relation| !relation.system)
            }
            EdgeKind::Linked { link, .. } => {
                self.model.link(link).is_some_and(|link| self.policy.may_write_relation(link.source, link.relation))
            }
            EdgeKind::Descendants { .. } => false,
        }
    }

    /// The tree's parent relation, if it may be read.
    pub(crate) fn tree(self, object: &'a Object) -> Option<&'a Relation> {
        let relation = object.relation(object.tree?)?;
        (relation.state == State::Active && self.policy.may_read_relation(object.ix, relation.ix)).then_some(relation)
    }
}
