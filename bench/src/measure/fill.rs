//! Fills the platform over its public data API, in batches over a few connections; ids come back in order.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use serde_json::{Value, json};

use super::Amount;
use super::workload::{Ids, opportunity};
use crate::say;
use crate::wire::{Connection, Target};

/// Rows of one request.
pub(super) const BATCH_ROWS: usize = 1_000;
const CONNECTIONS: usize = 4;
const USERS: usize = 100;

/// The ids the floor's SQL gives its rows.
pub(super) fn floor_ids(amount: &Amount) -> Ids {
    let of = |table: u8, count: usize| (0..count).map(|number| format!("{table:08}-0000-7000-8000-{number:012x}")).collect();
    Ids { accounts: Arc::new(of(2, amount.accounts)), opportunities: Arc::new(of(4, amount.opportunities)), users: Arc::new(of(1, USERS)) }
}

/// Creates everything; the answer is what the loads draw from.
pub(super) async fn platform(target: &Target, amount: &Amount) -> anyhow::Result<Ids> {
    let users = create(target, ("User", "Users"), USERS, |number| json!({ "name": format!("Seller {number}") })).await?;
    let industries = ["RETAIL", "ENERGY", "FINANCE", "SOFTWARE"];
    let accounts = create(
        target,
        ("Account", "Accounts"),
        amount.accounts,
        move |number| json!({ "name": format!("Account {number}"), "industry": industries.get(number % 4), "employeeCount": number % 5_000 }),
    );
    let accounts = Arc::new(accounts.await?);
    let of = Arc::clone(&accounts);
    create(target, ("Contact", "Contacts"), amount.contacts, move |number| {
        json!({
            "lastName": format!("Last {number}"), "firstName": format!("First {number}"), "email": format!("c{number}@x.example"),
            "account": { "connect": { "id": of.get(number % of.len()) } },
        })
    })
    .await?;
    let mut ids = Ids { accounts, opportunities: Arc::default(), users: Arc::new(users) };
    let known = ids.clone();
    let opportunities = create(target, ("Opportunity", "Opportunities"), amount.opportunities, move |number| opportunity(number, &known));
    ids.opportunities = Arc::new(opportunities.await?);
    Ok(ids)
}

/// Creates so many over a few connections; the answer is their ids in the order of their numbers.
pub(super) async fn create(
    target: &Target,
    (single, plural): (&str, &str),
    count: usize,
    row: impl Fn(usize) -> Value + Send + Sync + 'static,
) -> anyhow::Result<Vec<String>> {
    let begun = Instant::now();
    let (names, row) = ((single.to_owned(), plural.to_owned()), Arc::new(row));
    let mut tasks = Vec::new();
    for lane in 0..CONNECTIONS {
        let (target, (single, plural), row) = (target.clone(), names.clone(), Arc::clone(&row));
        tasks.push(tokio::spawn(async move {
            let mut connection = Connection::open(&target).await?;
            let mut batches = Vec::new();
            for start in (lane * BATCH_ROWS..count).step_by(CONNECTIONS * BATCH_ROWS) {
                let rows: Vec<Value> = (start..count.min(start + BATCH_ROWS)).map(|number| row(number)).collect();
                batches.push((start, batch(&mut connection, (&single, &plural), &rows).await?));
            }
            anyhow::Ok(batches)
        }));
    }
    let mut batches = Vec::new();
    for task in tasks {
        batches.extend(task.await??);
    }
    batches.sort_by_key(|(start, _)| *start);
    let all: Vec<String> = batches.into_iter().flat_map(|(_, ids)| ids).collect();
    anyhow::ensure!(all.len() == count, "{count} {plural} were sent, {} came back", all.len());
    say::step(&format!("  {count} {plural} in {:.1} s", begun.elapsed().as_secs_f64()));
    Ok(all)
}

/// Creates rows in one request; the answer is their ids.
pub(super) async fn batch(connection: &mut Connection, (single, plural): (&str, &str), rows: &[Value]) -> anyhow::Result<Vec<String>> {
    let document = format!("mutation($rows: [Create{single}Input!]!) {{ batch: create{plural}(inputs: $rows) {{ nodes {{ id }} }} }}");
    let data = connection.run(&document, &json!({ "rows": rows })).await?;
    let nodes = data.pointer("/batch/nodes").and_then(Value::as_array).context("a batch has nodes")?;
    Ok(nodes.iter().filter_map(|node| node.get("id")?.as_str()).map(str::to_owned).collect())
}
