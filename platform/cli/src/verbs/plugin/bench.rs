//! `tenon plugin bench`: what each call of a plugin costs, without the server around it.
//!
//! The host tests say which calls there are: they are played once and every call is written down; then each is run again, alone, with a
//! fresh instance every time, as a save would. Fuel is exact and the same on every machine; time is this machine's.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value as Json, json};
use tenon_packages::COMPONENT;
use tenon_plugin_host::{Player, PluginHost, Trace};

use super::{build_if_any, bundle_of, is_package, pack, package, testing};
use crate::output::{Exit, Output};

/// A call, measured.
struct Row {
    phase: &'static str,
    about: String,
    operation: String,
    /// Of the call's budget.
    fuel: (u64, u64),
    median: Duration,
    slow: Duration,
    memory: usize,
}

/// Plays, runs again, and tells.
pub(super) async fn bench(output: &Output, dir: &Path, (times, with): (u32, &[PathBuf])) -> anyhow::Result<Exit> {
    is_package(dir)?;
    build_if_any(output, dir)?;
    let bundle = pack(dir)?;
    if bundle.host_tests().map_err(super::wrong)?.is_empty() {
        return Err(package::refused("plugin/bench", "there are no host tests (tests/*.yaml): they say which calls are measured").into());
    }
    let beside = with.iter().map(|file| bundle_of(file)).collect::<anyhow::Result<Vec<_>>>()?;
    let played = testing::calls(dir, &bundle, &beside).await?;
    if let Some((failed, _)) = played.iter().find(|(outcome, _)| outcome.failure.is_some()) {
        let words = format!("{}: {} fails: `tenon plugin test` says why", failed.path, failed.name);
        return Err(package::refused("package/tests", &words).into());
    }
    let component = package::read(&dir.join(COMPONENT))?;
    let calls = distinct(played.into_iter().flat_map(|(_, calls)| calls));
    let first = calls.first().ok_or_else(|| package::refused("plugin/bench", "the host tests call nothing of the plugin"))?;
    let player = PluginHost::new()?.player(&component, first)?;
    let mut rows = Vec::new();
    for trace in &calls {
        rows.push(measured(&player, trace, times).await.with_context(|| format!("{} of {}", trace.phase(), trace.about))?);
    }
    let lines: Vec<String> = std::iter::once(Row::head()).chain(rows.iter().map(Row::line)).collect();
    output.result(&rows.iter().map(Row::json).collect(), lines.join("\n"));
    Ok(Exit::Done)
}

/// Of the calls of a function on the same occasion the dearest.
fn distinct(calls: impl Iterator<Item = std::sync::Arc<Trace>>) -> Vec<std::sync::Arc<Trace>> {
    let mut found: Vec<std::sync::Arc<Trace>> = Vec::new();
    for call in calls {
        let same = |other: &&mut std::sync::Arc<Trace>| {
            (other.phase(), &other.about, &other.operation) == (call.phase(), &call.about, &call.operation)
        };
        match found.iter_mut().find(same) {
            Some(known) if known.spent < call.spent => *known = call,
            Some(_) => {}
            None => found.push(call),
        }
    }
    found
}

async fn measured(player: &Player, trace: &Trace, times: u32) -> anyhow::Result<Row> {
    let (mut walls, mut memory) = (Vec::new(), 0);
    for _ in 0..times {
        let replayed = player.play(trace).await?;
        if let Some(difference) = replayed.differences.first() {
            anyhow::bail!("it does not do the same twice: {difference}");
        }
        walls.push(replayed.wall);
        memory = memory.max(replayed.memory);
    }
    walls.sort_unstable();
    let at = |share: usize| walls.get((walls.len() * share / 100).min(walls.len() - 1)).copied().unwrap_or_default();
    Ok(Row {
        phase: trace.phase(),
        about: trace.about.clone(),
        operation: trace.operation.clone(),
        fuel: (trace.spent, trace.budget()),
        median: at(50),
        slow: at(99),
        memory,
    })
}

impl Row {
    fn head() -> String {
        format!("{:<14} {:<28} {:>12} {:>9} {:>10} {:>10} {:>9}", "phase", "about", "fuel", "of budget", "p50", "p99", "memory")
    }

    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    fn line(&self) -> String {
        let about = if self.operation.is_empty() { self.about.clone() } else { format!("{} ({})", self.about, self.operation) };
        let share = self.fuel.0 as f64 * 100.0 / self.fuel.1.max(1) as f64;
        let (p50, p99) = (self.median.as_secs_f64() * 1e6, self.slow.as_secs_f64() * 1e6);
        let memory = self.memory as f64 / f64::from(1 << 20);
        format!("{:<14} {about:<28} {:>12} {share:>7.2} % {p50:>7.0} µs {p99:>7.0} µs {memory:>5.1} MiB", self.phase, self.fuel.0)
    }

    fn json(&self) -> Json {
        json!({
            "phase": self.phase, "about": self.about, "operation": self.operation, "fuel": self.fuel.0, "fuelBudget": self.fuel.1,
            "p50Micros": self.median.as_micros(), "p99Micros": self.slow.as_micros(), "memory": self.memory,
        })
    }
}
