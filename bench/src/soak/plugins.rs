//! `soak plugins`: bad plugins break again and again, each in its own way, while another tenant saves beside them: every fault has
//! its name, nothing is left of any, the server takes no more memory, and the other tenant hardly waits longer.

mod beside;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use serde_json::{Value, json};

use self::beside::{Beside, p99_ms};
use super::Wish;
use crate::databases::Database;
use crate::platform::{component, required};
use crate::say;
use crate::wire::{Connection, Target};

/// Connections that ask for faults.
const CONNECTIONS: usize = 2;
/// Faults that take long are provoked no oftener.
const LONG_MAX: u32 = 100;
/// How often everything breaks before memory is looked at.
const WARM: u32 = 6;
/// Saves beside that a figure is made of, at least.
const SAVES_MIN: u64 = 300;
/// What the server may have more at the end than when it was warm, in MiB.
const GROWTH_MAX: f64 = 32.0;
/// How often a fault is provoked that the clock ended too early.
const BUSY_MAX: u32 = 100;
const CREATE: &str = "mutation($name: String) { createOpportunity(input: { name: $name }) { id nextStep } }";
const LEFT: &str = "{ o: opportunitiesAggregate(filter: { name: { ne: \"fine\" } }) { count } t: tagsAggregate { count } }";

/// A way to break.
struct Fault {
    wish: String,
    limit: Option<String>,
    long: bool,
}

/// The faults that the plugin `unruly` knows.
fn faults() -> anyhow::Result<Vec<Fault>> {
    let file = PathBuf::from(required("TENON_BENCH_ROOT")?).join("tests/plugins/guests/src/unruly/faults.json");
    let listed: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(&file).with_context(|| file.display().to_string())?)?;
    let text = |one: &Value, key: &str| one.get(key).and_then(Value::as_str).map(str::to_owned);
    let fault = |one: &Value| {
        let long = one.get("long").and_then(Value::as_bool).unwrap_or_default();
        Some(Fault { wish: text(one, "wish")?, limit: text(one, "limit"), long })
    };
    Ok(listed.iter().filter_map(fault).collect())
}

/// A run on one database; what it found.
pub(super) async fn run(wish: &Wish, database: &Database) -> anyhow::Result<Vec<String>> {
    let server = database.place.serve_plugins(&[component("unruly")?]).await?;
    let bad = database.place.create_tenant("bad", &server.address).await?;
    let good = database.place.create_tenant("good", &server.address).await?;
    let (faults, mut findings) = (faults()?, Vec::new());
    let beside = Beside::begin(&good)?;
    for fault in &faults {
        provoke(&bad, fault, WARM, &mut findings).await?;
    }
    let begun = Instant::now();
    let before = neighbour(&bad, &beside).await?;
    let warm = memory_mib(&server)?;
    say::result(&format!("\n## {}: {warm:.0} MiB when warm; p99 beside a good neighbour {before:.1} ms", database.name));
    say::result("\n| fault | limit | times | ms each | MiB | p99 beside, × before |\n|---|---|--:|--:|--:|--:|");
    let (mut times, mut worst) = (0, 0.0_f64);
    let mut waits = beside.taken()?;
    waits.reset();
    for fault in &faults {
        let most = if fault.long { wish.times.min(LONG_MAX) } else { wish.times };
        beside.taken()?;
        let since = Instant::now();
        provoke(&bad, fault, most, &mut findings).await?;
        let each = since.elapsed().as_secs_f64() * 1_000.0 / f64::from(most.max(1));
        times += most;
        let turn = beside.taken()?;
        let ratio = (turn.len() >= SAVES_MIN).then(|| p99_ms(&turn) / before);
        worst = worst.max(ratio.unwrap_or_default());
        waits.add(turn)?;
        let (limit, ratio) = (fault.limit.as_deref().unwrap_or(""), ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default());
        say::result(&format!("| {} | {limit} | {most} | {each:.1} | {:.0} | {ratio} |", fault.wish, memory_mib(&server)?));
    }
    let overall = p99_ms(&waits) / before;
    let (grown, after) = (memory_mib(&server)? - warm, neighbour(&bad, &beside).await?);
    if grown > GROWTH_MAX {
        findings.push(format!("the server has {grown:.0} MiB more than when it was warm"));
    }
    let left = Connection::open(&bad).await?.run(LEFT, &json!({})).await?;
    if left != json!({ "o": [{ "count": 0 }], "t": [{ "count": 0 }] }) {
        findings.push(format!("something is left of what broke: {left}"));
    }
    findings.extend(beside.end().await?);
    say::result(&format!(
        "{}: {times} faults in {} s, {grown:+.0} MiB since warm, p99 beside {overall:.2} × before, of one fault at worst {worst:.2} × (a good neighbour afterwards {:.2} ×), {} findings",
        database.name,
        begun.elapsed().as_secs(),
        after / before,
        findings.len()
    ));
    server.kill().await?;
    Ok(findings)
}

#[expect(clippy::cast_precision_loss, reason = "mebibytes for people")]
fn memory_mib(server: &crate::platform::Server) -> anyhow::Result<f64> {
    Ok(server.vitals()?.memory_kib()? as f64 / 1024.0)
}

/// The other tenant's p99 while this one saves what its plugin has nothing against: what bad neighbours are measured by.
async fn neighbour(bad: &Target, beside: &Beside) -> anyhow::Result<f64> {
    let fine = |_: u32| async {
        let mut connection = Connection::open(bad).await?;
        while beside.saves() < SAVES_MIN * 2 {
            connection.run(CREATE, &json!({ "name": "fine" })).await?;
        }
        anyhow::Ok(())
    };
    beside.taken()?;
    futures::future::try_join_all((0..u32::try_from(CONNECTIONS)?).map(fine)).await?;
    Ok(p99_ms(&beside.taken()?))
}

/// Has a fault happen so often, over all connections.
async fn provoke(bad: &Target, fault: &Fault, times: u32, findings: &mut Vec<String>) -> anyhow::Result<()> {
    let share = times.div_ceil(u32::try_from(CONNECTIONS)?);
    let some = |_: usize| async move {
        let mut connection = Connection::open(bad).await?;
        for _ in 0..share {
            if let Some(finding) = once(&mut connection, fault).await? {
                return Ok(Some(finding));
            }
        }
        anyhow::Ok(None)
    };
    let found = futures::future::try_join_all((0..CONNECTIONS).map(some)).await?;
    findings.extend(found.into_iter().flatten());
    Ok(())
}

/// One fault; what is wrong with its answer. Where the machine is busy, the clock may run out before anything else does: then it is
/// provoked again.
async fn once(connection: &mut Connection, fault: &Fault) -> anyhow::Result<Option<String>> {
    let body = json!({ "query": CREATE, "variables": { "name": fault.wish } }).to_string();
    let mut answer = Value::Null;
    for _ in 0..BUSY_MAX {
        connection.post(body.as_bytes()).await?;
        answer = serde_json::from_slice(&connection.body)?;
        let told = answer.pointer("/errors/0/extensions").cloned().unwrap_or_default();
        let limit = told.get("limit").and_then(Value::as_str);
        let is_told = told.get("code").is_some_and(|code| code == "PLUGIN_FAULT") && !answer.to_string().contains("secret");
        if is_told && limit == fault.limit.as_deref() || fault.long && limit == Some("wall") {
            return Ok(None);
        }
        if !matches!(limit, Some("wall" | "time")) {
            break;
        }
    }
    Ok(Some(format!("{}: {answer}", fault.wish)))
}
