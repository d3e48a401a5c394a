//! What a guest asked of the host in one call, and was told, in order: kept while the call runs, and played in the host's place where
//! the call is run again.
//!
//! Invariants: kept is exactly what crossed the border of the guest, so a secret is on no tape; a tape that is played answers nothing
//! but the question it was recorded with. Clock, chance, digests and log follow from how a call begins, and need no tape.

use std::collections::VecDeque;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use wasmtime::Error;

use crate::limits::TAPE_BYTES_MAX;
use crate::state::CallState;

/// One question and its answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Heard {
    /// `kv#get`.
    pub function: String,
    pub asked: Box<RawValue>,
    pub told: Told,
}

/// How the host answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Told {
    /// By an answer or a problem.
    Answer(Box<RawValue>),
    /// By the end of the call: the limit that was crossed, where it was one.
    End(String),
}

/// The tape of a call.
pub(crate) enum Tape {
    /// Being recorded.
    Records {
        heard: Vec<Heard>,
        /// Bytes that still go on it.
        room: usize,
    },
    /// Played; where the guest strays from what is on it, how.
    Plays { heard: VecDeque<Heard>, strayed: Option<String> },
}

/// What a tape has for a question.
pub(crate) enum Cue<T> {
    /// It was recorded.
    Told(wasmtime::Result<T>),
    /// The host is to be asked, and then [`CallState::keep`].
    Ask(Box<RawValue>),
}

impl Tape {
    /// An empty one.
    pub(crate) const fn new() -> Self {
        Self::Records { heard: Vec::new(), room: TAPE_BYTES_MAX }
    }

    /// What is on it, and whether that is all.
    pub(crate) fn recorded(&mut self) -> (Vec<Heard>, bool) {
        match self {
            Self::Records { heard, room } => (std::mem::take(heard), *room > 0),
            Self::Plays { .. } => (Vec::new(), false),
        }
    }

    /// How the guest strayed from what is played.
    pub(crate) fn strayed(&mut self) -> Option<String> {
        if let Self::Plays { strayed, .. } = self { strayed.take() } else { None }
    }
}

impl CallState {
    /// The recorded answer to a question where the tape is played; else the question, to be kept with its answer.
    pub(crate) fn cue<T: DeserializeOwned>(&mut self, function: &str, asked: &impl Serialize) -> wasmtime::Result<Cue<T>> {
        let asked = match &self.tape {
            // Nothing goes on a full tape, so nothing is made for it.
            Tape::Records { room: 0, .. } => Box::default(),
            _ => to_raw_value(asked)?,
        };
        let Tape::Plays { heard, strayed } = &mut self.tape else { return Ok(Cue::Ask(asked)) };
        let now = format!("{function} {asked}");
        let Some(Heard { function: recorded, asked: before, told }) = heard.pop_front() else {
            return Err(stray(strayed, format!("it asks {now}, where it asked nothing more")));
        };
        if recorded != function || before.get() != asked.get() {
            return Err(stray(strayed, format!("it asks {now}, where it asked {recorded} {before}")));
        }
        Ok(Cue::Told(match told {
            Told::Answer(json) => serde_json::from_str(json.get()).map_err(Error::from),
            Told::End(limit) => Err(self.end_at(&limit)),
        }))
    }

    /// Keeps a question with its answer.
    pub(crate) fn keep_heard<T: Serialize>(&mut self, function: &str, asked: Box<RawValue>, told: &wasmtime::Result<T>) {
        let told = match told {
            Ok(told) => to_raw_value(told).map(Told::Answer),
            Err(_) => Ok(Told::End(self.crossed().unwrap_or_default().to_owned())),
        };
        let (Tape::Records { heard, room }, Ok(told)) = (&mut self.tape, told) else { return };
        let bytes = function.len() + asked.get().len() + if let Told::Answer(json) = &told { json.get().len() } else { 0 };
        *room = room.checked_sub(bytes).unwrap_or_default();
        if *room > 0 {
            heard.push(Heard { function: function.to_owned(), asked, told });
        }
    }
}

fn stray(strayed: &mut Option<String>, words: String) -> Error {
    let words = strayed.get_or_insert(words);
    Error::msg(format!("it strays from its recording: {words}"))
}

/// Answers from the tape where a call is run again; else asks the host, and keeps what it says.
macro_rules! taped {
    ($state:ident, $function:literal, $asked:expr, $answer:expr) => {{
        match $state.cue($function, &$asked)? {
            $crate::tape::Cue::Told(told) => told,
            $crate::tape::Cue::Ask(asked) => {
                let told: Told<_> = async { $answer }.await;
                $state.keep_heard($function, asked, &told);
                told
            }
        }
    }};
}

pub(crate) use taped;
