//! What somebody wants to hear of: records of one object that he may see, and that a filter selects.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_model::ObjectIx;
use tenon_query::{AuthorizedTable, Params, Predicate};
use tenon_value::{RecordId, Value};

use crate::relay::SightKey;

/// What somebody wants to hear of.
#[derive(Clone, Debug)]
pub struct Interest {
    /// The object, with the rows he may see.
    pub table: AuthorizedTable,
    /// Which of these.
    pub filter: Option<Predicate>,
    /// The values of the filter.
    pub params: Params,
    /// One record only.
    pub id: Option<RecordId>,
}

impl Interest {
    /// The object.
    #[must_use]
    pub const fn object(&self) -> ObjectIx {
        self.table.object()
    }

    /// Everything of an object that he may see.
    #[must_use]
    pub fn all(table: AuthorizedTable) -> Self {
        Self { table, filter: None, params: Params::default(), id: None }
    }

    /// Those of equal keys see equally: equal rights, the same facts of who asks, the same filter.
    pub(super) fn key(&self, cx: &OpContext, policy: &Policy) -> SightKey {
        let mut hasher = DefaultHasher::new();
        (cx.model.version.0, policy.fingerprint(), self.table.object().0).hash(&mut hasher);
        self.filter.hash(&mut hasher);
        // Values have no hash of their own; their text tells them apart.
        format!("{:?}", self.params).hash(&mut hasher);
        if self.table.rows().is_some() {
            (cx.principal.id, format!("{:?}", cx.principal.standing)).hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// Whether an id is one of those by which records are shared with who asks.
pub(super) fn is_mine(cx: &OpContext, id: tenon_value::Uuid) -> bool {
    let of = |fact: tenon_model::Fact| match cx.principal.standing.get(fact) {
        Some(Value::Id(own)) => *own == id,
        Some(value) => value.elements().iter().any(|own| own.as_id() == Some(id)),
        None => false,
    };
    [tenon_model::Fact::Me, tenon_model::Fact::Teams, tenon_model::Fact::Queues].into_iter().any(of)
}
