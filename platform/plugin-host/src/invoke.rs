//! One call of one hook: an instance made, asked, measured and dropped.

use std::time::{Duration, Instant};

use wasmtime::{Engine, Store};

use crate::fault::Broken;
use crate::limits::{FUEL_PER_SLICE, HANDLES_MAX};
use crate::since_1::{Error, Question, Ready, Said};
use crate::state::CallState;

/// What came of it, and what it cost.
pub(crate) struct Called {
    pub said: Result<Result<Said, Error>, Broken>,
    pub fuel: u64,
    pub wall: Duration,
    /// The most memory it had.
    pub memory: usize,
    /// Requests to the desk.
    pub asked: u32,
    /// What it logged.
    pub lines: Vec<(&'static str, String)>,
}

/// Runs to the end or to a limit. Must run on the plugins' own threads: between two yields a guest holds its thread.
pub(crate) async fn call(engine: &Engine, ready: &Ready, state: CallState, question: Question, fuel: u64) -> Called {
    let begun = Instant::now();
    let (deadline, output) = (state.begun.deadline, state.begun.limits.output);
    let mut store = Store::new(engine, state);
    let answer = match prepare(&mut store, fuel, output) {
        Ok(()) => tokio::time::timeout_at(deadline.into(), ready.ask(&mut store, question)).await,
        Err(error) => Ok(Err(error)),
    };
    let state = store.data();
    let said = match answer {
        Ok(Ok(said)) => Ok(said),
        Ok(Err(_)) if state.stopped => Err(Broken::Stopped),
        Ok(Err(error)) => Err(Broken::trap(&error, state.crossed())),
        Err(_) => Err(Broken::limit("wall", "the wall clock ran out")),
    };
    let lines = std::mem::take(&mut store.data_mut().lines);
    // After a trap or a dropped call the store is dead; it is dropped here in any case.
    Called {
        lines,
        said,
        fuel: fuel.saturating_sub(store.get_fuel().unwrap_or_default()),
        wall: begun.elapsed(),
        memory: store.data().memory,
        asked: store.data().asked(),
    }
}

fn prepare(store: &mut Store<CallState>, fuel: u64, output: usize) -> wasmtime::Result<()> {
    store.limiter(|state| state);
    store.set_fuel(fuel)?;
    store.fuel_async_yield_interval(Some(FUEL_PER_SLICE))?;
    store.set_hostcall_fuel(output);
    store.set_max_component_handles(HANDLES_MAX);
    Ok(())
}
