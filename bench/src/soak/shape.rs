//! `soak shape`: jobs make fields required, unique, of other types, filled in and found by indexes, while writers write those fields and a reader
//! reads them, and `kill -9` ends the server at each step of each job: every job ends well, no request fails, and every
//! acknowledged save is there in the new shape.

mod changes;
mod check;
mod reader;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use self::changes::Change;
use super::behind::{Behind, DONE, STEPS};
use super::writer::Writer;
use super::{Wish, verify};
use crate::chance::Chance;
use crate::databases::Database;
use crate::platform::Server;
use crate::say;
use crate::wire::{Connection, Target};

const WRITERS: usize = 4;
const TENANT: &str = "soak";
/// How often is looked where a job is.
const LOOK: Duration = Duration::from_millis(2);
/// Between the step that is seen and the kill, at most, in milliseconds.
const THEN_MS: usize = 40;
/// How long a job may take to its next step.
const STEP_MAX: Duration = Duration::from_secs(1_200);

/// A run on one database.
struct Run<'d> {
    database: &'d Database,
    server: Option<Server>,
    target: Target,
    behind: Behind,
    chance: Chance,
    writers: Vec<Writer>,
    findings: Vec<String>,
    /// Kills that are left.
    left: u32,
    /// Kills by kind of job and its step.
    kills: BTreeMap<(&'static str, &'static str), u32>,
    jobs: u32,
    reads: u64,
    longest: Duration,
}

/// A run on one database; what it found.
pub(super) async fn run(wish: &Wish, seed: u64, database: &Database) -> anyhow::Result<Vec<String>> {
    let server = database.place.serve().await?;
    let target = database.place.create_tenant(TENANT, &server.address).await?;
    let behind = Behind::open(database).await?;
    let mut writers: Vec<Writer> = (0..WRITERS).map(|number| Writer::new(number, seed)).collect();
    writers.iter_mut().for_each(|writer| writer.shaped = true);
    let mut run = Run {
        database,
        server: Some(server),
        target,
        behind,
        chance: Chance::new(seed),
        writers,
        findings: Vec::new(),
        left: wish.kills,
        kills: BTreeMap::new(),
        jobs: 0,
        reads: 0,
        longest: Duration::ZERO,
    };
    check::prepare(&run.target, wish.records).await?;
    let begun = Instant::now();
    for number in 0.. {
        for change in changes::round(number) {
            if run.left > 0 && begun.elapsed() < wish.length() && run.findings.is_empty() {
                run.change(&change).await?;
            }
        }
        if run.left == 0 || begun.elapsed() >= wish.length() || !run.findings.is_empty() {
            break;
        }
    }
    if run.findings.is_empty() {
        check::everything(&run.target, &run.writers, wish.records, &mut run.findings).await?;
    }
    if let Some(server) = run.server.take() {
        server.kill().await?;
    }
    run.tell(wish.records, begun.elapsed());
    Ok(run.findings)
}

impl Run<'_> {
    /// One change: the server is killed once at each step of its job; then the job ends under load.
    async fn change(&mut self, change: &Change) -> anyhow::Result<()> {
        let begun = Instant::now();
        if change.apply(&self.target).await?.is_none() {
            return Ok(());
        }
        self.jobs += 1;
        for aim in 0..STEPS.len() {
            if self.left == 0 || !self.findings.is_empty() || self.behind.step().await? == Some(DONE) {
                break;
            }
            self.life(change.kind, Some(aim)).await?;
        }
        if self.findings.is_empty() {
            self.life(change.kind, None).await?;
        }
        self.longest = self.longest.max(begun.elapsed());
        check::ended(&self.target, change, &mut self.findings).await?;
        check::sizes(&self.target, &self.writers, &mut self.findings).await?;
        let kills: u32 = self.kills.values().sum();
        say::step(&format!("{}: {change} in {} s, {kills} kills so far", self.database.name, begun.elapsed().as_secs()));
        Ok(())
    }

    /// A life of the server under load, until the job is at a step (or has ended) and the server dies of it, or stays.
    async fn life(&mut self, kind: &'static str, aim: Option<usize>) -> anyhow::Result<()> {
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let target = self.target.clone();
        let working: Vec<_> = self.writers.drain(..).map(|writer| tokio::spawn(work(writer, target.clone(), stopped.clone()))).collect();
        let reading = tokio::spawn(reader::read(target, stopped));
        self.wait(aim.unwrap_or(STEPS.len())).await?;
        if aim.is_some() {
            let then = self.chance.below(THEN_MS);
            tokio::time::sleep(Duration::from_millis(u64::try_from(then)?)).await;
            self.kill(kind).await?;
        }
        stop.send_replace(true);
        for task in working {
            let (writer, done) = task.await?;
            if let Err(finding) = done {
                self.findings.push(format!("writer {}, while {kind}: {finding:#}", writer.number));
            }
            self.writers.push(writer);
        }
        let (reads, done) = reading.await?;
        self.reads += reads;
        if let Err(finding) = done {
            self.findings.push(format!("reader, while {kind}: {finding:#}"));
        }
        if self.server.is_none() {
            let server = self.database.place.serve().await?;
            self.target.address.clone_from(&server.address);
            self.server = Some(server);
        }
        let mut connection = Connection::open(&self.target).await?;
        for writer in &mut self.writers {
            verify::settle(&mut connection, &mut writer.journal, &mut self.findings).await?;
        }
        Ok(())
    }

    /// Waits until the job is at a step, or behind it.
    async fn wait(&mut self, aim: usize) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let step = self.behind.step().await?.unwrap_or(DONE);
            if STEPS.iter().position(|one| *one == step).unwrap_or(STEPS.len()) >= aim {
                return Ok(());
            }
            anyhow::ensure!(begun.elapsed() < STEP_MAX, "a job stays at `{step}`");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// `kill -9`; where the job was then is written down.
    async fn kill(&mut self, kind: &'static str) -> anyhow::Result<()> {
        if let Some(server) = self.server.take() {
            server.kill().await?;
        }
        let step = self.behind.step().await?.unwrap_or(DONE);
        *self.kills.entry((kind, step)).or_default() += 1;
        self.left = self.left.saturating_sub(1);
        self.behind.end_leases().await
    }

    fn tell(&self, records: usize, took: Duration) {
        let saves: u64 = self.writers.iter().map(|writer| writer.journal.saves).sum();
        let kills: u32 = self.kills.values().sum();
        let at: Vec<String> = self.kills.iter().map(|((kind, step), count)| format!("{kind}/{step} {count}")).collect();
        say::result(&format!(
            "{}: {} jobs over {records} records and {kills} kills in {} s, the longest {} s; {saves} acknowledged saves, {} reads, {} findings; killed at {}",
            self.database.name,
            self.jobs,
            took.as_secs(),
            self.longest.as_secs(),
            self.reads,
            self.findings.len(),
            at.join(", ")
        ));
    }
}

async fn work(mut writer: Writer, target: Target, stopped: tokio::sync::watch::Receiver<bool>) -> (Writer, anyhow::Result<()>) {
    let done = writer.work_until(&target, || *stopped.borrow()).await;
    (writer, done)
}

/// A document's data at a target.
async fn asked(target: &Target, document: &str, variables: Value) -> anyhow::Result<Value> {
    Connection::open(target).await?.run(document, &variables).await
}

/// Nothing to say beside the document.
fn nothing() -> Value {
    json!({})
}
