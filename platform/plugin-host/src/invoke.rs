//! One call of one hook: an instance made, asked, measured and dropped.

use std::time::{Duration, Instant};

use wasmtime::{Engine, Store};

use crate::CallLimits;
use crate::fault::Broken;
use crate::limits::{FUEL_PER_SLICE, HANDLES_MAX};
use crate::since_1::{Change, Error, HooksPre, Operation, Verdict};
use crate::state::CallState;

/// What a plugin is asked.
pub(crate) struct Question {
    pub object: String,
    pub operation: Operation,
    pub changes: Vec<Change>,
}

/// What came of it, and what it cost.
pub(crate) struct Called {
    pub said: Result<Result<Vec<Verdict>, Error>, Broken>,
    pub fuel: u64,
    pub wall: Duration,
}

/// Runs to the end or to a limit. Must run on the plugins' own threads: between two yields a guest holds its thread.
pub(crate) async fn call(
    engine: &Engine,
    hooks: &HooksPre<CallState>,
    state: CallState,
    question: Question,
    limits: &CallLimits,
) -> Called {
    let begun = Instant::now();
    let fuel = limits.fuel_for(question.changes.len());
    let mut store = Store::new(engine, state);
    let answer = match prepare(&mut store, fuel, limits) {
        Ok(()) => tokio::time::timeout(limits.wall, ask(&mut store, hooks, question)).await,
        Err(error) => Ok(Err(error)),
    };
    let said = match answer {
        Ok(Ok(said)) => Ok(said),
        Ok(Err(error)) => Err(Broken::trap(&error, store.data().memory_denied)),
        Err(_) => Err(Broken::limit("wall", "the wall clock ran out")),
    };
    // After a trap or a dropped call the store is dead; it is dropped here in any case.
    Called { said, fuel: fuel.saturating_sub(store.get_fuel().unwrap_or_default()), wall: begun.elapsed() }
}

fn prepare(store: &mut Store<CallState>, fuel: u64, limits: &CallLimits) -> wasmtime::Result<()> {
    store.limiter(|state| state);
    store.set_fuel(fuel)?;
    store.fuel_async_yield_interval(Some(FUEL_PER_SLICE))?;
    store.set_hostcall_fuel(limits.output);
    store.set_max_component_handles(HANDLES_MAX);
    Ok(())
}

async fn ask(
    store: &mut Store<CallState>,
    hooks: &HooksPre<CallState>,
    question: Question,
) -> wasmtime::Result<Result<Vec<Verdict>, Error>> {
    let instance = hooks.instantiate_async(&mut *store).await?;
    let Question { object, operation, changes } = question;
    instance.tenon_plugin_record_hooks().call_before_save(store, &object, operation, &changes).await
}
