//! Subscriptions over an event stream.

use std::time::Duration;

use anyhow::ensure;
use serde_json::json;
use tenon_tests::{Database, Setting, TestServer};

use super::{OPEN, change, deal, seen_by, short};
use crate::both::on;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_told_as_they_concern_the_listener_on_sqlite() {
    on(Database::Sqlite, Vec::new(), told).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_told_as_they_concern_the_listener_on_postgres() {
    on(Database::Postgres, Vec::new(), told).await;
}

async fn told(server: &TestServer, _: &Setting) -> anyhow::Result<()> {
    let (ours, others) = (server.tenant(None, None, None).await?, server.tenant(None, None, None).await?);
    let bob = ours.member("bob@mail.example", &["sales_rep"]).await?;
    let mut all = ours.subscribe(OPEN, json!({}), &[]).await?;
    let mut his = seen_by(&bob).subscribe(OPEN, json!({}), &[]).await?;
    let mut foreign = others.subscribe(OPEN, json!({}), &[]).await?;

    // Made out of his sight, then handed to him, then taken away.
    let id = deal(&ours, "Silent Spring", None).await?;
    ensure!(short(&all.told().await?) == json!(["CREATED", id, 1]));
    change(&ours, &id, json!({ "owner": { "connect": { "id": bob.user } } })).await?;
    let entered = his.told().await?;
    ensure!(short(&entered) == json!(["ENTERED", id, 2]), "{entered}");
    let node = &entered["data"]["opportunityChanged"]["node"];
    ensure!(*node == json!({ "name": "Silent Spring", "stage": "PROSPECTING", "owner": { "id": bob.user } }), "{entered}");
    let updated = all.told().await?;
    ensure!(short(&updated) == json!(["UPDATED", id, 2]), "{updated}");
    ensure!(updated["data"]["opportunityChanged"]["changedFields"] == json!(["owner"]), "{updated}");
    change(&ours, &id, json!({ "owner": null })).await?;
    let left = his.told().await?;
    ensure!(short(&left) == json!(["LEFT", id, 3]), "{left}");
    ensure!(left["data"]["opportunityChanged"]["node"].is_null() && left["data"]["opportunityChanged"]["by"].is_null(), "{left}");
    ensure!(short(&all.told().await?) == json!(["UPDATED", id, 3]));

    // Out of the filter, and back; and what happens out of his sight is nothing to him.
    change(&ours, &id, json!({ "stage": "WON" })).await?;
    ensure!(short(&all.told().await?) == json!(["LEFT", id, 4]));
    change(&ours, &id, json!({ "name": "Silent Summer" })).await?;
    change(&ours, &id, json!({ "stage": "PROSPECTING" })).await?;
    let back = all.told().await?;
    ensure!(short(&back) == json!(["ENTERED", id, 6]), "{back}");

    // The recycle bin, and the end.
    ours.data("mutation ($id: ID!) { deleteOpportunity(id: $id) { id } }", json!({ "id": id })).await?;
    ensure!(short(&all.told().await?) == json!(["DELETED", id, 7]));
    ours.data("mutation ($id: ID!) { restoreOpportunity(id: $id) { id } }", json!({ "id": id })).await?;
    ensure!(short(&all.told().await?) == json!(["RESTORED", id, 8]));
    ours.data("mutation ($id: ID!) { destroyOpportunity(id: $id) { id } }", json!({ "id": id })).await?;
    let gone = all.told().await?;
    ensure!(gone["data"]["opportunityChanged"]["kind"] == "DESTROYED", "{gone}");

    // A share is told to whom it concerns.
    let shared = deal(&ours, "Shared", None).await?;
    ensure!(short(&all.told().await?) == json!(["CREATED", shared, 1]));
    // One of his own behind it: once he is told of that, the first was looked at for him without the share.
    let own = deal(&ours, "His own", Some(&bob.user)).await?;
    ensure!(short(&his.told().await?) == json!(["CREATED", own, 1]));
    let with = json!({ "id": shared, "with": bob.user });
    ours.data("mutation ($id: ID!, $with: ID!) { shareOpportunity(id: $id, with: $with, rights: [\"read\"]) { id } }", with.clone())
        .await?;
    let entered = his.told().await?;
    ensure!(short(&entered) == json!(["ENTERED", shared, 1]), "{entered}");
    ours.data("mutation ($id: ID!, $with: ID!) { unshareOpportunity(id: $id, with: $with) { id } }", with).await?;
    ensure!(short(&his.told().await?) == json!(["LEFT", shared, 1]));

    foreign.silent(Duration::from_millis(300)).await?;
    his.silent(Duration::from_millis(100)).await?;
    resumed(&ours, &entered["data"]["opportunityChanged"]["cursor"]).await
}

/// A cursor goes on where it was given, whoever brings it; no other text is one.
async fn resumed(ours: &tenon_tests::Tenant, _: &serde_json::Value) -> anyhow::Result<()> {
    let mut all = ours.subscribe(OPEN, json!({}), &[]).await?;
    let ids = [deal(ours, "one", None).await?, deal(ours, "two", None).await?, deal(ours, "three", None).await?];
    let first = all.told().await?;
    ensure!(short(&first) == json!(["CREATED", ids[0], 1]));
    drop(all);
    let cursor = first["data"]["opportunityChanged"]["cursor"].as_str().unwrap_or_default().to_owned();
    for resume in [true, false] {
        let (variables, headers) =
            if resume { (json!({ "after": cursor }), Vec::new()) } else { (json!({}), vec![("last-event-id", cursor.as_str())]) };
        let mut again = ours.subscribe(OPEN, variables, &headers).await?;
        for id in &ids[1..] {
            let told = again.told().await?;
            ensure!(short(&told) == json!(["CREATED", id, 1]), "{told}");
        }
    }
    let refused = ours.subscribe(OPEN, json!({ "after": "bm8" }), &[]).await.expect_err("no cursor").to_string();
    ensure!(refused.contains("400") && refused.contains("\"cursor\""), "{refused}");
    let refused = ours.subscribe("subscription { nope }", json!({}), &[]).await.expect_err("no field").to_string();
    ensure!(refused.contains("graphql/validation"), "{refused}");
    let answered = ours.post("graphql", &json!({ "query": OPEN }), &[]).await?.json()?;
    ensure!(answered["errors"][0]["extensions"]["rule"] == "subscription", "{answered}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_the_model_is_told_and_a_listener_lives_through_it_on_sqlite() {
    on(Database::Sqlite, Vec::new(), reshaped).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_the_model_is_told_and_a_listener_lives_through_it_on_postgres() {
    on(Database::Postgres, Vec::new(), reshaped).await;
}

async fn reshaped(server: &TestServer, _: &Setting) -> anyhow::Result<()> {
    let ours = server.tenant(None, None, None).await?;
    let mut model = ours.subscribe("subscription { metadataChanged { version } }", json!({}), &[]).await?;
    let several = r#"subscription { recordsChanged(objects: ["opportunity", "account", "nothing"]) {
        __typename kind object id node { id display ... on Opportunity { name } } } }"#;
    let mut records = ours.subscribe(several, json!({}), &[]).await?;
    let add =
        r#"mutation { addField(object: "opportunity", input: { name: "mood", type: text, label: { en: "Mood", zh: "心情" } }) { name } }"#;
    let before = ours.metadata("{ model { version } }", json!({})).await?["model"]["version"].as_i64().unwrap_or_default();
    ours.metadata(add, json!({})).await?;
    let told = model.told().await?;
    ensure!(told["data"]["metadataChanged"]["version"] == before + 1, "{told}");

    let id = deal(&ours, "After", None).await?;
    change(&ours, &id, json!({ "mood": "good" })).await?;
    let account =
        ours.data(r#"mutation { createAccount(input: { name: "Acme" }) { id } }"#, json!({})).await?["createAccount"]["id"].clone();
    let expected = [
        json!({ "__typename": "RecordChange", "kind": "CREATED", "object": "opportunity", "id": id, "node": { "id": id, "display": "After", "name": "After" } }),
        json!({ "__typename": "RecordChange", "kind": "UPDATED", "object": "opportunity", "id": id, "node": { "id": id, "display": "After", "name": "After" } }),
        json!({ "__typename": "RecordChange", "kind": "CREATED", "object": "account", "id": account, "node": { "id": account, "display": "Acme" } }),
    ];
    for expected in expected {
        let told = records.told().await?;
        ensure!(told["data"]["recordsChanged"] == expected, "{told} instead of {expected}");
    }
    Ok(())
}
