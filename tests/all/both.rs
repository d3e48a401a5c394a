//! A test of the product is a test on both databases.

use std::path::PathBuf;

use tenon_tests::{Database, Setting, TestServer};

/// Runs a test on a server of its own; does nothing where the database is not there, which is said.
pub(crate) async fn on(database: Database, plugins: Vec<PathBuf>, test: impl AsyncFnOnce(&TestServer, &Setting) -> anyhow::Result<()>) {
    let setting = Setting::read();
    let Some(server) = TestServer::start_with(database, &setting, plugins).await.unwrap() else { return };
    let result = test(&server, &setting).await;
    server.stop().await.unwrap();
    if let Err(error) = result {
        panic!("on {database:?}: {error:#}");
    }
}
