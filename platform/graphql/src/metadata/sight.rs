//! What somebody sees of a model: the one who asks, or the one as whom he looks.
//!
//! Whoever may change the metadata sees all of it; `describe` shows even him only what his data rights let him use.
//! Invariant: what is cut here does not exist: no list names it, no count counts it.

use std::sync::Arc;

use tenon_access::{Place, Policy};
use tenon_context::{OpContext, Principal};
use tenon_diagnostics::Classify;
use tenon_model::{EdgeKind, Field, FieldRight, Model, Object, ObjectIx, Relation, RelationShape, State, UniquePart, Verb};
use tenon_query::{Action, Aggregate, Answer, Params, Read};
use tenon_store::Store;
use tenon_value::Value;

use super::door::Failure;

/// A model with the rights of one principal.
pub(super) struct Sight {
    pub(super) model: Arc<Model>,
    pub(super) policy: Policy,
    pub(super) principal: Principal,
    /// Nothing is cut.
    whole: bool,
}

/// How much of the model is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// What may be read and written in it.
    Used,
    /// All of it, to who may change it.
    Kept,
}

impl Sight {
    pub(super) fn new(model: Arc<Model>, principal: Principal, extent: Extent) -> Arc<Self> {
        let policy = Policy::resolve(&model, &principal);
        let forgets = Place::Describe.is_off();
        let whole = forgets || policy.is_administrator() || (extent == Extent::Kept && policy.may_change_metadata());
        Arc::new(Self { model, policy, principal, whole })
    }

    pub(super) const fn is_whole(&self) -> bool {
        self.whole
    }

    pub(super) fn sees(&self, object: ObjectIx) -> bool {
        self.whole || self.policy.may(object, Action::Read)
    }

    pub(super) fn shows_field(&self, object: ObjectIx, field: &Field) -> bool {
        self.whole || self.policy.may_select_field(object, field.ix)
    }

    /// A relation is there if it may be read and one of its targets may be.
    pub(super) fn shows_relation(&self, object: ObjectIx, relation: &Relation) -> bool {
        let leads = relation.shape == RelationShape::Actor || relation.targets.iter().any(|target| self.sees(*target));
        self.whole || (leads && self.policy.may_select_relation(object, relation.ix))
    }

    /// A list is there if the relation that makes it is.
    pub(super) fn shows_edge(&self, here: ObjectIx, kind: EdgeKind, target: ObjectIx) -> bool {
        let read = match kind {
            EdgeKind::Children { object, relation } => self.policy.may_read_relation(object, relation),
            EdgeKind::Linked { link, .. } => {
                self.model.link(link).is_some_and(|link| self.policy.may_read_relation(link.source, link.relation))
            }
            EdgeKind::Descendants { relation } => self.policy.may_read_relation(here, relation),
        };
        self.whole || (read && self.sees(target))
    }

    /// A name of files: a field, a relation or a list that is there.
    pub(super) fn shows_name(&self, object: &Object, name: &str) -> bool {
        let field = object.field_named(name).is_some_and(|field| self.shows_field(object.ix, field));
        let relation = || object.relation_named(name).is_some_and(|relation| self.shows_relation(object.ix, relation));
        let edge = || object.edge_named(name).is_some_and(|edge| self.shows_edge(object.ix, edge.kind, edge.target));
        self.whole || field || relation() || edge()
    }

    /// Keys are asked in clear.
    pub(super) fn shows_key(&self, object: ObjectIx, parts: &[UniquePart]) -> bool {
        self.whole
            || parts.iter().all(|part| match part {
                UniquePart::Field(field) => self.policy.may_read_field(object, *field),
                UniquePart::Relation(relation) => self.policy.may_read_relation(object, *relation),
            })
    }

    /// Whether anything may be written at all in records of an object.
    pub(super) fn writes(&self, object: ObjectIx) -> bool {
        self.policy.may_verb(object, Verb::Create) || self.policy.may_verb(object, Verb::Update)
    }

    pub(super) fn field_right(&self, object: ObjectIx, field: &Field) -> FieldRight {
        self.policy.field_right(object, field.ix)
    }

    /// How many records there are, as far as they may be seen; none where the object may not be read at all.
    pub(super) async fn count(&self, store: &Store, cx: &OpContext, object: ObjectIx) -> Result<u64, Failure> {
        let Ok(table) = self.policy.table(&self.model, object, Action::Read, Place::Describe) else { return Ok(0) };
        let read = Aggregate::counting(table, None);
        let failed = |error: tenon_store::StoreError| Failure::from(error.problem());
        let mut cx = cx.clone();
        (cx.model, cx.principal) = (Arc::clone(&self.model), self.principal.clone());
        let prepared = store.prepare(&self.model, Read::Aggregate(read)).map_err(failed)?;
        let Answer::Groups(groups) = store.read(&cx, &prepared, &Params::default()).await.map_err(failed)? else { return Ok(0) };
        let counted = groups.first().and_then(|group| group.measures.first());
        Ok(match counted {
            Some(Value::Int(count)) => u64::try_from(*count).unwrap_or_default(),
            _ => 0,
        })
    }

    /// Whether a role is known to this principal: to who gives rights all are, to others what they hold.
    pub(super) fn knows_role(&self, role: &tenon_model::Role) -> bool {
        let gives = self.whole || self.policy.may_special(tenon_model::Special::Users);
        gives || (role.state == State::Active && self.principal.has_role(role.name.as_str()))
    }
}
