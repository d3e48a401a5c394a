//! `soak shape`: jobs make fields required, unique and of other types while writers write those fields, and `kill -9` ends the
//! server again and again: every job ends well, no request fails, and every acknowledged save is there in the new shape.

use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};

use super::writer::Writer;
use super::{Wish, verify};
use crate::chance::Chance;
use crate::databases::{self, Database};
use crate::platform::Server;
use crate::say;
use crate::wire::{Connection, Target};

const WRITERS: usize = 4;
/// The shortest and the longest life of a server while a job is under way, in milliseconds.
const LIFE_MIN_MS: usize = 40;
const LIFE_MAX_MS: usize = 1_200;
const TENANT: &str = "soak";
/// Rows of one batch of those that are there before.
const BATCH: usize = 1_000;
/// How long one job may take, kills and all.
const JOB_MAX: Duration = Duration::from_secs(1_800);

/// The changes of a round, in turn; the last ones lead back.
const CHANGES: [(&str, &str); 7] = [
    ("soak_size", r#"{ "type": "decimal", "scale": 2 }"#),
    ("soak_code", r#"{ "unique": true }"#),
    ("soak_code", r#"{ "required": true }"#),
    ("soak_size", r#"{ "scale": 4 }"#),
    ("soak_code", r#"{ "unique": false, "required": false }"#),
    ("soak_size", r#"{ "type": "integer", "scale": null }"#),
    ("soak_code", r#"{ "unique": true, "required": true }"#),
];

const FILL: &str = "mutation ($inputs: [CreateAccountInput!]!) { createAccounts(inputs: $inputs) { created } }";
const PLAN: &str =
    "mutation ($operations: [OperationInput!]) { plan(operations: $operations) { hash operations { path } diagnostics { message } } }";
const APPLY: &str = "mutation ($plan: String!, $confirm: [String!]) { apply(plan: $plan, confirm: $confirm) { jobs { id } } }";
const JOB: &str = "query ($id: ID!) { job(id: $id) { state done total error { message } } }";
const SIZES: &str = "query ($ids: [ID!]!) { accounts(filter: { id: { in: $ids } }, first: 200) { nodes { id employeeCount soakSize } } }";
const COUNT: &str = "{ accountsAggregate(filter: { soakSize: { isNull: false } }) { count } }";

/// Runs on every database asked for; the findings of all are told at the end.
pub(crate) async fn run(wish: &Wish, seed: u64) -> anyhow::Result<()> {
    let mut findings = Vec::new();
    for database in databases::prepare(wish.on, "shape").await? {
        let found = one(wish, seed, &database).await?;
        findings.extend(found.into_iter().map(|finding| format!("{}: {finding}", database.name)));
    }
    findings.iter().for_each(|finding| say::result(finding));
    anyhow::ensure!(findings.is_empty(), "{} findings; seed {seed}", findings.len());
    Ok(())
}

/// A run on one database.
struct Run<'d> {
    database: &'d Database,
    server: Option<Server>,
    target: Target,
    chance: Chance,
    writers: Vec<Writer>,
    findings: Vec<String>,
    kills: u32,
    jobs: u32,
    longest: Duration,
}

async fn one(wish: &Wish, seed: u64, database: &Database) -> anyhow::Result<Vec<String>> {
    let server = database.place.serve().await?;
    let target = database.place.create_tenant(TENANT, &server.address).await?;
    let mut writers: Vec<Writer> = (0..WRITERS).map(|number| Writer::new(number, seed)).collect();
    writers.iter_mut().for_each(|writer| writer.shaped = true);
    let (server, chance) = (Some(server), Chance::new(seed));
    let mut run = Run { database, server, target, chance, writers, findings: Vec::new(), kills: 0, jobs: 0, longest: Duration::ZERO };
    run.prepare(wish.records).await?;
    let begun = Instant::now();
    let mut turn = 0;
    while run.kills < wish.kills && begun.elapsed() < wish.length() && run.findings.is_empty() {
        if turn % CHANGES.len() == 0 && turn > 0 {
            // Where the last change of a round ended, the first of the next cannot begin.
            run.change(("soak_code", r#"{ "unique": false, "required": false }"#)).await?;
        }
        let Some(change) = CHANGES.get(turn % CHANGES.len()) else { break };
        run.change(*change).await?;
        turn += 1;
    }
    let mut connection = Connection::open(&run.target).await?;
    let count = connection.run(COUNT, &json!({})).await?;
    let count = count.pointer("/accountsAggregate/0/count").and_then(Value::as_u64).unwrap_or_default();
    let known: usize = run.writers.iter().map(|writer| writer.journal.entries.len()).sum();
    if count != u64::try_from(wish.records + known)? {
        run.findings.push(format!("{count} records have a size, of {} + {known}", wish.records));
    }
    if let Some(server) = run.server.take() {
        server.kill().await?;
    }
    let saves: u64 = run.writers.iter().map(|writer| writer.journal.saves).sum();
    say::result(&format!(
        "{}: {} jobs over {} records and {} kills in {} s, the longest {} s; {saves} acknowledged saves, {} findings",
        database.name,
        run.jobs,
        wish.records,
        run.kills,
        begun.elapsed().as_secs(),
        run.longest.as_secs(),
        run.findings.len()
    ));
    Ok(run.findings)
}

impl Run<'_> {
    /// The fields whose shape changes, and records that have them.
    async fn prepare(&mut self, records: usize) -> anyhow::Result<()> {
        let mut metadata = self.metadata().await?;
        for (name, kind) in [("soak_size", "integer"), ("soak_code", "text")] {
            let add = format!("mutation {{ addField(object: \"account\", input: {{ name: \"{name}\", type: {kind} }}) {{ name }} }}");
            metadata.run(&add, &json!({})).await?;
        }
        let mut connection = Connection::open(&self.target).await?;
        let mut made = 0;
        while made < records {
            let until = (made + BATCH).min(records);
            let row = |at: usize| json!({ "name": format!("fill {at}"), "soakSize": at, "soakCode": format!("fill {at}") });
            let inputs: Vec<Value> = (made..until).map(row).collect();
            connection.run(FILL, &json!({ "inputs": inputs })).await?;
            made = until;
            if made % 100_000 == 0 {
                say::step(&format!("{}: {made} records", self.database.name));
            }
        }
        Ok(())
    }

    async fn metadata(&self) -> anyhow::Result<Connection> {
        Connection::open(&Target { path: self.target.path.replace("/graphql", "/metadata"), ..self.target.clone() }).await
    }

    /// Applies one change; the job it was left to.
    async fn apply(&self, (field, input): (&str, &str)) -> anyhow::Result<Option<String>> {
        let mut metadata = self.metadata().await?;
        let input: Value = serde_json::from_str(input)?;
        let operations = json!([{ "updateField": { "object": "account", "field": field, "input": input } }]);
        let plan = metadata.run(PLAN, &json!({ "operations": operations })).await?;
        let hash = plan.pointer("/plan/hash").cloned().unwrap_or_default();
        let applied = metadata.run(APPLY, &json!({ "plan": hash, "confirm": [format!("account.fields.{field}")] })).await;
        let applied = applied.with_context(|| format!("{field} {input}: {plan}"))?;
        Ok(applied.pointer("/apply/jobs/0/id").and_then(Value::as_str).map(str::to_owned))
    }

    /// One change, with kills until its job has ended.
    async fn change(&mut self, change: (&str, &str)) -> anyhow::Result<()> {
        let Some(job) = self.apply(change).await? else { return Ok(()) };
        self.jobs += 1;
        let begun = Instant::now();
        while self.findings.is_empty() {
            anyhow::ensure!(begun.elapsed() < JOB_MAX, "{change:?} does not end");
            self.life().await?;
            let mut connection = Connection::open(&self.target).await?;
            let state = connection.run(JOB, &json!({ "id": job })).await?;
            match state.pointer("/job/state").and_then(Value::as_str) {
                Some("DONE") => break,
                Some("FAILED" | "CANCELLED") | None => self.findings.push(format!("{change:?}: {state}")),
                Some(_) => {}
            }
        }
        self.longest = self.longest.max(begun.elapsed());
        self.sizes().await?;
        say::step(&format!("{}: {change:?} in {} s, {} kills so far", self.database.name, begun.elapsed().as_secs(), self.kills));
        Ok(())
    }

    /// A life of the server under write load, its end, and what was promised in it.
    async fn life(&mut self) -> anyhow::Result<()> {
        let target = self.target.clone();
        let working: Vec<_> = self.writers.drain(..).map(|writer| tokio::spawn(work(writer, target.clone()))).collect();
        let life = LIFE_MIN_MS + self.chance.below(LIFE_MAX_MS - LIFE_MIN_MS);
        tokio::time::sleep(Duration::from_millis(u64::try_from(life)?)).await;
        if let Some(server) = self.server.take() {
            server.kill().await?;
        }
        for task in working {
            let (writer, done) = task.await?;
            if let Err(finding) = done {
                self.findings.push(format!("writer {}: {finding:#}", writer.number));
            }
            self.writers.push(writer);
        }
        self.kills += 1;
        let server = self.database.place.serve().await?;
        self.target.address.clone_from(&server.address);
        self.server = Some(server);
        let mut connection = Connection::open(&self.target).await?;
        for writer in &mut self.writers {
            verify::settle(&mut connection, &mut writer.journal, &mut self.findings).await?;
        }
        Ok(())
    }

    /// The field whose type changes holds the same number as the one beside it.
    async fn sizes(&mut self) -> anyhow::Result<()> {
        let mut connection = Connection::open(&self.target).await?;
        let ids: Vec<&str> = self.writers.iter().flat_map(|writer| &writer.journal.entries).map(|entry| entry.id.as_str()).collect();
        for ids in ids.chunks(200) {
            let data = connection.run(SIZES, &json!({ "ids": ids })).await?;
            for node in data.pointer("/accounts/nodes").and_then(Value::as_array).into_iter().flatten() {
                let size =
                    node.get("soakSize").map(|size| size.as_str().map_or_else(|| size.to_string(), str::to_owned)).unwrap_or_default();
                let count = node.get("employeeCount").map(Value::to_string).unwrap_or_default();
                if size.split('.').next() != Some(count.as_str()) {
                    self.findings.push(format!("a size is {size} beside {count}: {node}"));
                }
            }
        }
        Ok(())
    }
}

async fn work(mut writer: Writer, target: Target) -> (Writer, anyhow::Result<()>) {
    let done = writer.work(&target).await;
    (writer, done)
}
