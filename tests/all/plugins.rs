//! Plugins in a save: `hello` patches and refuses, its looping twin is stopped, the example of the course does what its
//! page says; on both databases.

use serde_json::json;
use tenon_tests::{Database, Setting, TestServer, run_all};

use crate::both::on;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hello_patches_and_refuses_on_sqlite() {
    hello(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hello_patches_and_refuses_on_postgres() {
    hello(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_looping_plugin_is_stopped_on_sqlite() {
    looping(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_looping_plugin_is_stopped_on_postgres() {
    looping(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_in_rust_on_sqlite() {
    told_by(Database::Sqlite, "03-a-rule-in-rust", "examples/03-a-rule-in-rust").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_in_rust_on_postgres() {
    told_by(Database::Postgres, "03-a-rule-in-rust", "examples/03-a-rule-in-rust").await;
}

/// What the page of the rule in Rust tells is true of the one in TypeScript, word for word.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_in_typescript_on_sqlite() {
    told_by(Database::Sqlite, "04-the-same-in-typescript", "examples/03-a-rule-in-rust").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_in_typescript_on_postgres() {
    told_by(Database::Postgres, "04-the-same-in-typescript", "examples/03-a-rule-in-rust").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_plugins_of_one_name_do_not_start() {
    let hello = Setting::read().component("hello").unwrap();
    let started = TestServer::start_with(Database::Sqlite, &Setting::read(), vec![hello.clone(), hello]).await;
    let told = started.err().map(|error| format!("{error:#}")).unwrap_or_default();
    assert!(told.contains("both called `hello`"), "{told}");
}

async fn hello(database: Database) {
    told_by(database, "hello", "plugins/hello/stories").await;
}

/// The stories of a folder, with a plugin offered to everybody.
async fn told_by(database: Database, plugin: &str, stories: &str) {
    let component = Setting::read().component(plugin).unwrap();
    on(database, vec![component], async |server, setting| {
        let outcome = run_all(server, setting, &[Setting::repository().join(stories)]).await?;
        anyhow::ensure!(outcome.failures.is_empty(), "{}", outcome.failures.join("\n\n"));
        Ok(())
    })
    .await;
}

async fn looping(database: Database) {
    let component = Setting::read().component("looping").unwrap();
    on(database, vec![component], stopped).await;
}

async fn stopped(server: &TestServer, _: &Setting) -> anyhow::Result<()> {
    let tenant = server.tenant(None, None, None).await?;
    let body =
        json!({ "query": r#"mutation { createTag(input: { name: "vip" }) { id } createOpportunity(input: { name: "Deal" }) { id } }"# });
    let answer = tenant.post("graphql", &body, &[]).await?.json()?;
    let extensions = &answer["errors"][0]["extensions"];
    assert_eq!(
        (&answer["data"], &extensions["code"], &extensions["limit"]),
        (&json!(null), &json!("PLUGIN_FAULT"), &json!("fuel")),
        "{answer}"
    );
    assert!(extensions["package"].as_str().is_some_and(|package| package.starts_with("looping@")), "{answer}");

    // Nothing is left of the document, and objects no plugin asked for are saved as ever.
    let data = tenant.data("{ opportunities { nodes { id } } tags { nodes { id } } }", json!({})).await?;
    assert_eq!(data, json!({ "opportunities": { "nodes": [] }, "tags": { "nodes": [] } }));
    tenant.data(r#"mutation { createTag(input: { name: "vip" }) { id } }"#, json!({})).await?;
    Ok(())
}
