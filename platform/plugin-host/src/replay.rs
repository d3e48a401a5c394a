//! Runs a recorded call again, with its recording in the place of the host: on any machine, without a database, byte for byte.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tenon_hooks::Outward;
use tenon_value::{Date, DateTime};
use tokio::sync::mpsc;

use crate::LoadError;
use crate::host::PluginHost;
use crate::invoke;
use crate::limits::{REPLAY_WALL, Size};
use crate::since_1::{Error, Ready};
use crate::state::{Beginning, CallState};
use crate::title;
use crate::trace::{Outcome, Trace};
use crate::warm::nobody;

/// What came of a call that was run again.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// What came of it now, for people.
    pub words: String,
    /// What it logged, with levels.
    pub lines: Vec<(String, String)>,
    /// The fuel it used.
    pub fuel: u64,
    /// Whether it broke, and did not answer or refuse.
    pub broke: bool,
    /// How long it took.
    pub wall: Duration,
    /// The most memory it had, in bytes.
    pub memory: usize,
    /// Whether this is the component that was recorded.
    pub same_component: bool,
    /// Where it did something else than in its recording; empty where everything is the same, byte for byte.
    pub differences: Vec<String>,
}

/// A component in which recorded calls run again, be it the recorded one or its author's next try.
pub struct Player {
    host: PluginHost,
    size: Size,
    component: Arc<Ready>,
}

impl PluginHost {
    /// Makes a component ready for calls like this one. Compiles.
    ///
    /// # Errors
    /// Where the component cannot be run at all.
    pub fn player(&self, component: &[u8], like: &Trace) -> Result<Player, LoadError> {
        let component = self.inner.workshop.component(component, like.size)?;
        Ok(Player { host: self.clone(), size: like.size, component })
    }
}

impl Player {
    /// Runs a recorded call again.
    ///
    /// # Errors
    /// Where the component does not answer such calls, or the trace is damaged.
    pub async fn play(&self, trace: &Trace) -> Result<Replayed, LoadError> {
        if trace.size != self.size {
            return Err(LoadError::NotATrace(format!(
                "it is of size `{}`, and the component of `{}`",
                trace.size.word(),
                self.size.word()
            )));
        }
        let ready = Arc::clone(&self.component);
        ready.answers(trace.phase)?;
        let state = CallState::played(beginning(trace)?, VecDeque::from(trace.tape.clone()));
        let question = Arc::new(trace.question.clone());
        let digest = ready.digest();
        let threads = self.host.inner.threads.as_ref().ok_or_else(|| LoadError::Engine("it has ended".to_owned()))?;
        // As it was called: where its instance was made ahead of time, one is made now.
        let fuel = trace.opening.fuel;
        let called = threads.spawn(async move { invoke::call(&ready, None, state, &question, fuel).await });
        let called = called.await.map_err(|error| LoadError::Engine(error.to_string()))?;
        let outcome = Outcome::of(&called.said).unwrap_or(Outcome::Fault { limit: None, detail: "it did not run".to_owned() });
        let lines: Vec<_> = called.lines.iter().map(|(level, line)| ((*level).to_owned(), line.clone())).collect();
        let (what, detail) = outcome.parts();
        Ok(Replayed {
            words: format!("{what}: {detail}"),
            broke: matches!(called.said, Err(_) | Ok(Err(Error::Failed(_)))),
            fuel: called.fuel,
            wall: called.wall,
            memory: called.memory,
            same_component: digest == trace.component,
            differences: differences(trace, &outcome, (&lines, called.fuel), called.strayed),
            lines,
        })
    }
}

fn beginning(trace: &Trace) -> Result<Beginning, LoadError> {
    let damaged = |what: &str| LoadError::NotATrace(format!("its {what} is damaged"));
    let opening = &trace.opening;
    let seed = hex::decode(&opening.seed).ok().and_then(|seed| seed.try_into().ok()).ok_or_else(|| damaged("seed"))?;
    Ok(Beginning {
        model: nobody(),
        clock: (DateTime::from_millis(opening.now), Date::from_days(opening.today)),
        plugin: title::of(&trace.package, &trace.version),
        package: trace.package.clone(),
        phase: trace.phase,
        size: trace.size,
        limits: opening.limits.clone(),
        deadline: Instant::now() + REPLAY_WALL,
        depth: opening.depth,
        seed,
        acting: opening.acting,
        outward: Arc::new(Outward::default()),
        desk: mpsc::channel(1).0,
    })
}

/// What is not as it was.
fn differences(trace: &Trace, now: &Outcome, (lines, fuel): (&[(String, String)], u64), strayed: Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    match strayed {
        // What it does after that follows from it.
        Some(strayed) => found.push(strayed),
        None => {
            let (then, now) = (trace.outcome.parts(), now.parts());
            // Of an answer that could not be used the rest is compared.
            if then != now && !matches!(trace.outcome, Outcome::Unread) {
                found.push(format!("then it {} {}, now it {} {}", then.0, then.1, now.0, now.1));
            }
            if lines != trace.lines {
                found.push(format!("then it logged {} lines, now {}, or others", trace.lines.len(), lines.len()));
            }
            if fuel != trace.spent {
                found.push(format!("then it used {} fuel, now {fuel}", trace.spent));
            }
        }
    }
    found
}
