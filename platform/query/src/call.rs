//! Functions of a plugin that are called by name: queries, and inside a transaction actions, jobs, events, endpoints.

use tenon_value::Json;

/// What kind of function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallKind {
    /// Somebody asked for it, and waits for its answer.
    Action,
    /// Somebody asked for it, and it only reads. In no transaction.
    Query,
    /// It was left to be done later; each call is one step of it.
    Job,
    /// It hears of what was saved. Named by the object; the input is the rest of the event.
    Event,
    /// Somebody called from outside by HTTP; the input is the request.
    Endpoint,
    /// Its package comes, grows or goes. Named by the moment; the input of an upgrade says `from` which version.
    Lifecycle,
}

impl CallKind {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Action, Self::Query, Self::Job, Self::Event, Self::Endpoint, Self::Lifecycle];

    /// The kind of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The word in logs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Query => "query",
            Self::Job => "job",
            Self::Event => "event",
            Self::Endpoint => "endpoint",
            Self::Lifecycle => "lifecycle",
        }
    }
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What kind of function.
    pub kind: CallKind,
    /// The package whose function it is.
    pub package: String,
    /// Its name there.
    pub name: String,
    /// What it is given: the members an action or a query declares, whatever a job was left with.
    pub input: Json,
    /// Where a job's step before this one has come to.
    pub cursor: Option<String>,
}

/// What a call gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Called {
    /// It is done.
    Done(Json),
    /// A job goes on from here, in a transaction of its own.
    GoesOn(String),
}
