//! One import from its file to its undoing, through kills.

use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::check;
use super::nodes::{Nodes, post};
use super::plan::{Plan, touched};
use super::world::{Manner, Worked, World};
use crate::chance::Chance;

/// How long a job is left alone between two things that are done to it, in milliseconds.
const LIFE_MIN_MS: usize = 30;
const LIFE_MAX_MS: usize = 900;
/// Kills in a row between which a job need not have come any further; then it is waited for.
const WITHOUT_MAX: u32 = 3;
/// How long a job may take to come any further.
const STUCK_MAX: Duration = Duration::from_secs(180);
const LOOK: Duration = Duration::from_millis(20);
const FORM: &str = "multipart/form-data; boundary=soak";
const JSON: &str = "application/json";

const TOUCH: &str = "mutation ($id: ID!, $n: Int!) { updateAccount(id: $id, input: { employeeCount: $n }) { version } }";

/// What has been done so far.
#[derive(Default)]
pub(super) struct Told {
    imports: u32,
    rows: u64,
    wrong: u64,
    cut: u32,
    paused: u32,
    cancelled: u32,
    undone: u32,
    exports: u32,
    retried: u32,
    kills: u32,
    findings: usize,
}

impl fmt::Display for Told {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { imports, rows, wrong, cut, paused, cancelled, undone, exports, retried, kills, findings } = self;
        write!(
            out,
            "{kills} kills, {imports} imports of {rows} rows ({wrong} wrong), {cut} uploads cut off, {paused} rests, {cancelled} cancelled, \
             {undone} taken back, {exports} exports, {retried} tried again, {findings} findings"
        )
    }
}

/// A run on one database.
pub(super) struct Run {
    pub(super) nodes: Nodes,
    pub(super) chance: Chance,
    pub(super) findings: Vec<String>,
    pub(super) told: Told,
    kills_max: u32,
}

impl Run {
    pub(super) fn new(nodes: Nodes, chance: Chance, kills_max: u32) -> Self {
        Self { nodes, chance, findings: Vec::new(), told: Told::default(), kills_max }
    }

    /// Imports a file, exports beside it, takes it back, as the plan says; the world is what it must be then.
    pub(super) async fn import(&mut self, plan: Plan, world: &mut World) -> anyhow::Result<()> {
        let before = world.clone();
        let door = self.upload(&plan).await?;
        let export = if plan.exports { Some(self.export(self.told.imports.is_multiple_of(2)).await?) } else { None };
        let job = self.through(&door, plan.cancels).await?;
        let cancelled = job.get("state").is_some_and(|state| state == "CANCELLED");
        let behind = if cancelled { check::behind(&job, &plan) } else { Ok(plan.rows.len()) };
        let Some(behind) = self.note(behind) else { return Ok(()) };
        let worked = world.work(plan.rows.get(..behind).unwrap_or_default(), plan.manner);
        self.judge(&door, (&job, &plan), &worked).await?;
        if let Some((door, is_csv)) = export {
            let job = self.through(&door, false).await?;
            let (status, file) = self.nodes.fetch(&format!("{door}/data"), &mut self.chance).await?;
            ensure!(status == 200, "{door}/data: status {status}");
            let rows = job.get("done").cloned().unwrap_or_default();
            let found = check::snapshot((&file, &rows), is_csv, &before, &plan)?;
            self.findings.extend(found.map(|finding| format!("{door}: {finding}; import {behind} rows")));
            self.told.exports += 1;
        }
        let names: BTreeSet<String> = plan.rows.iter().map(super::sheet::Row::name).collect();
        self.records(&door, world, &names).await?;
        if plan.undoes && self.findings.is_empty() {
            self.undo(&door, &worked, world).await?;
            self.records(&format!("{door} taken back"), world, &names).await?;
        }
        self.told.imports += 1;
        self.told.cancelled += u32::from(cancelled);
        self.told.rows += worked.counts.total();
        self.told.wrong += worked.counts.failed;
        self.told.kills = self.nodes.kills;
        self.told.findings = self.findings.len();
        Ok(())
    }

    async fn records(&mut self, what: &str, world: &World, names: &BTreeSet<String>) -> anyhow::Result<()> {
        let found = check::accounts(&self.nodes, world, names, &mut self.chance).await?;
        self.findings.extend(found.into_iter().take(5).map(|finding| format!("{what}: {finding}")));
        Ok(())
    }

    fn note<T>(&mut self, found: Result<T, String>) -> Option<T> {
        found.map_err(|finding| self.findings.push(finding)).ok()
    }

