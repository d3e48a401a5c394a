//! What was long ago: changes are kept for a day; who comes back later is told that he is too late, by every way.

use anyhow::ensure;
use serde_json::json;
use tenon_tests::{Database, Tenant, TestServer};

use super::{OPEN, change, deal};
use crate::both::{Clock, on_as};

const HOUR: i64 = 60 * 60 * 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_too_late_is_told_so_on_sqlite() {
    run(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_too_late_is_told_so_on_postgres() {
    run(Database::Postgres).await;
}

async fn run(database: Database) {
    let clock = Clock::take();
    on_as(database, |config| config.clock = clock.read, async |server| too_late(server, &clock).await).await;
}

async fn too_late(server: &TestServer, clock: &Clock) -> anyhow::Result<()> {
    let (ours, others) = (server.tenant(None, None, None).await?, server.tenant(None, None, None).await?);
    let ((_, begin), (_, theirs)) = (ours.changes("after=now").await?, others.changes("after=now").await?);
    let (id, their) = (deal(&ours, "Old", None).await?, deal(&others, "Old", None).await?);
    server.settled().await?;
    let (lines, after) = ours.changes(&format!("objects=opportunity&after={begin}")).await?;
    ensure!(lines.len() == 1 && lines[0]["id"] == id, "{lines:?}");

    // The day is kept, and an hour beyond, for clocks that differ.
    for hours in [24, 1] {
        clock.advance((hours * 60 - 5) * HOUR / 60);
        ensure!(server.prune_changes(&ours).await? == 0, "nothing is to be let go after {hours} hours");
        let (again, _) = ours.changes(&format!("objects=opportunity&after={begin}")).await?;
        ensure!(again.len() == 1 && again[0]["id"] == id && again[0]["version"] == 1, "{again:?}");
    }
    clock.advance(11 * HOUR / 60);
    // A day and an hour are over. The server may have let go by itself before it is told to.
    server.prune_changes(&ours).await?;
    refused(&ours, &begin).await?;
    // Nobody else's changes were let go, and who had read all of them goes on.
    let (kept, _) = others.changes(&format!("objects=opportunity&after={theirs}")).await?;
    ensure!(kept.len() == 1 && kept[0]["id"] == their, "{kept:?}");
    change(&ours, &id, json!({ "name": "New" })).await?;
    server.settled().await?;
    let (new, last) = ours.changes(&format!("objects=opportunity&after={after}")).await?;
    ensure!(new.len() == 1 && new[0]["type"] == "opportunity.updated" && new[0]["version"] == 2, "{new:?}");

    // A cursor from last year.
    clock.advance(365 * 24 * HOUR);
    server.prune_changes(&ours).await?;
    for cursor in [&begin, &after] {
        refused(&ours, cursor).await?;
    }
    ensure!(ours.changes(&format!("objects=opportunity&after={last}")).await?.0.is_empty(), "he had read all of it");
    // The way out that the error names: from now on.
    let (_, now) = ours.changes("after=now").await?;
    change(&ours, &id, json!({ "name": "Newer" })).await?;
    let (newest, _) = ours.changes(&format!("objects=opportunity&after={now}")).await?;
    ensure!(newest.len() == 1 && newest[0]["version"] == 3, "{newest:?}");
    Ok(())
}

/// By the feed, by an event stream and by a socket.
async fn refused(ours: &Tenant, cursor: &str) -> anyhow::Result<()> {
    let feed = ours.changes(&format!("objects=opportunity&after={cursor}")).await.expect_err("too late").to_string();
    ensure!(feed.contains("status 429") && feed.contains("\"resume_window\""), "{feed}");
    let stream = ours.subscribe(OPEN, json!({ "after": cursor }), &[]).await.expect_err("too late").to_string();
    ensure!(stream.contains("EXHAUSTED") && stream.contains("\"resume_window\""), "{stream}");
    let stream = ours.subscribe(OPEN, json!({}), &[("last-event-id", cursor)]).await.expect_err("too late").to_string();
    ensure!(stream.contains("\"resume_window\""), "{stream}");
    let mut socket = ours.socket("graphql-transport-ws").await?;
    socket.init(&ours.key).await?;
    socket.say(&json!({ "id": "1", "type": "subscribe", "payload": { "query": OPEN, "variables": { "after": cursor } } })).await?;
    match socket.hear().await? {
        tenon_tests::Heard::Json(told) => {
            let why = &told["payload"][0]["extensions"];
            ensure!(told["type"] == "error" && why["limit"] == "resume_window" && why["code"] == "EXHAUSTED", "{told}");
            ensure!(why["max"] == 24, "{told}");
        }
        other => anyhow::bail!("{other:?}"),
    }
    Ok(())
}
