//! How a plugin can break, and which limit that was.

use tenon_hooks::{Fault, HookError};
use wasmtime::Trap;

/// What the sandbox says when more than [`output`](crate::CallLimits::output) bytes come out; its type is private.
const OUTPUT_EXHAUSTED: &str = "fuel allocated for hostcalls has been exhausted";

/// What the sandbox says to who takes more handles than [`HANDLES_MAX`](crate::limits::HANDLES_MAX); it has no type.
const HANDLES_EXHAUSTED: &str = "store handle limit exceeded";

/// Why a call gave no answer.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The plugin broke: which limit, if it was one, and what operators should know.
    Fault {
        /// The limit's word.
        limit: Option<&'static str>,
        /// For operators.
        detail: String,
    },
    /// The transaction ended under it.
    Stopped,
    /// There is no slot to run in.
    Busy,
}

impl Broken {
    /// An answer that does not fit the contract.
    pub(crate) fn answer(detail: impl Into<String>) -> Self {
        Self::Fault { limit: None, detail: detail.into() }
    }

    /// A limit that was crossed.
    pub(crate) fn limit(limit: &'static str, detail: impl Into<String>) -> Self {
        Self::Fault { limit: Some(limit), detail: detail.into() }
    }

    /// What it is, for operators.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Fault { limit: Some(limit), detail } => format!("limit `{limit}`: {detail}"),
            Self::Fault { limit: None, detail } => detail.clone(),
            Self::Stopped => "the transaction ended".to_owned(),
            Self::Busy => "there is no slot to run in".to_owned(),
        }
    }

    /// What ended the guest. One that was denied something ends as it likes, so that is asked first.
    pub(crate) fn trap(error: &wasmtime::Error, crossed: Option<&'static str>) -> Self {
        let detail = format!("{error:?}");
        let limit = match error.downcast_ref::<Trap>() {
            _ if crossed.is_some() => crossed,
            Some(Trap::OutOfFuel) => Some("fuel"),
            Some(Trap::StackOverflow) => Some("stack"),
            _ if detail.contains(OUTPUT_EXHAUSTED) => Some("output"),
            _ if detail.contains(HANDLES_EXHAUSTED) => Some("handles"),
            _ => None,
        };
        Self::Fault { limit, detail }
    }

    /// The error of that plugin.
    pub(crate) fn of(self, package: String) -> HookError {
        match self {
            Self::Fault { limit, detail } => HookError::Fault(Fault { package, limit, detail }),
            Self::Stopped => HookError::Stopped,
            Self::Busy => HookError::Busy,
        }
    }
}
