//! What is there before, and what must be there after each change and at the end.

use anyhow::Context;
use serde_json::{Value, json};

use super::changes::{Change, door};
use super::{asked, nothing};
use crate::soak::verify;
use crate::soak::writer::Writer;
use crate::wire::{Connection, Target};

/// Rows of one batch of those that are there before.
const BATCH: usize = 1_000;
/// Ids asked for at once.
const PAGE: usize = 200;

const FILL: &str = "mutation ($inputs: [CreateAccountInput!]!) { createAccounts(inputs: $inputs) { created } }";
const JOB: &str = "{ jobs(kinds: [\"shape\", \"index\"], first: 1) { nodes { state failed error { message } } } }";
const SIZES: &str = "query ($ids: [ID!]!) { accounts(filter: { id: { in: $ids } }, first: 200) { nodes { id employeeCount soakSize } } }";

/// The fields whose shape changes, and records that have them.
pub(super) async fn prepare(target: &Target, records: usize) -> anyhow::Result<()> {
    let mut metadata = door(target).await?;
    for (name, kind) in [("soak_size", "integer"), ("soak_code", "text")] {
        let add = format!("mutation {{ addField(object: \"account\", input: {{ name: \"{name}\", type: {kind} }}) {{ name }} }}");
        metadata.run(&add, &nothing()).await?;
    }
    let mut connection = Connection::open(target).await?;
    for from in (0..records).step_by(BATCH) {
        let row = |at: usize| json!({ "name": format!("fill {at}"), "soakSize": at, "soakCode": format!("fill {at}") });
        let inputs: Vec<Value> = (from..(from + BATCH).min(records)).map(row).collect();
        connection.run(FILL, &json!({ "inputs": inputs })).await?;
        if from % 100_000 == 0 && from > 0 {
            crate::say::step(&format!("{from} records"));
        }
    }
    Ok(())
}

/// The newest job has ended well, and its change is in force.
pub(super) async fn ended(target: &Target, change: &Change, findings: &mut Vec<String>) -> anyhow::Result<()> {
    let jobs = asked(target, JOB, nothing()).await?;
    let job = jobs.pointer("/jobs/nodes/0").cloned().unwrap_or_default();
    if job.get("state").is_none_or(|state| state != "DONE") {
        findings.push(format!("{change}: {job}"));
        return Ok(());
    }
    findings.extend(change.in_force(target).await?);
    if change.fills() {
        let name = change.api_name();
        let (all, filled) = (count(target, "").await?, count(target, &format!("(filter: {{ {name}: {{ eq: 7 }} }})")).await?);
        if all != filled {
            findings.push(format!("{change}: {filled} of {all} records have it"));
        }
    }
    Ok(())
}

/// The field whose type changes holds the same number as the one beside it, in every record of a writer.
pub(super) async fn sizes(target: &Target, writers: &[Writer], findings: &mut Vec<String>) -> anyhow::Result<()> {
    let mut connection = Connection::open(target).await?;
    let ids: Vec<&str> = writers.iter().flat_map(|writer| &writer.journal.entries).map(|entry| entry.id.as_str()).collect();
    for ids in ids.chunks(PAGE) {
        let data = connection.run(SIZES, &json!({ "ids": ids })).await?;
        for node in data.pointer("/accounts/nodes").and_then(Value::as_array).into_iter().flatten() {
            let size = node.get("soakSize").map(|size| size.as_str().map_or_else(|| size.to_string(), str::to_owned)).unwrap_or_default();
            let count = node.get("employeeCount").map(Value::to_string).unwrap_or_default();
            if size.split('.').next() != Some(count.as_str()) {
                findings.push(format!("a size is {size} beside {count}: {node}"));
            }
        }
    }
    Ok(())
}

/// Nobody is lost, what was there before holds what it held, and histories lead back to version 1.
pub(super) async fn everything(target: &Target, writers: &[Writer], records: usize, findings: &mut Vec<String>) -> anyhow::Result<()> {
    let known: usize = writers.iter().map(|writer| writer.journal.entries.len()).sum();
    let found = count(target, "(filter: { soakSize: { isNull: false } })").await?;
    if found != u64::try_from(records + known)? {
        findings.push(format!("{found} records have a size, of {records} + {known}"));
    }
    let filled = "(filter: { name: { startsWith: \"fill \" } }) { sum { soakSize } }";
    let sum = asked(target, &format!("{{ accountsAggregate{filled} }}"), nothing()).await?;
    let sum = sum.pointer("/accountsAggregate/0/sum/soakSize").map(|sum| sum.as_str().map_or_else(|| sum.to_string(), str::to_owned));
    let expected = (0..records).sum::<usize>().to_string();
    if sum.as_deref().and_then(|sum| sum.split('.').next()) != Some(expected.as_str()) {
        findings.push(format!("the sizes of before add up to {sum:?}, not {expected}"));
    }
    let mut connection = Connection::open(target).await?;
    for entry in writers.iter().flat_map(|writer| &writer.journal.entries) {
        verify::undo(&mut connection, entry, findings).await?;
    }
    Ok(())
}

/// How many accounts there are, of those a filter lets through.
async fn count(target: &Target, filter: &str) -> anyhow::Result<u64> {
    let data = asked(target, &format!("{{ accountsAggregate{filter} {{ count }} }}"), nothing()).await?;
    data.pointer("/accountsAggregate/0/count").and_then(Value::as_u64).context("a count")
}
