//! What a plugin may ask while it speaks: the pipeline's desk, at which every request is met by the law.
//!
//! `records` answers (inside its transaction, or outside for phases before it), `plugin-host` asks for the guest.
//! Invariants: a desk acts as the caller within the package's grant; it never commits; what it declines is told to the
//! plugin in the words of any other caller; what ends the transaction is never told, it stops the plugin.

use async_trait::async_trait;
use tenon_diagnostics::Problem;
use tenon_model::{FieldIx, ObjectIx, RelationIx};
use tenon_query::Record;
use tenon_value::{DateTime, Json, RecordId, Uuid, Value};

use crate::{Grant, HttpAsk, HttpReply, SecretValue};

/// For whom the desk acts, beside the caller.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// The package's name, without version.
    pub package: &'a str,
    /// What it was granted.
    pub grant: &'a Grant,
    /// It asks as itself: the caller's rights are not asked.
    pub itself: bool,
}

/// What a plugin wants a record to hold. What is absent is left alone, `Null` clears.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Fields.
    pub fields: Vec<(FieldIx, Value)>,
    /// To-one relations: which object and record, or nothing.
    pub relations: Vec<(RelationIx, Option<(ObjectIx, RecordId)>)>,
}

/// Whether a record is read or also locked until the transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// As it is.
    Plain,
    /// Nobody else writes it until this transaction ends.
    ForUpdate,
}

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// One record by its id.
    Get(ObjectIx, RecordId, Reading),
    /// A document of the data API, which is the text of the plan language, and its variables as JSON.
    Query(String, String),
    /// A lock by name, per tenant, until the transaction ends.
    Lock(String),
    /// A new record.
    Create(ObjectIx, Wanted),
    /// A change of a record, with the version that was seen.
    Update(ObjectIx, RecordId, Option<i64>, Wanted),
    /// The same change of every record that a filter of the data API (as JSON) selects, so many at most.
    UpdateWhere(ObjectIx, String, Wanted, usize),
    /// New records of one object, in one save.
    CreateMany(ObjectIx, Vec<Wanted>),
    /// Changes of records of one object, in one save.
    UpdateMany(ObjectIx, Vec<(RecordId, Wanted)>),
    /// The record that a unique key (by its name) finds with the values given, or a new one.
    CreateOrGet(ObjectIx, String, Wanted),
    /// Into the recycle bin, with the version that was seen.
    Delete(ObjectIx, RecordId, Option<i64>),
    /// The next number of a series of the package.
    NextNumber(String),
    /// Something of the package's own store of texts.
    Kv(KvAsk),
    /// A job of the package is to be done later.
    Start(Start),
    /// The job that waits under a key is not to be done.
    Cancel(String),
    /// The value of a setting of the package, as it was set in the tenant.
    Setting(String),
    /// A secret of the package, for the host alone.
    Secret(String),
    /// A call to a host outside, held to the package's grants already.
    Http(Box<HttpAsk>),
}

/// A request to the store of texts that each package has in each tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KvAsk {
    /// The text under a key.
    Get(String),
    /// Keys that begin so, after this one, so many at most, with their texts.
    List(String, Option<String>, usize),
    /// A text under a key, in the place of any other.
    Set(String, String),
    /// Nothing under a key.
    Delete(String),
    /// Adds to the whole number under a key (0 where there is none).
    Add(String, i64),
    /// A text (or nothing) under a key, where there is just this (or nothing) now.
    Swap(String, Option<String>, Option<String>),
}

/// A job to be done later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// Its name in the package.
    pub job: String,
    /// What it is left with.
    pub input: Json,
    /// Not before this business time.
    pub at: Option<DateTime>,
    /// What waits under the same key gives way.
    pub key: Option<String>,
}

impl Ask {
    /// Whether something may be written or locked, so that it is for a transaction.
    #[must_use]
    pub const fn writes(&self) -> bool {
        !matches!(
            self,
            Self::Get(_, _, Reading::Plain)
                | Self::Query(..)
                | Self::Kv(KvAsk::Get(_) | KvAsk::List(..))
                | Self::Setting(_)
                | Self::Secret(_)
                | Self::Http(_)
        )
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// A record as the caller sees it, or none. Withheld fields hold nothing.
    Record(Option<Box<Record>>),
    /// The data of a document as JSON, and how many rows it holds.
    Data(String, usize),
    /// A record was written (or found): its id, its version, whether it is new.
    Saved(RecordId, i64, bool),
    /// So many records were written.
    Count(usize),
    /// Records were made, in this order.
    Ids(Vec<RecordId>),
    /// The next number.
    Number(i64),
    /// The text under a key.
    Text(Option<String>),
    /// Keys and texts.
    Texts(Vec<(String, String)>),
    /// Whether it was so.
    Flag(bool),
    /// A job waits under this id.
    Started(Uuid),
    /// The value of a setting, where one was set.
    Setting(Option<Json>),
    /// A secret, where one was set.
    Secret(Option<SecretValue>),
    /// What a host answered.
    Http(Box<HttpReply>),
    /// Nothing to say.
    Done,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Declined {
    /// The plugin is told, and may go on.
    Told(Box<Problem>),
    /// The transaction cannot go on, and so the plugin cannot.
    Stopped,
}

/// What becomes of the writes since a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// They stay.
    Kept,
    /// They are undone.
    Undone,
}

/// Whoever answers plugins.
#[async_trait]
pub trait Desk: Send {
    /// Answers a request. Called any number of times while a plugin speaks, one at a time.
    async fn serve(&mut self, by: By<'_>, ask: Ask) -> Result<Given, Declined>;

    /// Called before each plugin of a phase inside the transaction: its writes from here on are one whole.
    async fn mark(&mut self) -> Result<(), Declined>;

    /// Called after it, once for each mark.
    async fn settle(&mut self, fate: Fate) -> Result<(), Declined>;
}

/// A desk at which nobody sits: for tests, and for phases that may not ask.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoDesk;

#[async_trait]
impl Desk for NoDesk {
    async fn serve(&mut self, _: By<'_>, _: Ask) -> Result<Given, Declined> {
        let problem = Problem::forbidden("phase", "records cannot be asked for here", "此处不能访问记录");
        Err(Declined::Told(Box::new(problem)))
    }

    async fn mark(&mut self) -> Result<(), Declined> {
        Ok(())
    }

    async fn settle(&mut self, _: Fate) -> Result<(), Declined> {
        Ok(())
    }
}
