//! The feed: every change once, each with a cursor that goes on.

use anyhow::ensure;
use serde_json::{Value, json};
use tenon_tests::{Database, EventStream, Setting, Tenant, TestServer};

use super::{change, deal, seen_by};
use crate::both::on;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_tells_everything_once_on_sqlite() {
    on(Database::Sqlite, Vec::new(), fed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_tells_everything_once_on_postgres() {
    on(Database::Postgres, Vec::new(), fed).await;
}

/// All that comes after a cursor, a few lines at a time; each line goes on from the line before.
async fn drained(tenant: &Tenant, after: &str, limit: usize) -> anyhow::Result<(Vec<Value>, String)> {
    let (mut all, mut cursor) = (Vec::new(), after.to_owned());
    loop {
        let (lines, next) = tenant.changes(&format!("objects=opportunity&limit={limit}&after={cursor}")).await?;
        cursor = next;
        if lines.is_empty() {
            return Ok((all, cursor));
        }
        ensure!(lines.len() <= limit);
        // The cursor of a line is as good as that of the answer.
        cursor = lines.last().and_then(|line| line["cursor"].as_str()).unwrap_or_default().to_owned();
        all.extend(lines);
    }
}

fn short(lines: &[Value]) -> Vec<Value> {
    lines.iter().map(|line| json!([line["type"], line["id"], line["version"]])).collect()
}

async fn fed(server: &TestServer, _: &Setting) -> anyhow::Result<()> {
    let (ours, others) = (server.tenant(None, None, None).await?, server.tenant(None, None, None).await?);
    let bob = ours.member("bob@mail.example", &["sales_rep"]).await?;
    let (_, begin) = ours.changes("after=now").await?;
    let (_, foreign) = others.changes("after=now").await?;

    let id = deal(&ours, "Fed", Some(&bob.user)).await?;
    change(&ours, &id, json!({ "stage": "WON", "name": "Fed well" })).await?;
    change(&ours, &id, json!({ "owner": null })).await?;
    // One row of the outbox holds them all.
    let inputs: Vec<Value> = (0..25).map(|nth| json!({ "name": format!("bulk {nth}"), "stage": "PROSPECTING" })).collect();
    let made = "mutation ($inputs: [CreateOpportunityInput!]!) { createOpportunities(inputs: $inputs) { nodes { id } } }";
    let made = ours.data(made, json!({ "inputs": inputs })).await?;
    let bulk: Vec<Value> = made["createOpportunities"]["nodes"].as_array().into_iter().flatten().map(|node| node["id"].clone()).collect();

    let mut expected =
        vec![json!(["opportunity.created", id, 1]), json!(["opportunity.updated", id, 2]), json!(["opportunity.updated", id, 3])];
    expected.extend(bulk.iter().map(|id| json!(["opportunity.created", id, 1])));
    for limit in [1, 7, 1_000] {
        let (lines, _) = drained(&ours, &begin, limit).await?;
        let mut told = short(&lines);
        // Within one save there is no order but that of each record.
        told[3..].sort_by_key(ToString::to_string);
        let mut wanted = expected.clone();
        wanted[3..].sort_by_key(ToString::to_string);
        ensure!(told == wanted, "{limit} at a time: {told:?}");
        ensure!(lines[1]["changed"] == json!(["name", "stage"]), "{}", lines[1]);
        ensure!(lines[1]["record"]["stage"] == "won" && lines[1]["record"]["name"] == "Fed well", "{}", lines[1]);
    }

    // He is told of what he had, and that it left him; of the others nothing.
    let (lines, end) = drained(&seen_by(&bob), &begin, 5).await?;
    let his = [json!(["opportunity.created", id, 1]), json!(["opportunity.updated", id, 2]), json!(["opportunity.left", id, 3])];
    ensure!(short(&lines) == his, "{lines:?}");
    ensure!(lines.iter().all(|line| line["record"].is_null()), "it is not his any more: {lines:?}");
    ensure!(drained(&seen_by(&bob), &end, 5).await?.0.is_empty());
    ensure!(others.changes(&format!("after={foreign}")).await?.0.is_empty(), "the other tenant is told of it");

    // A wait ends with the first line.
    let query = format!("objects=opportunity&after={end}&wait=20");
    let (waited, made) = tokio::join!(ours.changes(&query), async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        deal(&ours, "Awaited", None).await
    });
    ensure!(short(&waited?.0) == [json!(["opportunity.created", made?, 1])]);
    refused(&ours, &others, &begin).await?;
    streamed(&ours, &begin, expected.len() + 1).await
}

async fn refused(ours: &Tenant, others: &Tenant, cursor: &str) -> anyhow::Result<()> {
    for (tenant, query, status, word) in [
        (ours, "after=x".to_owned(), "400", "cursor"),
        (others, format!("after={cursor}"), "400", "cursor"),
        (ours, "limit=1001".to_owned(), "429", "changes"),
        (ours, "limit=many".to_owned(), "400", "type"),
        (ours, "wait=61".to_owned(), "429", "wait"),
        (ours, "objects=nothing".to_owned(), "400", "objects"),
    ] {
        let answer = tenant.changes(&query).await.expect_err(&query).to_string();
        ensure!(answer.contains(&format!("status {status}")) && answer.contains(&format!("\"{word}\"")), "{query}: {answer}");
    }
    Ok(())
}

async fn streamed(ours: &Tenant, cursor: &str, count: usize) -> anyhow::Result<()> {
    let mut request = ours.request("GET", &format!("changes?objects=opportunity&after={cursor}"));
    request.headers.retain(|(name, _)| name != "accept");
    let mut stream = EventStream::open(ours.address, &request.header("accept", "text/event-stream")).await?;
    for nth in 0..count {
        let event = stream.next().await?.expect("it goes on");
        let line: Value = serde_json::from_str(&event.data)?;
        ensure!(event.name == "change" && event.id.as_deref() == line["cursor"].as_str(), "{nth}: {event:?}");
    }
    let id = deal(ours, "Streamed", None).await?;
    ensure!(stream.told().await?["id"] == id);
    Ok(())
}
