//! `soak fuzz`: good inputs, broken in every way chance finds, thrown at the fronts that read what people wrote.
//!
//! Found is whatever is not a plain answer: a status of 500 and above, the code INTERNAL, a body that is not JSON, a
//! server that is gone or silent. The input is kept in the target directory; it belongs into `bench/corpus` next.

mod break_it;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};

use super::Wish;
use crate::chance::Chance;
use crate::databases::Database;
use crate::platform::{Server, empty_folder, required};
use crate::say;
use crate::wire::{Connection, Target};

/// The tenant the rubbish is thrown at.
const TENANT: &str = "fuzz";

/// How long one answer may take, whatever was asked.
const ANSWER_MAX: Duration = Duration::from_secs(15);

/// How long one answer should take at most: limits stand before work, so rubbish is refused at once.
const ANSWER_SLOW: Duration = Duration::from_secs(8);

/// Findings after which a front is left: more of the same help nobody.
const FINDINGS_MAX: u32 = 25;

/// A front with the inputs it begins with.
struct Front {
    name: &'static str,
    door: &'static str,
    seeds: Vec<String>,
    wrap: fn(&str) -> Value,
}

/// Works on each front of one database for the time asked for; where the rubbish is that was answered badly.
pub(super) async fn run(wish: &Wish, seed: u64, database: &Database) -> anyhow::Result<Vec<String>> {
    let found = empty_folder("fuzz-findings")?;
    let mut server = database.place.serve().await?;
    let target = database.place.create_tenant(TENANT, &server.address).await?;
    let mut findings = Vec::new();
    for front in fronts()? {
        let door = Target { path: format!("/t/{TENANT}/{}", front.door), ..target.clone() };
        let count = one(&front, &door, &mut server, &found, wish.length(), seed).await?;
        if count > 0 {
            findings.push(format!("{}: {count} findings in {}", front.name, found.display()));
        }
    }
    server.kill().await?;
    Ok(findings)
}

async fn one(front: &Front, door: &Target, server: &mut Server, found: &Path, length: Duration, seed: u64) -> anyhow::Result<u32> {
    let mut chance = Chance::new(seed);
    let begun = Instant::now();
    let (mut tried, mut findings) = (0_u64, 0);
    let mut connection = Connection::open(door).await?;
    while begun.elapsed() < length && findings < FINDINGS_MAX {
        let input = break_it::one(&front.seeds, &mut chance);
        tried += 1;
        let body = (front.wrap)(&input).to_string();
        let sent = Instant::now();
        let answer = tokio::time::timeout(ANSWER_MAX, connection.post(body.as_bytes())).await;
        let wrong = match answer {
            Err(_) => Some(format!("no answer within {} s", ANSWER_MAX.as_secs())),
            Ok(Err(error)) => Some(format!("{error:#}")),
            Ok(Ok(_)) if sent.elapsed() > ANSWER_SLOW => Some(format!("answered after {} ms", sent.elapsed().as_millis())),
            Ok(Ok(status)) => judge(status, &connection.body),
        };
        let Some(wrong) = wrong else { continue };
        findings += 1;
        let place = found.join(format!("{}-{findings}.txt", front.name));
        std::fs::write(&place, &input)?;
        say::result(&format!("{}: {wrong} ({})", front.name, place.display()));
        anyhow::ensure!(server.is_alive(), "the server is gone; the input is in {}", place.display());
        connection = Connection::open(door).await?;
    }
    say::result(&format!("{}: {tried} inputs in {} s, {findings} findings", front.name, begun.elapsed().as_secs()));
    Ok(findings)
}

/// What is wrong with an answer, if anything.
fn judge(status: u16, body: &[u8]) -> Option<String> {
    if status >= 500 {
        return Some(format!("status {status}"));
    }
    let Ok(answer) = serde_json::from_slice::<Value>(body) else { return Some(format!("status {status} without JSON")) };
    let errors = answer.get("errors").and_then(Value::as_array);
    let internal = errors.into_iter().flatten().any(|error| error.pointer("/extensions/code").is_some_and(|code| code == "INTERNAL"));
    internal.then(|| format!("status {status} with INTERNAL"))
}

fn fronts() -> anyhow::Result<[Front; 2]> {
    let root = PathBuf::from(required("TENON_BENCH_ROOT")?);
    let mut documents = Vec::new();
    collect(&root.join("bench/corpus/graphql"), "graphql", &mut documents)?;
    collect(&root.join("examples"), "graphql", &mut documents)?;
    let mut files = Vec::new();
    collect(&root.join("bench/corpus/metadata"), "yaml", &mut files)?;
    collect(&root.join("metadata"), "yaml", &mut files)?;
    Ok([
        Front { name: "data", door: "graphql", seeds: documents, wrap: |document| json!({ "query": document }) },
        Front { name: "metadata", door: "metadata", seeds: files, wrap: plan },
    ])
}

/// A plan reads files and changes nothing.
fn plan(text: &str) -> Value {
    let document =
        "mutation Plan($files: [FileInput!]) { plan(files: $files) { hash empty diagnostics { code message line column help } } }";
    json!({
        "query": document,
        "variables": { "files": [{ "path": "objects/fuzzed/object.yaml", "text": text }] },
    })
}

fn collect(folder: &Path, extension: &str, into: &mut Vec<String>) -> anyhow::Result<()> {
    let mut entries = std::fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            collect(&path, extension, into)?;
        } else if path.extension().is_some_and(|own| own == extension) {
            into.push(std::fs::read_to_string(&path)?);
        }
    }
    Ok(())
}
