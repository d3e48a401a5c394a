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

    /// How long it waited since it was asked last.
    pub(super) fn taken(&self) -> anyhow::Result<Histogram<u64>> {
        let fresh = Histogram::new_with_max(LONGEST_US, 3)?;
        Ok(std::mem::replace(&mut *self.kept.waits.lock().unwrap_or_else(PoisonError::into_inner), fresh))
    }

    /// Saves since then.
    pub(super) fn saves(&self) -> u64 {
        self.kept.waits.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Ends it; what was wrong with its own saves.
    pub(super) async fn end(self) -> anyhow::Result<Option<String>> {
        self.kept.ended.store(true, Ordering::Release);
        Ok(self.task.await?.err().map(|error| format!("the other tenant: {error:#}")))
    }
}

/// The wait that 99 of 100 did not exceed.
#[expect(clippy::cast_precision_loss, reason = "less than a minute")]
pub(super) fn p99_ms(waits: &Histogram<u64>) -> f64 {
    waits.value_at_quantile(0.99) as f64 / 1_000.0
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