    /// Sends the file; sometimes the node dies of it. Then the job is there, or it is sent once more.
    async fn upload(&mut self, plan: &Plan) -> anyhow::Result<String> {
        let known = self.newest_import().await?;
        let node = self.nodes.any(&mut self.chance);
        let target = self.nodes.target(node);
        let body = form(plan);
        if self.chance.percent(15) && self.nodes.kills < self.kills_max {
            let sending = tokio::spawn(async move { post(&target, "imports", (FORM, &body)).await });
            self.rest(60).await?;
            self.nodes.kill(node, &mut self.chance).await?;
            let answered = sending.await?.ok().and_then(|answer| id_of(&answer));
            self.told.cut += u32::from(answered.is_none());
            if let Some(id) = answered {
                return Ok(format!("imports/{id}"));
            }
            // Not answered is not refused: what was kept whole is a job all the same.
            if let Some(id) = self.newest_import().await?.filter(|id| known.as_ref() != Some(id)) {
                let door = format!("imports/{id}");
                if self.nodes.show(&door, &mut self.chance).await?.get("object").is_some() {
                    return Ok(door);
                }
            }
        }
        let answer = self.nodes.post("imports", (FORM, &form(plan)), &mut self.chance).await?;
        id_of(&answer).map(|id| format!("imports/{id}")).with_context(|| format!("an import was answered by {answer:?}"))
    }

    /// The newest import, which may not have been received to its end.
    async fn newest_import(&mut self) -> anyhow::Result<Option<String>> {
        let jobs = "{ jobs(kinds: [\"import\"], first: 1) { nodes { id } } }";
        let found = self.nodes.run(jobs, &json!({}), &mut self.chance).await?;
        Ok(found.pointer("/jobs/nodes/0/id").and_then(Value::as_str).map(str::to_owned))
    }

    /// Begins an export of all accounts.
    async fn export(&mut self, is_csv: bool) -> anyhow::Result<(String, bool)> {
        let format = if is_csv { "csv" } else { "jsonl" };
        let wanted = json!({ "object": "account", "format": format, "columns": ["name", "employee_count", "short_name"] });
        let answer = self.nodes.post("exports", (JSON, wanted.to_string().as_bytes()), &mut self.chance).await?;
        let id = id_of(&answer).with_context(|| format!("an export was answered by {answer:?}"))?;
        Ok((format!("exports/{id}"), is_csv))
    }

    /// A job to its end, through kills and rests.
    async fn through(&mut self, door: &str, cancels: bool) -> anyhow::Result<Value> {
        let (mut last, mut without, mut cancelled) = (Value::Null, 0, false);
        loop {
            self.rest(LIFE_MAX_MS).await?;
            let job = self.nodes.show(door, &mut self.chance).await?;
            match job.get("state").and_then(Value::as_str).unwrap_or_default() {
                "DONE" | "CANCELLED" => return Ok(job),
                "FAILED" => self.again(door, &job).await?,
                _ => {}
            }
            without = if far(&job) == last { without + 1 } else { 0 };
            last = far(&job);
            if self.nodes.kills >= self.kills_max || without > WITHOUT_MAX {
                self.further(door, &last).await?;
                without = 0;
                continue;
            }
            match self.chance.below(100) {
                0..65 => self.kill().await?,
                65..80 => self.pause(door).await?,
                _ if cancels && !cancelled => {
                    self.wish(door, "cancel").await?;
                    cancelled = true;
                }
                _ => {}
            }
        }
    }

    /// Who died each time a job was begun may have killed it: then somebody tries again.
    async fn again(&mut self, door: &str, job: &Value) -> anyhow::Result<()> {
        ensure!(job.pointer("/error/rule").is_some_and(|rule| rule == "job_died"), "{door} ended as {job}");
        self.told.retried += 1;
        self.wish(door, "retry").await.map(drop)
    }

    /// Lets it rest, and go on; sometimes a node dies meanwhile.
    async fn pause(&mut self, door: &str) -> anyhow::Result<()> {
        if !self.wish(door, "pause").await? {
            return Ok(());
        }
        if self.chance.percent(40) {
            self.kill().await?;
        }
        let job = self.until(door, |job| state_is(job, &["PAUSED", "DONE", "FAILED", "CANCELLED"])).await?;
        if state_is(&job, &["PAUSED"]) {
            self.told.paused += 1;
            ensure!(self.wish(door, "resume").await?, "{door} rests and does not go on");
        }
        Ok(())
    }

    async fn kill(&mut self) -> anyhow::Result<()> {
        let node = self.nodes.any(&mut self.chance);
        self.nodes.kill(node, &mut self.chance).await
    }

    /// Whether a job is in a state for that.
    async fn wish(&mut self, door: &str, wish: &str) -> anyhow::Result<bool> {
        let (status, answer) = self.nodes.post(&format!("{door}/{wish}"), (JSON, b"{}"), &mut self.chance).await?;
        ensure!(status == 200 || status == 409, "{door}/{wish}: status {status}: {answer}");
        Ok(status == 200)
    }

