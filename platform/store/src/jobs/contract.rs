//! What callers hand in and get back.

use tenon_context::{ActorKind, OpContext};
use tenon_value::{DateTime, Json, Locale, RequestId, Uuid};

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobState {
    /// What it works on is still being received.
    Receiving,
    /// It waits for its turn.
    Queued,
    /// A node is at it, or was when it died.
    Running,
    /// Somebody asked it to rest.
    Paused,
    /// It has ended well.
    Succeeded,
    /// It has ended otherwise.
    Failed,
    /// Somebody asked it to end.
    Cancelled,
    /// It was tried too often without getting any further.
    Dead,
}

impl JobState {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Receiving, Self::Queued, Self::Running, Self::Paused, Self::Succeeded, Self::Failed, Self::Cancelled, Self::Dead];

    /// The word in the store.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Dead => "dead",
        }
    }

    /// The state of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// The word outside: `WAITING RUNNING PAUSED DONE FAILED CANCELLED`.
    #[must_use]
    pub const fn outside(self) -> &'static str {
        match self {
            Self::Receiving | Self::Queued => "WAITING",
            Self::Running => "RUNNING",
            Self::Paused => "PAUSED",
            Self::Succeeded => "DONE",
            Self::Failed | Self::Dead => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// It will not go on unless somebody retries it.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled | Self::Dead)
    }
}

/// What somebody wants of a job that runs; it obeys at the border of its chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobAsk {
    /// Rest.
    Pause,
    /// End.
    Cancel,
}

impl JobAsk {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Cancel => "cancel",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Pause, Self::Cancel].into_iter().find(|ask| ask.word() == word)
    }
}

/// For whom a job runs: with the rights this principal has when it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobBy {
    /// What kind of principal.
    pub kind: ActorKind,
    /// Which.
    pub id: Uuid,
    /// What people read.
    pub display: String,
    /// In which language it is told what goes wrong.
    pub locale: Locale,
    /// The request that made the job.
    pub request: RequestId,
}

impl JobBy {
    /// Whoever a context stands for.
    #[must_use]
    pub fn of(cx: &OpContext) -> Self {
        let principal = &cx.principal;
        Self { kind: principal.kind, id: principal.id, display: principal.display.clone(), locale: cx.locale, request: cx.request.clone() }
    }

    /// Nobody in particular.
    #[must_use]
    pub fn system() -> Self {
        let (kind, display) = (ActorKind::System, "Tenon".to_owned());
        Self { kind, id: Uuid::nil(), display, locale: Locale::En, request: RequestId::generate() }
    }
}

/// A job to be done.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Its id, a new one.
    pub id: Uuid,
    /// Who carries it out: `import`, `export`, `batch`.
    pub kind: &'static str,
    /// What is to be done.
    pub payload: Json,
    /// How many steps there are, where that is known.
    pub total: Option<i64>,
    /// Not before this business time.
    pub due: Option<DateTime>,
    /// The same key again is the same job.
    pub key: Option<String>,
    /// It waits until [`crate::Store::job_received`].
    pub receiving: bool,
    /// For whom.
    pub by: JobBy,
}

impl NewJob {
    /// A job to be done as soon as may be, for the caller.
    #[must_use]
    pub fn new(cx: &OpContext, kind: &'static str, payload: Json) -> Self {
        Self { id: Uuid::now_v7(), kind, payload, total: None, due: None, key: None, receiving: false, by: JobBy::of(cx) }
    }
}

/// A lease: the right to go on with a job until it runs out or another has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobLease {
    /// The job.
    pub job: Uuid,
    /// The number of the lease.
    pub fence: i64,
    /// How long it lasts after each sign of life, in milliseconds.
    pub millis: i64,
}

/// How far a job has come, written with what it did.
#[derive(Clone, Debug, Default)]
pub struct JobProgress {
    /// Whatever its kind needs to go on.
    pub progress: Json,
    /// How many steps there are, where that is known by now.
    pub total: Option<i64>,
    /// Steps done.
    pub done: i64,
    /// Of these, how many failed.
    pub failed: i64,
    /// Pieces to be kept: kind, number, text.
    pub parts: Vec<(&'static str, i64, String)>,
}

/// How a lease ends.
#[derive(Clone, Debug)]
pub enum JobEnd {
    /// The job is done, with what came of it.
    Succeeded(Json),
    /// It cannot be done.
    Failed(Json),
    /// It was tried too often.
    Dead(Json),
    /// It rests, as somebody asked.
    Paused,
    /// It ends, as somebody asked.
    Cancelled,
    /// Another go, after so many milliseconds: what went wrong may pass.
    Again(Json, i64),
    /// Handed back: this node ends.
    HandedBack,
    /// What it waits for has not come to pass: looked at again after so many milliseconds, which is no try.
    NotYet(i64),
}

/// A job as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredJob {
    /// Its id.
    pub id: Uuid,
    /// Who carries it out.
    pub kind: String,
    /// Where it stands.
    pub state: JobState,
    /// What somebody wants of it.
    pub asked: Option<JobAsk>,
    /// What is to be done.
    pub payload: Json,
    /// How far it has come.
    pub progress: Json,
    /// What came of it.
    pub result: Option<Json>,
    /// What went wrong, last.
    pub error: Option<Json>,
    /// Steps in all.
    pub total: Option<i64>,
    /// Steps done.
    pub done: i64,
    /// Of these, how many failed.
    pub failed: i64,
    /// How often it was begun since it last got any further.
    pub attempts: i64,
    /// The number of its last lease.
    pub fence: i64,
    /// For whom.
    pub by: JobBy,
    /// When it was made, machine time.
    pub created_at: DateTime,
    /// When it was first begun.
    pub started_at: Option<DateTime>,
    /// When it ended.
    pub finished_at: Option<DateTime>,
}
