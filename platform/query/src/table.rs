//! An object named in a plan, together with the proof that the principal may touch it, and which of its rows.

use std::sync::Arc;

use tenon_model::ObjectIx;

use crate::Predicate;

/// What is done to an object's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// See them: select, filter, order, group, count.
    Read,
    /// Make new ones.
    Create,
    /// Change them, link them.
    Update,
    /// Put them into the recycle bin.
    Delete,
    /// Take them out again.
    Restore,
    /// Remove them for good.
    Destroy,
    /// Let others see or change a single one.
    Share,
}

/// An object that may be named in a statement. SQL lowering accepts nothing else, wherever an object is named.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AuthorizedTable {
    object: ObjectIx,
    action: Action,
    rows: Option<Arc<Predicate>>,
}

impl AuthorizedTable {
    /// A table by decree. Only `access` may: a clippy fence and a tidy test keep everybody else out.
    #[must_use]
    pub const fn assume(object: ObjectIx, action: Action, rows: Option<Arc<Predicate>>) -> Self {
        Self { object, action, rows }
    }

    /// The object.
    #[must_use]
    pub const fn object(&self) -> ObjectIx {
        self.object
    }

    /// What it was authorized for.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }

    /// The rows the principal may touch; none: all of the tenant's.
    #[must_use]
    pub fn rows(&self) -> Option<&Predicate> {
        self.rows.as_deref()
    }
}
