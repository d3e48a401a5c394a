//! The stories, on each database, with a second tenant that must not notice them.

use tenon_tests::{Database, Setting, TestServer, run_all};

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
