//! Two nodes over one PostgreSQL: what one commits the other tells, also where the notification is lost.

use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::json;
use tenon_tests::{Database, Setting, TestServer};

use super::{OPEN, deal, short};
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
            let began = Instant::now();
            // The other node serves the new model within a second.
            let query = format!("{{ opportunities(first: 1) {{ nodes {{ {} }} }} }}", if lost { "xTrue" } else { "xFalse" });
            while there.post("graphql", &json!({ "query": query }), &[]).await?.json()?.get("errors").is_some() {
                ensure!(began.elapsed() < Duration::from_secs(5), "lost: {lost}: the model does not arrive");
            }
            let took = began.elapsed();
            ensure!(took < Duration::from_secs(1), "lost: {lost}: it took {took:?}");
            model.told().await?;
        }
        drop((stream, model));
        other.stop().await
    })
    .await;
}
