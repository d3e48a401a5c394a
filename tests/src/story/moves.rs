//! Stories after a move: their tenants are taken out of one server and brought into the next, and asked again there.
//!
//! What a story asked is asked once more when it has ended, on the server where it was played; every server, and every cell
//! of a server, that the tenant then moves to must give the same bytes. Only what is left of the rate limit, and how long it took, is not compared.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use serde_json::{Map, Value};
use tenon_server::{Command, ImportRequest};

use super::parse::Door;
use super::{Outcome, Story, files, play};
use crate::http::Answer;
use crate::{Setting, Tenant, TestServer};

/// A question of a story: who asks what, where.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) who: Tenant,
    pub(super) door: Door,
    pub(super) body: Map<String, Value>,
    pub(super) headers: Vec<(String, String)>,
}

impl Question {
    /// Whether asking it again changes nothing.
    pub(super) fn only_reads(&self) -> bool {
        self.door == Door::File || self.body.get("query").and_then(Value::as_str).is_some_and(|document| !document.contains("mutation"))
    }

    /// Status and bytes of the answer, as this server gives it.
    async fn asked_of(&self, server: &TestServer) -> anyhow::Result<String> {
        let who = server.serve(&self.who);
        let mut headers = self.headers.clone();
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("x-request-id"));
        headers.push(("x-request-id".to_owned(), "after-the-move".to_owned()));
        let body = Value::Object(self.body.clone());
        let answer = match self.door {
            Door::Data => who.post("graphql", &body, &headers).await?,
            Door::Metadata => who.post("metadata", &body, &headers).await?,
            Door::DataByGet => who.get(&self.body, &headers).await?,
            Door::File => self.file(&who, &headers).await?,
        };
        Ok(format!("{} {}", answer.status, without_rate(&String::from_utf8_lossy(&answer.body))))
    }
}

impl Question {
    /// A file, as it is given to somebody.
    pub(super) async fn file(&self, who: &Tenant, headers: &[(String, String)]) -> anyhow::Result<Answer> {
        let id = self.body.get("id").and_then(Value::as_str).unwrap_or_default();
        let mut request = who.request("GET", &format!("files/{id}"));
        request.headers.extend(headers.iter().cloned());
        request.send(who.address).await
    }
}

/// The text without what is of the moment: what is left of the rate, how long it took, whether its plan was still at hand.
fn without_rate(text: &str) -> String {
    let mut text = text.replace("\"planCache\":\"miss\"", "\"planCache\":\"hit\"");
    for member in ["\"available\":", "\"ms\":"] {
        let mut parts = text.split(member);
        let mut kept = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            kept += member;
            kept += part.trim_start_matches(|letter: char| letter.is_ascii_digit());
        }
        text = kept;
    }
    text
}

/// Plays every story of these folders on the first server, every `nth` of them, then moves its tenant from server to server.
///
/// # Errors
/// When a folder cannot be read. What is wrong with a story stands in the outcome.
pub async fn run_moved(servers: &[&TestServer], setting: &Setting, folders: &[PathBuf], nth: usize) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::default();
    for path in files(folders)?.into_iter().step_by(nth.max(1)) {
        let shown = path.strip_prefix(Setting::repository()).unwrap_or(&path).display().to_string();
        if setting.story.as_ref().is_some_and(|part| !shown.contains(part.as_str())) {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        match one(servers, &Story::parse(&text).context("cannot be read")?).await {
            Err(error) => outcome.failures.push(format!("{shown}: {error:#}")),
            Ok(()) => outcome.passed += 1,
        }
    }
    Ok(outcome)
}

async fn one(servers: &[&TestServer], story: &Story) -> anyhow::Result<()> {
    let (first, others) = servers.split_first().context("a server")?;
    let played = play::play(first, story, false).await?;
    let questions: Vec<Question> = played.questions.into_iter().filter(Question::only_reads).collect();
    let mut wanted = Vec::new();
    for question in &questions {
        wanted.push(question.asked_of(first).await?);
    }
    let same = async |server: &TestServer, station: &str| {
        for (question, wanted) in questions.iter().zip(&wanted) {
            let found = question.asked_of(server).await?;
            ensure!(found == *wanted, "{station}\n    asked: {:?}\n    before: {wanted}\n    after:  {found}", question.body);
        }
        Ok(())
    };
    let mut from = first;
    for (place, server) in others.iter().enumerate() {
        moved(from, server, &played.tenant.name).await.with_context(|| format!("move {}", place + 1))?;
        same(server, &format!("after move {}", place + 1)).await?;
        for cell in server.cells() {
            to_cell(server, &played.tenant.name, cell).await?;
            same(server, &format!("in cell `{cell}` after move {}", place + 1)).await?;
        }
        from = server;
    }
    Ok(())
}

/// Moves a tenant to another cell of its server.
async fn to_cell(server: &TestServer, name: &str, cell: &str) -> anyhow::Result<()> {
    let command = Command::TenantMove { name: name.to_owned(), cell: cell.to_owned() };
    server.command(&command).await.with_context(|| format!("it does not move to `{cell}`"))?;
    ensure!(server.homes(name).await? == [cell], "it lies in {:?}", server.homes(name).await?);
    well_linked(server, name).await
}

/// Takes a tenant out of one server and brings it into another, with its secrets, through files as an operator would.
async fn moved(from: &TestServer, to: &TestServer, name: &str) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (file, secrets) = (folder.path().join("tenant.archive"), folder.path().join("tenant.key"));
    let export = Command::TenantExport { name: name.to_owned(), out: file.clone(), secrets: Some(secrets.clone()) };
    let exported = from.command(&export).await.context("it is not taken out")?;
    let import = Command::TenantImport(ImportRequest { file, secrets: Some(secrets), ..ImportRequest::default() });
    let imported = to.command(&import).await.context("it is not brought in")?;
    ensure!(exported == imported, "{exported} went out, {imported} came in");
    well_linked(to, name).await
}

async fn well_linked(server: &TestServer, name: &str) -> anyhow::Result<()> {
    let verify = Command::AuditVerify { tenant: name.to_owned(), head: None };
    let chain = server.command(&verify).await.context("its trail cannot be verified")?;
    ensure!(chain["broken"].is_null(), "the audit chain broke: {chain}");
    Ok(())
}
