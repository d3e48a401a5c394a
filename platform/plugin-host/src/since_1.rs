//! The contract `tenon:plugin@1`, and how our values travel through it.
//!
//! Invariant: the only place that knows the contract's types. A second major gets a file of its own beside this one.

mod incoming;
mod outgoing;

use tenon_value::{Date, DateTime};
use wasmtime::component::{HasSelf, Linker};

use crate::state::CallState;

pub(crate) use incoming::{Answer, answer};
pub(crate) use outgoing::{Row, row, size};

#[expect(clippy::allow_attributes, reason = "which of these are met depends on the generator's version")]
#[allow(
    missing_docs,
    unreachable_pub,
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
        world: "hooks",
        exports: { default: async },
    });
}

pub(crate) use generated::exports::tenon::plugin::record_hooks::{Change, Error, Operation, Verdict};
pub(crate) use generated::tenon::plugin::types;
pub(crate) use generated::{Hooks, HooksPre};

use generated::tenon::plugin::{clock, log};

/// The package of the contract, and its major.
pub(crate) const PACKAGE: &str = "tenon:plugin";
/// See [`PACKAGE`].
pub(crate) const MAJOR: &str = "1";
/// The minors this host knows.
pub(crate) const MINORS: std::ops::RangeInclusive<u32> = 0..=0;

/// What every plugin may import, by interface. `types` has no functions.
pub(crate) const GRANTED: [(&str, &[&str]); 3] = [("types", &[]), ("log", &["write"]), ("clock", &["now", "today"])];

/// Gives a linker the granted functions, and nothing else.
pub(crate) fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    Hooks::add_to_linker::<CallState, HasSelf<CallState>>(linker, |state| state)
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

impl types::Host for CallState {}

impl clock::Host for CallState {
    fn now(&mut self) -> i64 {
        DateTime::millis(self.now)
    }

    fn today(&mut self) -> i32 {
        Date::days(self.today)
    }
}

impl log::Host for CallState {
    fn write(&mut self, level: log::Level, message: String) {
        let Some(line) = self.keep(&message) else { return };
        let plugin = self.plugin.as_str();
        match level {
            log::Level::Debug => tracing::debug!(target: "tenon::plugin", plugin, "{line}"),
            log::Level::Info => tracing::info!(target: "tenon::plugin", plugin, "{line}"),
            log::Level::Warn => tracing::warn!(target: "tenon::plugin", plugin, "{line}"),
            log::Level::Error => tracing::error!(target: "tenon::plugin", plugin, "{line}"),
        }
    }
}
