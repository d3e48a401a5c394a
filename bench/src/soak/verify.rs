//! After a restart: is every acknowledged save there, and does the history lead back to version 1?

use std::collections::HashMap;

use serde_json::{Value, json};

use super::journal::{Entry, Journal};
use crate::wire::Connection;

/// Ids and names asked for at once.
const PAGE: usize = 200;

const BY_ID: &str = "query($ids: [ID!]!) { accounts(filter: { id: { in: $ids } }, first: 200) { nodes { id version employeeCount } } }";
const BY_NAME: &str =
    "query($names: [String!]!) { accounts(filter: { name: { in: $names } }, first: 200) { nodes { id name version employeeCount } } }";
const HISTORY: &str = "query($id: ID!, $after: String) { account(id: $id) { version history(first: 100, after: $after) {
    nodes { version changes { field old new } } pageInfo { hasNextPage endCursor } } } }";

/// Settles a journal with the server: promised saves must be there, unanswered ones may be.
pub(crate) async fn settle(connection: &mut Connection, journal: &mut Journal, findings: &mut Vec<String>) -> anyhow::Result<()> {
    for entries in journal.entries.chunks_mut(PAGE) {
        let ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
        let data = connection.run(BY_ID, &json!({ "ids": ids })).await?;
        let nodes = nodes(&data, "id");
        for entry in entries {
            if let Err(finding) = entry.settle(nodes.get(entry.id.as_str()).copied()) {
                findings.push(finding);
            }
        }
    }
    let unanswered = std::mem::take(&mut journal.unanswered);
    for rows in unanswered.chunks(PAGE) {
        let names: Vec<&str> = rows.iter().map(|(name, _)| name.as_str()).collect();
        let data = connection.run(BY_NAME, &json!({ "names": names })).await?;
        let nodes = nodes(&data, "name");
        for (name, value) in rows {
            let Some(id) = nodes.get(name.as_str()).and_then(|node| node.get("id")?.as_str()) else { continue };
            let mut entry = Entry { id: id.to_owned(), values: vec![*value], pending: None };
            match entry.settle(nodes.get(name.as_str()).copied()) {
                Ok(()) => journal.entries.push(entry),
                Err(finding) => findings.push(finding),
            }
        }
    }
    Ok(())
}

/// Undoes a record's history backwards, from what it is to what it was at version 1.
pub(crate) async fn undo(connection: &mut Connection, entry: &Entry, findings: &mut Vec<String>) -> anyhow::Result<()> {
    let mut after = Value::Null;
    let mut expected = entry.version();
    loop {
        let data = connection.run(HISTORY, &json!({ "id": entry.id, "after": after })).await?;
        let page = data.pointer("/account/history").cloned().unwrap_or_default();
        for step in page.get("nodes").and_then(Value::as_array).into_iter().flatten() {
            let version = step.get("version").and_then(Value::as_u64).and_then(|version| usize::try_from(version).ok());
            if version != Some(expected) {
                findings.push(format!("{}: history names {version:?} where version {expected} was expected", entry.id));
                return Ok(());
            }
            if expected > 1 && !undoes(entry, expected, step) {
                findings.push(format!("{}: version {expected} does not undo to what was acknowledged: {step}", entry.id));
            }
            expected -= 1;
        }
        if page.pointer("/pageInfo/hasNextPage") != Some(&Value::Bool(true)) {
            break;
        }
        after = page.pointer("/pageInfo/endCursor").cloned().unwrap_or_default();
    }
    // A creation is its own first state: it may or may not have an entry.
    if expected > 1 {
        findings.push(format!("{}: history ends at version {}, not at 1", entry.id, expected + 1));
    }
    Ok(())
}

/// Whether the step leads from the value of its version to the one before.
fn undoes(entry: &Entry, version: usize, step: &Value) -> bool {
    let changes = step.get("changes").and_then(Value::as_array);
    let change = changes.into_iter().flatten().find(|change| change.get("field").is_some_and(|field| field == "employee_count"));
    let value = |name: &str| change.and_then(|change| change.get(name)).and_then(Value::as_i64);
    value("new") == entry.values.get(version - 1).copied() && value("old") == entry.values.get(version - 2).copied()
}

fn nodes<'a>(data: &'a Value, key: &str) -> HashMap<&'a str, &'a Value> {
    let nodes = data.pointer("/accounts/nodes").and_then(Value::as_array);
    nodes.into_iter().flatten().filter_map(|node| Some((node.get(key)?.as_str()?, node))).collect()
}
