//! A company's real pipeline comes in by the public import, and its numbers are right.

use tenon_tests::{Database, RealPipeline, Setting, TestServer, run_real_pipeline};

use crate::both::on;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_real_pipelines_numbers_are_right_on_sqlite() {
    on(Database::Sqlite, Vec::new(), numbers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_real_pipelines_numbers_are_right_on_postgres() {
    on(Database::Postgres, Vec::new(), numbers).await;
}

async fn numbers(server: &TestServer, setting: &Setting) -> anyhow::Result<()> {
    match RealPipeline::find(setting)? {
        Some(pipeline) => run_real_pipeline(server, &pipeline).await,
        None => Ok(()),
    }
}
