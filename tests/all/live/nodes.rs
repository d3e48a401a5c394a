//! Two nodes over one PostgreSQL: what one commits the other tells, also where the notification is lost.

use std::time::Instant;

use anyhow::ensure;
use serde_json::json;
use tenon_tests::{Database, Setting, TOLD_MAX, TestServer};
use tenon_value::DateTime;

use super::{OPEN, change, deal, short};
use crate::both::on;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_commits_the_other_tells_though_the_notification_be_lost() {
    on(Database::Postgres, Vec::new(), async |server: &TestServer, _: &Setting| {
        let Some(other) = server.another_node().await? else { return Ok(()) };
        let ours = server.tenant(None, None, None).await?;
        let there = other.serve(&ours);
        let mut stream = there.subscribe(OPEN, json!({}), &[]).await?;
        let mut model = there.subscribe("subscription { metadataChanged { version } }", json!({}), &[]).await?;
        for lost in [false, true] {
            if lost {
                server.lose_notifications().await?;
            }
            let id = deal(&ours, "Across", None).await?;
            ensure!(short(&stream.told().await?) == json!(["CREATED", id, 1]), "lost: {lost}");
            if lost {
                server.lose_notifications().await?;
            }
            let add = format!(
                r#"mutation {{ addField(object: "opportunity", input: {{ name: "x_{lost}", type: text, label: {{ en: "X{lost}", zh: "X" }} }}) {{ name }} }}"#
            );
            ours.metadata(&add, json!({})).await?;
            // The other node comes to know of it, though nobody told it. (How soon: `tenon_catalog::CHECK_EVERY`.)
            let began = Instant::now();
            let query = format!("{{ opportunities(first: 1) {{ nodes {{ {} }} }} }}", if lost { "xTrue" } else { "xFalse" });
            while there.post("graphql", &json!({ "query": query }), &[]).await?.json()?.get("errors").is_some() {
                ensure!(began.elapsed() < TOLD_MAX, "lost: {lost}: the model does not arrive");
            }
            model.told().await?;
        }
        drop((stream, model));
        other.stop().await
    })
    .await;
}

/// A clock that is a minute ahead of the machine's.
#[expect(clippy::disallowed_methods, reason = "a clock of the test's own, over the machine's")]
fn ahead() -> DateTime {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    DateTime::from_millis(i64::try_from(now.as_millis()).unwrap_or_default() + 60_000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_whose_clocks_are_a_minute_apart_agree() {
    on(Database::Postgres, Vec::new(), async |server: &TestServer, _: &Setting| {
        let Some(other) = server.another_node_as(|config| config.clock = ahead).await? else { return Ok(()) };
        let ours = server.tenant(None, None, None).await?;
        let there = other.serve(&ours);
        let (_, begin) = ours.changes("after=now").await?;
        let mut streams = [ours.subscribe(OPEN, json!({}), &[]).await?, there.subscribe(OPEN, json!({}), &[]).await?];
        let id = deal(&there, "In a minute", None).await?;
        for nth in 0..6 {
            let node = if nth % 2 == 0 { &ours } else { &there };
            change(node, &id, json!({ "name": format!("by node {nth}") })).await?;
        }
        // Both tell all of it, in the order in which it happened, whatever the clocks say.
        for stream in &mut streams {
            for version in 1..=7 {
                let told = stream.told().await?;
                ensure!(told["data"]["opportunityChanged"]["version"] == version, "{told} instead of {version}");
            }
        }
        let lines = |lines: &[serde_json::Value]| lines.iter().map(|line| json!([line["id"], line["version"]])).collect::<Vec<_>>();
        let wanted: Vec<_> = (1..=7).map(|version| json!([id, version])).collect();
        for node in [&ours, &there] {
            let (told, _) = node.changes(&format!("objects=opportunity&after={begin}")).await?;
            ensure!(lines(&told) == wanted, "{told:?}");
        }
        // Who is let in by one is known to the other, and who is sent away by one is gone from the other.
        let ann = there.member("ann@mail.example", &["sales_rep"]).await?;
        let here = tenon_tests::Tenant { cookie: Some(ann.cookie.clone()), ..ours.clone() };
        here.data("{ me { id } }", json!({})).await?;
        let left = ours.by_key("DELETE", &format!("members/{}", ann.user), &serde_json::Value::Null).await?;
        ensure!(left.status < 300, "{}", left.status);
        let gone = tenon_tests::Tenant { cookie: Some(ann.cookie), ..there.clone() };
        ensure!(gone.data("{ me { id } }", json!({})).await.is_err(), "still known to the node ahead");
        // A job is done once, whoever does it: leases run by the clock of the database.
        let inputs: Vec<_> = (0..3_000).map(|nth| json!({ "name": format!("Company {nth}") })).collect();
        let create = "mutation ($i: [CreateAccountInput!]!) { createAccounts(inputs: $i, mode: JOB) { job { id } } }";
        let job = there.data(create, json!({ "i": inputs })).await?["createAccounts"]["job"]["id"].take();
        let mut stream =
            ours.subscribe("subscription ($id: ID!) { jobChanged(id: $id) { state done failed } }", json!({ "id": job }), &[]).await?;
        while stream.told().await?["data"]["jobChanged"]["state"] != "DONE" {}
        let count = ours.data("{ accountsAggregate { count } }", json!({})).await?;
        ensure!(count["accountsAggregate"][0]["count"] == 3_000, "{count}");
        drop((streams, stream));
        other.stop().await
    })
    .await;
}
