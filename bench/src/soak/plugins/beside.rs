//! Another tenant, which saves all the time, and whose waits are measured.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use hdrhistogram::Histogram;
use serde_json::json;
use tokio::task::JoinHandle;

use super::CREATE;
use crate::wire::{Connection, Target};

/// The longest wait that is told apart, in microseconds.
const LONGEST_US: u64 = 60_000_000;

/// What is kept of its waits.
struct Kept {
    waits: Mutex<Histogram<u64>>,
    ended: AtomicBool,
}

/// The other tenant at work.
pub(super) struct Beside {
    kept: Arc<Kept>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Beside {
    /// Begins to save.
    pub(super) fn begin(target: &Target) -> anyhow::Result<Self> {
        let waits = Mutex::new(Histogram::new_with_max(LONGEST_US, 3)?);
        let kept = Arc::new(Kept { waits, ended: AtomicBool::new(false) });
        let task = tokio::spawn(save(target.clone(), Arc::clone(&kept)));
        Ok(Self { kept, task })
    }

    /// Measures anew.
    pub(super) fn forget(&self) {
        self.with(Histogram::reset);
    }

    /// Saves since then.
    pub(super) fn saves(&self) -> u64 {
        self.with(|waits| waits.len())
    }

    /// The wait that 99 of 100 saves did not exceed.
    pub(super) fn p99_ms(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "less than a minute")]
        self.with(|waits| waits.value_at_quantile(0.99) as f64 / 1_000.0)
    }

    /// Ends it; what was wrong with its own saves.
    pub(super) async fn end(self) -> anyhow::Result<Option<String>> {
        self.kept.ended.store(true, Ordering::Release);
        Ok(self.task.await?.err().map(|error| format!("the other tenant: {error:#}")))
    }

    fn with<T>(&self, what: impl FnOnce(&mut Histogram<u64>) -> T) -> T {
        what(&mut self.kept.waits.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn save(target: Target, kept: Arc<Kept>) -> anyhow::Result<()> {
    let mut connection = Connection::open(&target).await?;
    while !kept.ended.load(Ordering::Acquire) {
        let begun = Instant::now();
        let saved = connection.run(CREATE, &json!({ "name": "fine" })).await?;
        let waited = u64::try_from(begun.elapsed().as_micros())?.min(LONGEST_US);
        kept.waits.lock().unwrap_or_else(PoisonError::into_inner).record(waited)?;
        let words = saved.pointer("/createOpportunity/nextStep");
        anyhow::ensure!(words.is_some_and(|words| words == "call 1 of 1"), "its plugin said {words:?}");
    }
    Ok(())
}
