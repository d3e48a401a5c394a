//! Reads of identity itself, as Tenon: a member's own record, and where he stands in the organisation.
//!
//! Invariant: what is read here decides rights, and reaches no caller.

use tenon_access::{Place, Policy};
use tenon_context::{OpContext, Principal};
use tenon_model::{Object, ObjectIx, Part, system};
use tenon_query::{Action, Answer, AuthorizedTable, Deleted, Output, Params, Predicate, Read, RefOp, Row, Select, Slot, Window};
use tenon_store::{Store, StoreError};
use tenon_value::{Uuid, Value};

/// Records that one fact names at most; beyond it the fact does not resolve.
pub(crate) const FACT_IDS_MAX: usize = 10_000;
/// Trees asked for in one statement.
const ROOTS_AT_ONCE: usize = 20;

/// Reads one tenant's records with every right.
pub(crate) struct Reader<'a> {
    store: &'a Store,
    cx: &'a OpContext,
    policy: Policy,
}

impl<'a> Reader<'a> {
    /// Reads within this context, which must be Tenon's own.
    pub(crate) fn new(store: &'a Store, cx: &'a OpContext) -> Self {
        Self { store, cx, policy: Policy::resolve(&cx.model, &Principal::system()) }
    }

    pub(crate) fn object(&self, name: &str) -> Option<&'a Object> {
        self.cx.model.object_named(name)
    }

    pub(crate) fn table(&self, object: ObjectIx) -> Result<AuthorizedTable, StoreError> {
        self.policy.table(&self.cx.model, object, Action::Read, Place::Root).map_err(|_| StoreError::Plan("an object that is not in use"))
    }

    /// The live records a filter selects.
    pub(crate) async fn rows(
        &self,
        object: ObjectIx,
        filter: impl FnOnce(&mut Params) -> Predicate,
        slots: Vec<Slot>,
    ) -> Result<Vec<Row>, StoreError> {
        let mut params = Params::default();
        let filter = Some(filter(&mut params));
        let output = Output { slots, ..Output::default() };
        let table = self.table(object)?;
        let select = Select { table, filter, deleted: Deleted::Exclude, order: Vec::new(), window: Window::All, output, count: None };
        let prepared = self.store.prepare(&self.cx.model, Read::Select(select))?;
        match self.store.read(self.cx, &prepared, &params).await? {
            Answer::Page(page) => Ok(page.rows),
            Answer::Groups(_) => Err(StoreError::Plan("groups of a select")),
        }
    }

    /// The ids a filter selects.
    pub(crate) async fn ids(&self, object: ObjectIx, filter: impl FnOnce(&mut Params) -> Predicate) -> Result<Vec<Uuid>, StoreError> {
        Ok(self.rows(object, filter, Vec::new()).await?.iter().map(|row| row.id).collect())
    }

    /// These records of a tree and everything below them.
    pub(crate) async fn below(&self, object: &Object, roots: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
        let Some(relation) = object.tree else { return Ok(roots.to_vec()) };
        let table = self.table(object.ix)?;
        let mut found = Vec::new();
        for some in roots.chunks(ROOTS_AT_ONCE) {
            let ids = self.ids(object.ix, |params| {
                let within = |root: &Uuid| Predicate::Within {
                    table: table.clone(),
                    relation,
                    root: params.push(Value::Id(*root)),
                    inclusive: true,
                };
                Predicate::Any(some.iter().map(within).collect())
            });
            found.extend(ids.await?);
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// The ids of an object's records that point to this one by a to-one relation of this name.
    pub(crate) async fn pointing(&self, object: &Object, relation: &str, to: Uuid) -> Result<Vec<Uuid>, StoreError> {
        let Some(relation) = object.relation_named(relation) else { return Ok(Vec::new()) };
        self.ids(object.ix, |params| Predicate::Ref { relation: relation.ix, op: RefOp::Eq(params.push(Value::Id(to))) }).await
    }
}

/// The record with this id.
pub(crate) fn by_id(params: &mut Params, id: Uuid) -> Predicate {
    Predicate::equals(system::ID, Part::Whole, params.push(Value::Id(id)))
}
