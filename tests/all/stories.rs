//! The stories, on each database, with a second tenant that must not notice them.

use serde_json::json;
use tenon_tests::{Bystander, Database, Setting, TestServer, run_all};

use crate::both::on;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_story_is_true_on_sqlite() {
    on(Database::Sqlite, Vec::new(), play).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_story_is_true_on_postgres() {
    on(Database::Postgres, Vec::new(), play).await;
}

async fn play(server: &TestServer, setting: &Setting) -> anyhow::Result<()> {
    let outcome = run_all(server, setting, &[Setting::repository().join("tests/stories")]).await?;
    anyhow::ensure!(outcome.passed + outcome.failures.len() > 0, "no story was played");
    let failed = outcome.failures.len();
    anyhow::ensure!(failed == 0, "{failed} stories failed, {} passed:\n\n{}", outcome.passed, outcome.failures.join("\n\n"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_tenant_would_notice_a_save_that_leaves_no_row_on_sqlite() {
    on(Database::Sqlite, Vec::new(), notice).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_tenant_would_notice_a_save_that_leaves_no_row_on_postgres() {
    on(Database::Postgres, Vec::new(), notice).await;
}

/// What is made and destroyed stands in no list, only in the outbox.
async fn notice(server: &TestServer, _: &Setting) -> anyhow::Result<()> {
    let bystander = Bystander::create(server).await?;
    let before = bystander.look(server).await?;
    anyhow::ensure!(bystander.look(server).await? == before, "nothing happened, and it looks different");
    let tag = bystander.tenant().data(r#"mutation { createTag(input: { name: "gone" }) { id } }"#, json!({})).await?;
    bystander.tenant().data("mutation ($id: ID!) { destroyTag(id: $id) { id } }", json!({ "id": tag["createTag"]["id"] })).await?;
    let noticed = before.difference(&bystander.look(server).await?);
    anyhow::ensure!(noticed.starts_with("its outbox had"), "{noticed}");
    Ok(())
}
