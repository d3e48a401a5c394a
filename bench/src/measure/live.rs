//! Subscriptions: so many are open, each on a record of its own, while so many records change a second. Measured is how long
//! it takes from asking for a save until the one who waits for it is told, the save included.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tokio::sync::{Barrier, mpsc};

use super::driver::count;
use super::fill;
use super::table::Table;
use crate::databases::Database;
use crate::wire::{Connection, Target, ask};

/// Tenants, and those who listen in each; a principal has no more than 100 open.
const TENANTS: usize = 10;
const PER_KEY: usize = 100;
/// Changes a second over all tenants, and the connections of each tenant they come over.
const CHANGES: usize = 1_000;
const WRITERS: usize = 8;
/// The longest latency that is told apart, in microseconds.
const LATENCY_MAX_US: u64 = 60_000_000;
/// For how long what was told last is waited for.
const DRAIN: Duration = Duration::from_secs(10);

const LISTEN: &str = "subscription ($id: ID!) { changed: accountChanged(filter: { id: { in: [$id] } }) { kind node { description } } }";
const CHANGE: &str = "mutation ($id: ID!, $text: String!) { updateAccount(id: $id, input: { description: $text }) { id } }";

/// Measures it.
pub(super) async fn measure(database: &Database, sockets: usize, seconds: u64, table: &mut Table) -> anyhow::Result<()> {
    let place = database.own("live").await?;
    let server = place.serve().await?;
    let zero = Instant::now();
    let each = sockets.div_ceil(TENANTS);
    let (told, mut hears) = mpsc::unbounded_channel();
    let (mut tenants, mut before) = (Vec::new(), 0);
    for number in 0..TENANTS {
        let target = place.create_tenant(&format!("live{number}"), &server.address).await?;
        tenants.push((target.clone(), records(&target, each).await?));
        before = server.vitals()?.memory_kib()?;
    }
    for (target, ids) in &tenants {
        for own in ids.chunks(PER_KEY) {
            let key = key(target).await?;
            for id in own {
                listen(&key, id, zero, told.clone()).await?;
            }
        }
    }
    drop(told);
    let grown = count(server.vitals()?.memory_kib()?.saturating_sub(before)) / count(u64::try_from(sockets)?);
    table.one_off(&format!("memory per subscription, of {sockets}"), format!("{grown:.1} KB"), "", None);
    let cpu = server.vitals()?.cpu_us()?;
    let (begun, changes) = (Instant::now(), usize::try_from(seconds)? * CHANGES);
    write(tenants, zero, changes).await?;
    let took = begun.elapsed().as_secs_f64();
    let mut latencies = Histogram::<u64>::new_with_bounds(1, LATENCY_MAX_US, 3)?;
    while usize::try_from(latencies.len())? < changes {
        let next = tokio::time::timeout(DRAIN, hears.recv()).await.ok().flatten();
        let Some(latency) = next else { break };
        latencies.saturating_record(latency);
    }
    let cpu = count(server.vitals()?.cpu_us()? - cpu) / count(u64::try_from(changes)?);
    let (rate, heard) = (count(u64::try_from(changes)?) / took, latencies.len());
    let of = |quantile: f64| count(latencies.value_at_quantile(quantile)) / 1_000.0;
    table.one_off(
        &format!("changes a second with {sockets} subscriptions open ({CHANGES} asked for; saves included)"),
        format!("{rate:.0} ({heard} of {changes} told, {cpu:.0} µs of the server's CPU each)"),
        &format!("≥ {}, all told", count(u64::try_from(CHANGES)?) * 0.95),
        Some(rate >= count(u64::try_from(CHANGES)?) * 0.95 && usize::try_from(heard)? == changes),
    );
    table.one_off("from asking for the save to being told", format!("p50 {:.1} ms, p99 {:.1} ms", of(0.5), of(0.99)), "", None);
    server.kill().await
}

/// The records that are changed, one for each who listens.
async fn records(target: &Target, count: usize) -> anyhow::Result<Arc<Vec<String>>> {
    let mut connection = Connection::open(target).await?;
    let rows: Vec<Value> = (0..count).map(|number| json!({ "name": format!("Watched {number}") })).collect();
    let mut ids = Vec::new();
    for rows in rows.chunks(fill::BATCH_ROWS) {
        ids.extend(fill::batch(&mut connection, ("Account", "Accounts"), rows).await?);
    }
    Ok(Arc::new(ids))
}

/// A key of its own, who sees everything.
async fn key(target: &Target) -> anyhow::Result<Target> {
    let door = Target { path: target.path.replace("/graphql", "/keys"), ..target.clone() };
    let made = ask(&door, &json!({ "display": "listener", "roles": ["administrator"] })).await?.0;
    let key = made.get("apiKey").and_then(Value::as_str).context("no key")?.to_owned();
    Ok(Target { key, ..target.clone() })
}

/// Opens one; what it is told is told on as microseconds since it was asked for.
async fn listen(target: &Target, id: &str, zero: Instant, told: mpsc::UnboundedSender<u64>) -> anyhow::Result<()> {
    let mut connection = Connection::open(target).await?;
    let status = connection.stream(json!({ "query": LISTEN, "variables": { "id": id } }).to_string().as_bytes()).await?;
    anyhow::ensure!(status == 200, "a subscription was answered {status}");
    tokio::spawn(async move {
        while let Ok(line) = connection.line_of("data: ").await {
            let now = u64::try_from(zero.elapsed().as_micros()).unwrap_or(u64::MAX);
            let event: Value = serde_json::from_str(&line).unwrap_or_default();
            let asked = event.pointer("/data/changed/node/description").and_then(Value::as_str).and_then(|text| text.parse::<u64>().ok());
            if asked.is_some_and(|asked| told.send(now.saturating_sub(asked)).is_err()) {
                return;
            }
        }
    });
    Ok(())
}

/// Changes records in turn, all tenants at once, as many a second as are asked for or as many as are done.
async fn write(tenants: Vec<(Target, Arc<Vec<String>>)>, zero: Instant, changes: usize) -> anyhow::Result<()> {
    let lanes = tenants.len() * WRITERS;
    let (start, mut tasks) = (Arc::new(Barrier::new(lanes)), Vec::new());
    let pause = Duration::from_secs(1) * u32::try_from(lanes)? / u32::try_from(CHANGES)?;
    for lane in 0..lanes {
        let (target, ids) = tenants.get(lane % tenants.len()).context("a tenant")?.clone();
        let (start, own) = (Arc::clone(&start), changes / lanes + usize::from(lane < changes % lanes));
        let mut place = lane / tenants.len();
        tasks.push(tokio::spawn(async move {
            let mut connection = Connection::open(&target).await?;
            start.wait().await;
            let mut turns = tokio::time::interval(pause);
            for _ in 0..own {
                turns.tick().await;
                let id = ids.get(place % ids.len()).context("a record")?;
                connection.run(CHANGE, &json!({ "id": id, "text": zero.elapsed().as_micros().to_string() })).await?;
                place += WRITERS;
            }
            anyhow::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}
