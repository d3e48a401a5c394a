//! Asks as fast as it is answered, over so many connections, for so many seconds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use hdrhistogram::Histogram;
use serde_json::Value;

use crate::chance::Chance;
use crate::platform::Vitals;
use crate::wire::{Connection, Target};

/// The longest latency that is told apart, in microseconds.
const LATENCY_MAX_US: u64 = 60_000_000;

/// Seconds before the figures count: plans, pages and connections warm up.
const WARM_UP: Duration = Duration::from_millis(700);

/// What one run gave.
pub(crate) struct Figures {
    /// Answers per second.
    pub(crate) rate: f64,
    /// Median latency in milliseconds.
    pub(crate) p50_ms: f64,
    /// 99th percentile of latency in milliseconds.
    pub(crate) p99_ms: f64,
    /// CPU time of the server per answer, in microseconds.
    pub(crate) cpu_us: f64,
}

/// Runs, each request at one of the targets by chance; any answer that is not a plain success ends it.
pub(crate) async fn run(
    targets: &[Target],
    vitals: Vitals,
    make: impl Fn(&mut Chance) -> Value + Send + Sync + 'static,
    seed: u64,
    connections: usize,
    seconds: u64,
) -> anyhow::Result<Figures> {
    let (make, targets): (_, Arc<[Target]>) = (Arc::new(make), targets.into());
    let begin = Instant::now() + WARM_UP;
    let end = begin + Duration::from_secs(seconds);
    let mut tasks = Vec::new();
    for number in 0..connections {
        let (targets, make) = (Arc::clone(&targets), Arc::clone(&make));
        let chance = Chance::new(seed.wrapping_mul(1_000).wrapping_add(u64::try_from(number)?));
        tasks.push(tokio::spawn(async move { ask(&targets, &*make, chance, begin, end).await }));
    }
    tokio::time::sleep_until(begin.into()).await;
    let before = vitals.cpu_us()?;
    tokio::time::sleep_until(end.into()).await;
    let cpu = vitals.cpu_us()? - before;
    let mut all = Histogram::<u64>::new_with_bounds(1, LATENCY_MAX_US, 3)?;
    for task in tasks {
        all.add(task.await??)?;
    }
    let cpu_us = count(cpu) / count(all.len().max(1));
    Ok(Figures {
        cpu_us,
        rate: count(all.len()) / count(seconds),
        p50_ms: ms(all.value_at_quantile(0.5)),
        p99_ms: ms(all.value_at_quantile(0.99)),
    })
}

async fn ask(
    targets: &[Target],
    make: &(impl Fn(&mut Chance) -> Value + Sync),
    mut chance: Chance,
    begin: Instant,
    end: Instant,
) -> anyhow::Result<Histogram<u64>> {
    let mut latencies = Histogram::<u64>::new_with_bounds(1, LATENCY_MAX_US, 3)?;
    let mut connection = Connection::open(targets.first().context("nobody is asked")?).await?;
    loop {
        if let (Some(target), true) = (chance.pick(targets), targets.len() > 1) {
            connection.turn_to(target);
        }
        let body = make(&mut chance).to_string();
        let sent = Instant::now();
        let status = connection.post(body.as_bytes()).await?;
        let answered = Instant::now();
        if status != 200 || connection.body.windows(9).any(|bytes| bytes == b"\"errors\":") {
            bail!("status {status} for {body}: {}", String::from_utf8_lossy(&connection.body));
        }
        if answered > end {
            return Ok(latencies);
        }
        if sent >= begin {
            latencies.saturating_record(u64::try_from((answered - sent).as_micros())?);
        }
    }
}

fn ms(microseconds: u64) -> f64 {
    count(microseconds) / 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "figures for people: 53 bits are plenty")]
pub(crate) fn count(number: u64) -> f64 {
    number as f64
}
