//! What is compared: counts, error files, records, and the file of an export.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use serde_json::{Value, json};

use super::nodes::Nodes;
use super::plan::Plan;
use super::world::{Counts, World};
use crate::chance::Chance;

/// Names asked for at once.
const PAGE: usize = 100;
/// Rows of a chunk, each of which is one transaction.
const CHUNK_ROWS: usize = 1_000;

const BY_NAME: &str = "query ($names: [String!]!) { accounts(filter: { name: { in: $names } }, first: 1000) { nodes { id name version employeeCount shortName } } }";
const COUNT: &str = "{ accountsAggregate { count } }";

/// The counts of a job as its door shows it.
pub(super) fn counts(job: &Value) -> Counts {
    let count = |name: &str| job.get(name).and_then(Value::as_u64).unwrap_or(u64::MAX / 8);
    Counts {
        created: count("created"),
        updated: count("updated"),
        unchanged: count("unchanged"),
        skipped: count("skipped"),
        failed: count("failed"),
    }
}

/// How many rows a cancelled import has behind it: whole chunks, or its whole file.
pub(super) fn behind(job: &Value, plan: &Plan) -> Result<usize, String> {
    let total = usize::try_from(counts(job).total()).unwrap_or(usize::MAX);
    let border = total.is_multiple_of(CHUNK_ROWS) || total == plan.rows.len();
    if border && total <= plan.rows.len() { Ok(total) } else { Err(format!("cancelled within a chunk, after {total} rows: {job}")) }
}

/// The cells of one column of an error file.
pub(super) fn errors_column(file: &[u8], column: &str) -> anyhow::Result<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    let at = reader.headers()?.iter().position(|name| name == column).with_context(|| format!("no column `{column}`"))?;
    reader.records().map(|record| Ok(record?.get(at).unwrap_or_default().to_owned())).collect()
}

/// The error file names exactly the lines that are wrong, each once.
pub(super) fn lines(file: &[u8], wrong: &BTreeSet<u64>) -> anyhow::Result<Option<String>> {
    let mut named: Vec<u64> = Vec::new();
    for line in errors_column(file, "line")? {
        named.push(line.parse().with_context(|| format!("`{line}` is no line"))?);
    }
    named.sort_unstable();
    let wrong: Vec<u64> = wrong.iter().copied().collect();
    let differs = || named.iter().zip(&wrong).find(|(named, wrong)| named != wrong);
    Ok((named != wrong).then(|| format!("errors.csv names {} lines of {}, first other {:?}", named.len(), wrong.len(), differs())))
}

/// Accounts of these names are there exactly once and as they must be, or not at all; and there are no others.
pub(super) async fn accounts(nodes: &Nodes, world: &World, names: &BTreeSet<String>, chance: &mut Chance) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    let names: Vec<&String> = names.iter().collect();
    for page in names.chunks(PAGE) {
        let found = nodes.run(BY_NAME, &json!({ "names": page }), chance).await?;
        let mut seen: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for node in found.pointer("/accounts/nodes").and_then(Value::as_array).into_iter().flatten() {
            seen.entry(node.get("name").and_then(Value::as_str).unwrap_or_default()).or_default().push(node);
        }
        for name in page {
            let found = seen.remove(name.as_str()).unwrap_or_default();
            let wanted = world.accounts.get(*name).map(|account| (account.version, account.employees, account.note.as_str()));
            let is = |node: &&Value| {
                let number = |member: &str| node.get(member).and_then(Value::as_u64);
                let employees = node.get("employeeCount").and_then(Value::as_i64);
                let note = node.get("shortName").and_then(Value::as_str);
                wanted == number("version").zip(employees).zip(note).map(|((version, employees), note)| (version, employees, note))
            };
            let right = if wanted.is_some() { found.len() == 1 && found.iter().all(is) } else { found.is_empty() };
            if !right {
                findings.push(format!("{name}: must be {wanted:?}, is {found:?}"));
            }
        }
    }
    let count = nodes.run(COUNT, &json!({}), chance).await?;
    let count = count.pointer("/accountsAggregate/0/count").and_then(Value::as_u64).unwrap_or_default();
    if count != u64::try_from(world.accounts.len())? {
        findings.push(format!("there are {count} accounts and must be {}", world.accounts.len()));
    }
    Ok(findings)
}

/// Ids of accounts by their names.
pub(super) async fn ids(nodes: &Nodes, names: &BTreeSet<String>, chance: &mut Chance) -> anyhow::Result<BTreeMap<String, String>> {
    let names: Vec<&String> = names.iter().collect();
    let mut ids = BTreeMap::new();
    for page in names.chunks(PAGE) {
        let found = nodes.run(BY_NAME, &json!({ "names": page }), chance).await?;
        for node in found.pointer("/accounts/nodes").and_then(Value::as_array).into_iter().flatten() {
            let text = |member: &str| node.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
            ids.insert(text("name"), text("id"));
        }
    }
    Ok(ids)
}

/// Name, employees and note of each account in an exported file.
fn exported(file: &[u8], is_csv: bool) -> anyhow::Result<BTreeMap<String, (i64, String)>> {
    let mut rows: Vec<(String, i64, String)> = Vec::new();
    if is_csv {
        for row in csv::Reader::from_reader(file).deserialize() {
            rows.push(row?);
        }
    } else {
        for line in std::str::from_utf8(file)?.lines() {
            let row: Value = serde_json::from_str(line)?;
            let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let employees = row.get("employee_count").and_then(Value::as_i64).context("no number of employees")?;
            rows.push((text("name"), employees, text("short_name")));
        }
    }
    let count = rows.len();
    let by_name: BTreeMap<String, (i64, String)> = rows.into_iter().map(|(name, employees, note)| (name, (employees, note))).collect();
    anyhow::ensure!(by_name.len() == count, "{} accounts in {count} rows", by_name.len());
    Ok(by_name)
}

/// The file of an export that was made while a file was imported is the world of one moment: before the import, or after one
/// of its chunks.
pub(super) fn snapshot((file, rows): (&[u8], &Value), is_csv: bool, before: &World, plan: &Plan) -> anyhow::Result<Option<String>> {
    let found = exported(file, is_csv)?;
    if rows.as_u64() != u64::try_from(found.len()).ok() {
        return Ok(Some(format!("an export counts {rows} rows and its file has {}", found.len())));
    }
    let mut world = before.clone();
    let same = |world: &World| {
        let wanted = world.accounts.iter().map(|(name, account)| (name, account.employees, &account.note));
        world.accounts.len() == found.len() && wanted.eq(found.iter().map(|(name, (employees, note))| (name, *employees, note)))
    };
    if same(&world) {
        return Ok(None);
    }
    for chunk in plan.rows.chunks(CHUNK_ROWS) {
        world.work(chunk, plan.manner);
        if same(&world) {
            return Ok(None);
        }
    }
    Ok(Some(format!("an export of {} rows is of no moment of the import", found.len())))
}
