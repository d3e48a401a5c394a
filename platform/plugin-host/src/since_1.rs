//! The contract `tenon:plugin@1`, and how our values travel through it.
//!
//! Invariant: the only place that knows the contract's types. A second major gets a file of its own beside this one.

mod calling_out;
mod exports;
mod imports;
mod incoming;
mod outgoing;
mod outward;

use wasmtime::component::{HasSelf, Linker};

use crate::state::CallState;
use crate::tape::Cue;

pub(crate) use exports::{Question, Ready, Said};
pub(crate) use incoming::{Answer, answer, incoming, refused};
pub(crate) use outgoing::{Row, is_shown, made_of, row, size, size_of_made};

#[expect(clippy::allow_attributes, reason = "which of these are met depends on the generator's version")]
#[allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::all,
    clippy::pedantic,
    clippy::too_many_arguments,
    clippy::uninlined_format_args,
    clippy::str_to_string,
    clippy::unwrap_used,
    reason = "generated from sdk/wit"
)]
mod generated {
    wasmtime::component::bindgen!({
        path: "../../sdk/wit",
        world: "moments",
        imports: {
            "tenon:plugin/acting": trappable,
            "tenon:plugin/config": async | trappable,
            "tenon:plugin/http": async | trappable,
            "tenon:plugin/jobs": async | trappable,
            "tenon:plugin/kv": async | trappable,
            "tenon:plugin/records-bulk": async | trappable,
            "tenon:plugin/records-read": async | trappable,
            "tenon:plugin/records-write": async | trappable,
            "tenon:plugin/random": trappable,
            "tenon:plugin/secrets": async | trappable,
        },
        exports: { default: async },
        // So that a call can be kept and run again.
        additional_derives: [serde::Serialize, serde::Deserialize],
    });
}

pub(crate) use generated::exports::tenon::plugin::computed_hooks::Row as Made;
pub(crate) use generated::exports::tenon::plugin::record_hooks::{Change, Error, Operation, Verdict};
pub(crate) use generated::tenon::plugin::types;

/// The package of the contract, and its major.
pub(crate) const PACKAGE: &str = "tenon:plugin";
/// See [`PACKAGE`].
pub(crate) const MAJOR: &str = "1";
/// The minors this host knows.
pub(crate) const MINORS: std::ops::RangeInclusive<u32> = 0..=0;

/// The interface that the host serves by hand, for it looks at the fuel.
const LIMITS: &str = "tenon:plugin/limits@1.0.0";

/// What every plugin may import, by interface. `types` has no functions.
pub(crate) const GRANTED: [(&str, &[&str]); 15] = [
    ("types", &[]),
    ("acting", &["as-itself"]),
    ("clock", &["now", "today"]),
    ("config", &["get"]),
    ("crypto", &["sha256", "hmac-sha256"]),
    ("http", &["send"]),
    ("jobs", &["start", "cancel"]),
    ("kv", &["get", "scan", "set", "delete", "add", "swap"]),
    ("limits", &["remaining"]),
    ("log", &["write"]),
    ("random", &["bytes"]),
    ("records-bulk", &["create-many", "update-many"]),
    ("records-read", &["get", "query"]),
    ("records-write", &["get-for-update", "lock", "create", "update", "update-where", "create-or-get", "delete", "next-number"]),
    ("secrets", &["is-set", "hmac", "verify", "sign", "encrypt", "decrypt"]),
];

/// The interface that a component calls such as `tenon:plugin/log@1.2.0`, if it is one of those.
pub(crate) fn interface(called: &str) -> Option<(&'static str, &'static [&'static str])> {
    let (path, version) = called.split_once('@')?;
    let name = path.strip_prefix(PACKAGE)?.strip_prefix('/')?;
    let is_ours = version.split('.').next()? == MAJOR;
    GRANTED.into_iter().find(|(granted, _)| is_ours && *granted == name)
}

/// Gives a linker the granted functions, and nothing else.
pub(crate) fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    generated::Moments::add_to_linker::<CallState, HasSelf<CallState>>(linker, |state| state)?;
    linker.instance(LIMITS)?.func_wrap("remaining", |mut store: wasmtime::StoreContextMut<'_, CallState>, (): ()| {
        let fuel = store.get_fuel()?;
        let (function, state) = ("limits#remaining", store.data_mut());
        match state.cue(function, &())? {
            Cue::Told(told) => told,
            Cue::Ask(asked) => {
                let (wall, [queries, rows, writes, log_bytes, depth]) = state.left();
                let told = Ok((types::Budget { fuel, wall, queries, rows, writes, log_bytes, depth },));
                state.keep_heard(function, asked, &told);
                told
            }
        }
    })
}

/// An operation as the contract has it.
pub(crate) const fn operation(operation: tenon_hooks::Operation) -> Operation {
    match operation {
        tenon_hooks::Operation::Create => Operation::Create,
        tenon_hooks::Operation::Update => Operation::Update,
        tenon_hooks::Operation::Delete => Operation::Delete,
        tenon_hooks::Operation::Restore => Operation::Restore,
    }
}
