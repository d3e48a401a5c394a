//! A job is watched: by whoever made it and by administrators, from how it stands until it ends.

use anyhow::ensure;
use serde_json::{Value, json};
use tenon_tests::{Database, Setting, Tenant, TestServer};

use super::seen_by;
use crate::both::on;

const WATCH: &str = "subscription ($id: ID!) { jobChanged(id: $id) { __typename id kind state total done failed error { code } } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_told_of_until_it_ends_on_sqlite() {
    on(Database::Sqlite, Vec::new(), watched).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_told_of_until_it_ends_on_postgres() {
    on(Database::Postgres, Vec::new(), watched).await;
}

async fn watched(server: &TestServer, _: &Setting) -> anyhow::Result<()> {
    let (ours, others) = (server.tenant(None, None, None).await?, server.tenant(None, None, None).await?);
    let (bob, eve) = (ours.member("bob@mail.example", &["sales_rep"]).await?, ours.member("eve@mail.example", &["sales_rep"]).await?);
    // Two of three do: the third has no name.
    let create = "mutation ($i: [CreateAccountInput!]!) { createAccounts(inputs: $i, mode: JOB) { job { id state } } }";
    let own = json!({ "connect": { "id": bob.user } });
    let inputs = json!([{ "name": "One", "owner": own }, { "name": "Two", "owner": own }, { "owner": own }]);
    let made = seen_by(&bob).data(create, json!({ "i": inputs })).await?;
    let job = made["createAccounts"]["job"]["id"].clone();
    for who in [seen_by(&bob), ours.clone()] {
        to_its_end(&who, &job).await?;
    }
    // To everybody else it is a job that is nowhere.
    for (who, id) in [(seen_by(&eve), job.clone()), (others, job), (seen_by(&eve), json!("0198c1d2-7a3e-7f00-8000-0000000000ff"))] {
        let refused = who.subscribe(WATCH, json!({ "id": id }), &[]).await.expect_err("not his").to_string();
        ensure!(refused.contains("NOT_FOUND"), "{refused}");
    }
    let refused = ours.subscribe(WATCH, json!({ "id": "no id" }), &[]).await.expect_err("no id").to_string();
    ensure!(refused.contains("INVALID") && refused.contains("\"id\""), "{refused}");
    Ok(())
}

/// Every answer is news; the last says how it ended, and nothing follows.
async fn to_its_end(who: &Tenant, job: &Value) -> anyhow::Result<()> {
    let mut stream = who.subscribe(WATCH, json!({ "id": job }), &[]).await?;
    let mut before = Value::Null;
    loop {
        let told = stream.told().await?["data"]["jobChanged"].take();
        ensure!(told["id"] == *job && told["__typename"] == "Job" && told["kind"] == "batch", "{told}");
        ensure!(told != before, "told twice: {told}");
        ensure!(told["done"].as_i64() >= before["done"].as_i64(), "{told} after {before}");
        before = told;
        if before["state"] == "DONE" {
            break;
        }
        ensure!(before["state"] == "WAITING" || before["state"] == "RUNNING", "{before}");
    }
    ensure!((&before["total"], &before["done"], &before["failed"]) == (&json!(3), &json!(3), &json!(1)), "{before}");
    let end = stream.next().await?;
    ensure!(end.as_ref().is_some_and(|event| event.name == "complete"), "{end:?}");
    Ok(())
}
