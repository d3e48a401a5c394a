//! What a hook is asked, and what it answers.

use async_trait::async_trait;
use tenon_context::OpContext;
use tenon_model::{FieldIx, Model, ObjectIx};
use tenon_query::Record;
use tenon_value::Value;

use crate::{HookError, Refusal};

/// The moments of a save at which plugins are asked. The others of the contract come with their pipeline steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Before the write transaction: may patch and refuse, may not write.
    BeforeSave,
}

impl Phase {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::BeforeSave];

    /// The word in manifests and logs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::BeforeSave => "before_save",
        }
    }

    /// The phase of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.word() == word)
    }

    /// True where the phase is passed by this operation: one that is not can be subscribed to by nobody.
    #[must_use]
    pub const fn has(self, operation: Operation) -> bool {
        match self {
            Self::BeforeSave => matches!(operation, Operation::Create | Operation::Update),
        }
    }
}

/// What happens to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A new record.
    Create,
    /// A change of one that is there.
    Update,
    /// Into the recycle bin.
    Delete,
    /// Out of the recycle bin.
    Restore,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Create, Self::Update, Self::Delete, Self::Restore];

    /// The word in manifests and logs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Restore => "restore",
        }
    }

    /// The operation of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.word() == word)
    }
}

/// One record of a save, before and after, as the plugin's rows are made from it.
#[derive(Clone, Debug)]
pub struct HookChange<'a> {
    /// As it is stored; none for a new record.
    pub old: Option<&'a Record>,
    /// As the caller wants it, defaults filled in.
    pub new: &'a Record,
    /// API names of the fields and relations that differ; of a new record those that hold something.
    pub changed: Vec<String>,
}

/// What became of one record, patches of all its plugins merged.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Nothing to say.
    Keep,
    /// Set these fields, then check the record as if the caller had written them.
    Patch(Vec<(FieldIx, Value)>),
    /// Do not save it. Never empty.
    Refuse(Vec<Refusal>),
}

/// Whoever runs plugins. One for the whole process; the context names the tenant.
#[async_trait]
pub trait Hooks: Send + Sync {
    /// Asked before every save, so that one nobody cares for pays nothing: no lock, no allocation.
    fn subscribes(&self, model: &Model, object: ObjectIx, phase: Phase, operation: Operation) -> bool;

    /// Asked outside the write transaction, once per save, object and operation, with all its records; again with
    /// fresh ones where a version moved meanwhile. The answer has one verdict per change, in their order.
    async fn before_save(
        &self,
        cx: &OpContext,
        object: ObjectIx,
        operation: Operation,
        changes: &[HookChange<'_>],
    ) -> Result<Vec<Verdict>, HookError>;
}