    /// Waits until a job has come further than it was.
    async fn further(&mut self, door: &str, last: &Value) -> anyhow::Result<()> {
        self.until(door, |job| far(job) != *last || state_is(job, &["DONE", "FAILED", "CANCELLED"])).await.map(drop)
    }

    async fn until(&mut self, door: &str, there: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        let begun = Instant::now();
        loop {
            let job = self.nodes.show(door, &mut self.chance).await?;
            if there(&job) {
                return Ok(job);
            }
            ensure!(begun.elapsed() < STUCK_MAX, "{door} stays {job}");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The counts of a job, and its error file, to the row.
    async fn judge(&mut self, door: &str, (job, plan): (&Value, &Plan), worked: &Worked) -> anyhow::Result<()> {
        let counts = check::counts(job);
        if counts != worked.counts || job.get("total").and_then(Value::as_u64) != Some(counts.total()) {
            self.findings.push(format!("{door} ({:?}): must count {:?}: {job}", plan.manner, worked.counts));
        }
        let (status, file) = self.nodes.fetch(&format!("{door}/errors.csv"), &mut self.chance).await?;
        ensure!(status == 200, "{door}/errors.csv: status {status}");
        let found = check::lines(&file, &worked.wrong)?;
        self.findings.extend(found.map(|finding| format!("{door} ({}): {finding}", plan.format.file_name())));
        Ok(())
    }

    /// Takes an import back, but for what is touched before.
    async fn undo(&mut self, door: &str, worked: &Worked, world: &mut World) -> anyhow::Result<()> {
        // Of one that several rows wrote, the undo may tell several times that it was changed since: not looked at here.
        let once = worked.written.keys().filter(|name| !worked.again.contains(*name)).cloned();
        let touched = touched(once, &mut self.chance);
        let ids = check::ids(&self.nodes, &touched, &mut self.chance).await?;
        for (name, id) in &ids {
            self.nodes.run(TOUCH, &json!({ "id": id, "n": 7_000_001 }), &mut self.chance).await?;
            world.touch(name, 7_000_001);
        }
        let answer = self.nodes.post(&format!("{door}/undo"), (JSON, b"{}"), &mut self.chance).await?;
        let id = id_of(&answer).with_context(|| format!("{door}/undo was answered by {answer:?}"))?;
        let undo = format!("imports/{id}");
        let job = self.through(&undo, false).await?;
        let wanted = world.take_back(worked, &touched);
        if check::counts(&job) != wanted {
            self.findings.push(format!("{undo} takes {door} back: must count {wanted:?}: {job}"));
        }
        let (_, file) = self.nodes.fetch(&format!("{undo}/errors.csv"), &mut self.chance).await?;
        let mut left = check::errors_column(&file, "id").unwrap_or_default();
        left.sort_unstable();
        let mut wanted: Vec<String> = ids.into_values().collect();
        wanted.sort_unstable();
        if left != wanted {
            self.findings.push(format!("{undo}: errors.csv names {left:?}, and {wanted:?} were touched"));
        }
        self.told.undone += 1;
        Ok(())
    }

    async fn rest(&mut self, most: usize) -> anyhow::Result<()> {
        let millis = LIFE_MIN_MS.min(most) + self.chance.below(most);
        tokio::time::sleep(Duration::from_millis(u64::try_from(millis)?)).await;
        Ok(())
    }
}

/// How far a job has come.
fn far(job: &Value) -> Value {
    job.get("total").filter(|total| !total.is_null()).or_else(|| job.get("done")).cloned().unwrap_or_default()
}

fn state_is(job: &Value, states: &[&str]) -> bool {
    job.get("state").and_then(Value::as_str).is_some_and(|state| states.contains(&state))
}

/// The id of the job that a door has accepted.
fn id_of((status, answer): &(u16, Value)) -> Option<String> {
    answer.get("id").and_then(Value::as_str).filter(|_| *status == 202).map(str::to_owned)
}

/// The mapping and the file as a form.
fn form(plan: &Plan) -> Vec<u8> {
    let (matching, key) = match plan.manner {
        Manner::Create => ("", "skip"),
        Manner::Update => ("match: external_id.soak\n", "external_id.soak"),
        Manner::Skip => ("match: external_id.soak\non_match: skip\n", "external_id.soak"),
    };
    // A file of JSON has the columns that its mapping names.
    let mapping = format!(
        "format: tenon/v1\nmapping: account\n{matching}columns:\n  key: {key}\n  name: name\n  employees: employee_count\n  note: short_name\n  aside: skip\n"
    );
    let part = |name: &str, file: &str| format!("--soak\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\r\n");
    let mut body = part("mapping", "mapping.yaml").into_bytes();
    body.extend_from_slice(mapping.as_bytes());
    body.extend_from_slice(b"\r\n");
    body.extend_from_slice(part("data", plan.format.file_name()).as_bytes());
    body.extend_from_slice(&plan.bytes);
    body.extend_from_slice(b"\r\n--soak--\r\n");
    body
}
