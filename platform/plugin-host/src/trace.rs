//! A call written down whole: how it began, what it asked and was told, and what came of it. Enough to run it again on any machine,
//! with nothing but the component.
//!
//! Invariant: a trace names no tenant and holds no secret; it does hold the records the call was given, so who reads it must be
//! allowed to read those.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use tenon_hooks::Phase;
use tenon_value::{DateTime, Uuid};

use crate::LoadError;
use crate::fault::Broken;
use crate::invoke::Called;
use crate::limits::{CallLimits, Size};
use crate::since_1::{Error, Question, Said};
use crate::state::Beginning;
use crate::tape::Heard;
use crate::{title, words};

/// The format, and its major.
const FORMAT: &str = "tenon/trace@1";

/// How a call begins, as far as a guest can tell.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Opening {
    /// Business time, in milliseconds since 1970, and the day in the tenant's zone, in days.
    pub now: i64,
    pub today: i32,
    /// From which its random numbers follow.
    pub seed: String,
    pub acting: bool,
    /// Levels of plugins that may still stand below.
    pub depth: u32,
    pub limits: CallLimits,
    /// The fuel it was given.
    pub fuel: u64,
}

impl Opening {
    pub(crate) fn of(begun: &Beginning, fuel: u64) -> Self {
        Self {
            now: begun.clock.0.millis(),
            today: begun.clock.1.days(),
            seed: hex::encode(begun.seed),
            acting: begun.acting,
            depth: begun.depth,
            limits: begun.limits.clone(),
            fuel,
        }
    }
}

/// What came of a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It answered.
    Said(Box<RawValue>),
    /// It refused, or failed in its author's words.
    Error(Box<RawValue>),
    /// It broke.
    Fault { limit: Option<String>, detail: String },
    /// It answered what the host cannot use, and what that was is not kept: it follows from the rest.
    Unread,
}

impl Outcome {
    /// None where the transaction ended under it, or it never ran: nothing of that is the guest's.
    pub(crate) fn of(said: &Result<Result<Said, Error>, Broken>) -> Option<Self> {
        match said {
            Ok(Ok(said)) => to_raw_value(said).ok().map(Self::Said),
            Ok(Err(error)) => to_raw_value(error).ok().map(Self::Error),
            Err(Broken::Fault { limit, detail }) => Some(Self::Fault { limit: limit.map(str::to_owned), detail: detail.clone() }),
            Err(Broken::Stopped | Broken::Busy) => None,
        }
    }

    /// Its kind, and what it says.
    pub(crate) fn parts(&self) -> (&'static str, String) {
        match self {
            Self::Said(json) => ("answered", json.get().to_owned()),
            Self::Error(json) => ("refused", json.get().to_owned()),
            Self::Fault { limit: Some(limit), .. } => ("broke", format!("at the limit `{limit}`")),
            Self::Fault { limit: None, detail } => ("broke", detail.clone()),
            Self::Unread => ("answered", "what cannot be used".to_owned()),
        }
    }
}

/// Why an answer could not be used.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Judged {
    pub limit: Option<String>,
    pub detail: String,
}

/// A call, written down.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    format: String,
    /// What it is asked for by.
    pub id: String,
    /// The package, and its version then.
    pub package: String,
    /// See [`Trace::package`].
    pub version: String,
    /// SHA-256 of its component, in hexadecimal.
    pub component: String,
    #[serde(with = "words::size")]
    pub(crate) size: Size,
    /// Business time of the call, in milliseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// The request it happened in.
    pub request: String,
    #[serde(with = "words::phase")]
    pub(crate) phase: Phase,
    /// The object, or the function that was called.
    pub about: String,
    /// What happens to records; of a function nothing.
    pub operation: String,
    pub(crate) opening: Opening,
    pub(crate) question: Question,
    pub(crate) tape: Vec<Heard>,
    /// Whether the tape holds everything. What does not cannot be run to its end.
    pub whole: bool,
    pub(crate) outcome: Outcome,
    /// What the host says of the answer, where it cannot be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) judged: Option<Judged>,
    pub(crate) lines: Vec<(String, String)>,
    /// The fuel it used.
    pub spent: u64,
}

/// What a trace is about.
pub(crate) struct About<'a> {
    /// Name and version.
    pub title: &'a str,
    pub component: String,
    pub size: Size,
    pub at: DateTime,
    pub request: &'a str,
    pub phase: Phase,
    pub about: &'a str,
    pub operation: &'a str,
}

impl Trace {
    /// A call that ended, and what the host says of it.
    pub(crate) fn new(
        about: About<'_>,
        (opening, question): (Opening, Question),
        called: &mut Called,
        (outcome, judged): (Outcome, Option<Judged>),
    ) -> Self {
        let (tape, whole) = std::mem::take(&mut called.tape);
        let (package, version) = title::parts(about.title);
        Self {
            format: FORMAT.to_owned(),
            id: Uuid::now_v7().simple().to_string(),
            package: package.to_owned(),
            version: version.to_owned(),
            component: about.component,
            size: about.size,
            at: about.at.millis(),
            request: about.request.to_owned(),
            phase: about.phase,
            about: about.about.to_owned(),
            operation: about.operation.to_owned(),
            opening,
            question,
            tape,
            whole,
            outcome,
            judged,
            lines: called.lines.iter().map(|(level, line)| ((*level).to_owned(), line.clone())).collect(),
            spent: called.fuel,
        }
    }

    /// A trace out of its file.
    ///
    /// # Errors
    /// Where this is none, or one of another major.
    pub fn read(json: &str) -> Result<Self, LoadError> {
        let trace: Self = serde_json::from_str(json).map_err(|error| LoadError::NotATrace(error.to_string()))?;
        if trace.format == FORMAT {
            Ok(trace)
        } else {
            Err(LoadError::NotATrace(format!("its format is `{}`, not `{FORMAT}`", trace.format)))
        }
    }

    /// The file.
    #[must_use]
    pub fn json(&self) -> String {
        // Everything in it is text, numbers and lists.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// The word of its phase.
    #[must_use]
    pub const fn phase(&self) -> &'static str {
        self.phase.word()
    }

    /// The limit it broke at, where it was one.
    #[must_use]
    pub fn limit(&self) -> Option<&str> {
        match (&self.judged, &self.outcome) {
            (Some(Judged { limit, .. }), _) | (None, Outcome::Fault { limit, .. }) => limit.as_deref(),
            _ => None,
        }
    }

    /// The fuel it was given.
    #[must_use]
    pub const fn budget(&self) -> u64 {
        self.opening.fuel
    }

    /// What came of it, for people.
    #[must_use]
    pub fn words(&self) -> String {
        let (what, detail) = self.outcome.parts();
        match &self.judged {
            Some(Judged { detail: judged, .. }) => format!("{what}: {detail}; {judged}"),
            None => format!("{what}: {detail}"),
        }
    }
}
