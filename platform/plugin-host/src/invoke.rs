//! One call of one hook: an instance made, asked, measured and dropped.

use std::time::{Duration, Instant};

use wasmtime::Store;
use wasmtime::component::Instance;

use crate::fault::Broken;
use crate::limits::{FUEL_PER_SLICE, HANDLES_MAX, WARM_WALL};
use crate::since_1::{Error, Question, Ready, Said};
use crate::state::CallState;
use crate::tape::Heard;
use crate::warm::Warm;

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
    /// What it asked and was told, and whether that is all.
    pub tape: (Vec<Heard>, bool),
    /// How it strayed from its recording, if it was run again.
    pub strayed: Option<String>,
}

/// Runs to the end or to a limit, in an instance that was kept for it, or in one of its own. Between two yields a guest holds its
/// thread; [`Lane`](crate::lane::Lane) says whose that is.
pub(crate) async fn call(ready: &Ready, kept: Option<Warm>, state: CallState, question: &Question, fuel: u64) -> Called {
    let begun = Instant::now();
    let (deadline, output) = (state.begun.deadline, state.begun.limits.output);
    let warm = match kept {
        None if ready.is_warmed() => Warm::make(ready, deadline.min(begun + WARM_WALL)).await.map(Some),
        kept => Ok(kept),
    };
    let (mut store, made) = match warm {
        Ok(Some(warm)) => {
            let (store, instance) = warm.begin(state);
            (store, Ok(Some(instance)))
        }
        Ok(None) => (Store::new(ready.engine(), state), Ok(None)),
        Err(error) => (Store::new(ready.engine(), state), Err(error)),
    };
    let answer = match made.and_then(|made| prepare(&mut store, fuel, output).map(|()| made)) {
        Ok(made) => tokio::time::timeout_at(deadline.into(), asked(ready, &mut store, made, question)).await,
        Err(error) => Ok(Err(error)),
    };
    let state = store.data();
    let said = match answer {
        Ok(Ok(said)) => Ok(said),
        Ok(Err(_)) if state.stopped => Err(Broken::Stopped),
        Ok(Err(error)) => Err(Broken::trap(&error, state.crossed())),
        Err(_) => Err(Broken::limit("wall", "the wall clock ran out")),
    };
    let state = store.data_mut();
    let (lines, tape, strayed) = (std::mem::take(&mut state.lines), state.tape.recorded(), state.tape.strayed());
    // After a trap or a dropped call the store is dead; it is dropped here in any case.
    Called {
        lines,
        tape,
        strayed,
        said,
        fuel: fuel.saturating_sub(store.get_fuel().unwrap_or_default()),
        wall: begun.elapsed(),
        memory: store.data().memory,
        asked: store.data().asked(),
    }
}

async fn asked(
    ready: &Ready,
    store: &mut Store<CallState>,
    made: Option<Instance>,
    question: &Question,
) -> wasmtime::Result<Result<Said, Error>> {
    let instance = match made {
        Some(instance) => instance,
        None => ready.instantiate(store).await?,
    };
    ready.ask(store, &instance, question).await
}

/// Gives a store its limits.
pub(crate) fn prepare(store: &mut Store<CallState>, fuel: u64, output: usize) -> wasmtime::Result<()> {
    store.limiter(|state| state);
    store.set_fuel(fuel)?;
    store.fuel_async_yield_interval(Some(FUEL_PER_SLICE))?;
    store.set_hostcall_fuel(output);
    store.set_max_component_handles(HANDLES_MAX);
    Ok(())
}
