//! What a hook is asked, and what it answers.

use std::sync::Arc;

use async_trait::async_trait;
use tenon_context::OpContext;
use tenon_model::{FieldIx, Model, ObjectIx};
use tenon_query::{Call, Called, Record};
use tenon_value::{TenantId, Value};

use crate::{Desk, HookError, Offers, Refusal, Tree};

/// The moments of a save at which plugins are asked. The others of the contract come with their pipeline steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Inside the transaction, before the record is written: may patch, refuse and read, may not write.
    BeforeSave,
    /// After that: fields that are made of others of their record. May neither refuse, read nor write.
    Computed,
    /// Inside the transaction, after the records were written: may refuse, read and write.
    AfterSave,
    /// Inside the transaction, before records go to the recycle bin: may refuse and read.
    BeforeDelete,
    /// Inside the transaction, after they went: may refuse, read and write.
    AfterDelete,
    /// Called by name for somebody who waits, inside his transaction: may refuse, read and write.
    Action,
    /// Called by name for somebody who waits, in no transaction: may refuse and read.
    Query,
    /// Called by name for nobody who waits, a transaction for each step: may refuse, read and write.
    Job,
    /// After the commit, in a transaction of its own: may refuse, read, write and call out.
    Event,
    /// Called from outside by HTTP, in a transaction of its own: may refuse, read, write and call out.
    Endpoint,
    /// Its package comes, grows or goes, inside the transaction of that or a step after it: may refuse, read and write.
    Lifecycle,
}

impl Phase {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::BeforeSave,
        Self::Computed,
        Self::AfterSave,
        Self::BeforeDelete,
        Self::AfterDelete,
        Self::Action,
        Self::Query,
        Self::Job,
        Self::Event,
        Self::Endpoint,
        Self::Lifecycle,
    ];

    /// Those that records go through, and that can be subscribed to.
    pub const OF_RECORDS: [Self; 5] = [Self::BeforeSave, Self::AfterSave, Self::BeforeDelete, Self::AfterDelete, Self::Event];

    /// The word in manifests and logs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::BeforeSave => "before_save",
            Self::Computed => "computed",
            Self::AfterSave => "after_save",
            Self::BeforeDelete => "before_delete",
            Self::AfterDelete => "after_delete",
            Self::Action => "action",
            Self::Query => "query",
            Self::Job => "job",
            Self::Event => "event",
            Self::Endpoint => "endpoint",
            Self::Lifecycle => "lifecycle",
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
            Self::BeforeSave | Self::Computed => matches!(operation, Operation::Create | Operation::Update),
            Self::AfterSave => matches!(operation, Operation::Create | Operation::Update | Operation::Restore),
            Self::BeforeDelete | Self::AfterDelete => matches!(operation, Operation::Delete),
            Self::Action | Self::Query | Self::Job | Self::Endpoint | Self::Lifecycle => false,
            Self::Event => true,
        }
    }

    /// True where plugins have a part of the transaction of their own, whose writes are undone where they fail, and share its time.
    #[must_use]
    pub const fn is_within(self) -> bool {
        !matches!(self, Self::BeforeSave | Self::Computed | Self::Query)
    }

    /// True where a plugin may write.
    #[must_use]
    pub const fn writes(self) -> bool {
        !matches!(self, Self::BeforeSave | Self::Computed | Self::BeforeDelete | Self::Query)
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

/// What plugins are asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// At which moment.
    pub phase: Phase,
    /// Of which object.
    pub object: ObjectIx,
    /// What happens to the records.
    pub operation: Operation,
    /// The records.
    pub changes: &'a [HookChange<'a>],
}

/// What a mutation is to the plugins in it: how much they may use together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// Records are saved.
    #[default]
    Save,
    /// A plugin was called, and somebody waits.
    Action,
    /// A step of a plugin's job.
    Job,
}

/// Whoever runs plugins. One for the whole process; the context names the tenant.
#[async_trait]
pub trait Hooks: Send + Sync {
    /// Asked before every save, so that one nobody cares for pays nothing: no lock, no allocation. Of those that the mutation
    /// of this tree began with.
    fn subscribes(&self, model: &Model, moment: (ObjectIx, Phase, Operation), tree: &Tree) -> bool;

    /// Called once per mutation before it takes a connection: what its plugins will share. May wait for room; later
    /// nobody waits for any while holding a transaction.
    ///
    /// # Errors
    /// `Busy` where all room stays taken.
    async fn enter(&self, cx: &OpContext, pace: Pace) -> Result<Tree, HookError> {
        let _: (&OpContext, Pace) = (cx, pace);
        Ok(Tree::default())
    }

    /// What the plugins of a tenant offer to be called. Asked with every request, so it costs nothing.
    fn offers(&self, tenant: TenantId) -> Arc<Offers> {
        let _: TenantId = tenant;
        Arc::default()
    }

    /// The same, as the mutation of a tree began with it.
    fn offered_in(&self, tenant: TenantId, tree: &Tree) -> Arc<Offers> {
        let _: &Tree = tree;
        self.offers(tenant)
    }

    /// Calls a function of a plugin: a query outside any transaction, everything else inside one.
    async fn call(&self, cx: &OpContext, call: &Call, tree: &Tree, desk: &mut dyn Desk) -> Result<Called, HookError> {
        let _: (&OpContext, &Tree, &mut dyn Desk) = (cx, tree, desk);
        Err(HookError::NotOffered(format!("{}.{}", call.package, call.name)))
    }

    /// Asks all who subscribe, in their order, with all records of one object and operation, inside the transaction. The
    /// answer has one verdict per change, in their order; only `BeforeSave` patches.
    async fn ask(&self, cx: &OpContext, asked: Asked<'_>, tree: &Tree, desk: &mut dyn Desk) -> Result<Vec<Verdict>, HookError>;
}
