//! How a plugin can break, and which limit that was.

use tenon_hooks::Fault;
use wasmtime::Trap;

/// What the sandbox says when more than [`output`](crate::CallLimits::output) bytes come out; its type is private.
const OUTPUT_EXHAUSTED: &str = "fuel allocated for hostcalls has been exhausted";

/// A plugin broke: which limit, if it was one, and what operators should know.
#[derive(Debug)]
pub(crate) struct Broken {
    pub limit: Option<&'static str>,
    pub detail: String,
}

impl Broken {
    /// An answer that does not fit the contract.
    pub(crate) fn answer(detail: impl Into<String>) -> Self {
        Self { limit: None, detail: detail.into() }
    }

    /// A limit that was crossed.
    pub(crate) fn limit(limit: &'static str, detail: impl Into<String>) -> Self {
        Self { limit: Some(limit), detail: detail.into() }
    }

    /// What ended the guest. One that was denied memory ends as it likes, so that is asked first.
    pub(crate) fn trap(error: &wasmtime::Error, memory_denied: bool) -> Self {
        let detail = format!("{error:?}");
        let limit = match error.downcast_ref::<Trap>() {
            _ if memory_denied => Some("memory"),
            Some(Trap::OutOfFuel) => Some("fuel"),
            Some(Trap::StackOverflow) => Some("stack"),
            _ if detail.contains(OUTPUT_EXHAUSTED) => Some("output"),
            _ => None,
        };
        Self { limit, detail }
    }

    /// The fault of that plugin.
    pub(crate) fn of(self, package: String) -> Fault {
        Fault { package, limit: self.limit, detail: self.detail }
    }
}
