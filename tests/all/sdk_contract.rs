//! A component compiled when the contract was 1.0, and kept as it is: every host answers it word for word, and for the same fuel.
//!
//! `tests/plugins/guests/src/contract` is its source; `tests/golden/sdk-1.0.txt` what it said, and what each call cost. A change of the
//! latter is a change of prices that authors have measured: it is made on purpose, or not at all.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::{Value, json};
use tenon_tests::{Database, Setting, Tenant, TestServer};

use crate::packages::house::{Package, install, trusting};

/// How long an event may take to be heard.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the package is granted.
const GRANTS: &str = "grants:
  records:
    opportunity: { read: \"*\", write: \"*\" }
    account: { read: \"*\", write: \"*\" }
    tag: { read: \"*\", write: \"*\" }
  acting:
    tags: { why: { en: Tags are its own., zh: 标签由其维护。 } }
";

/// What is asked, one after the other: each answer, and what it cost, is in the golden file.
const ASKED: [(&str, &str); 8] = [
    ("every interface", r#"mutation { contractEverything(input: { note: "Grüße" }) { words } }"#),
    ("an action without what it wants", r#"mutation { contractEverything(input: { note: "" }) { words } }"#),
    (
        "a save",
        r#"mutation { createOpportunity(input: { name: "Deal", amount: { amount: "12.50", currency: "CNY" }, competitor: "nobody" }) {
            name nextStep closeDate competitor } }"#,
    ),
    ("a save that is refused", r#"mutation { createOpportunity(input: { name: "refused" }) { name } }"#),
    (
        "three saves at once",
        r#"mutation { createOpportunities(inputs: [{ name: "kept" }, { name: "b" }, { name: "c" }]) { created nodes { name nextStep } } }"#,
    ),
    (
        "a change",
        r#"mutation { updateOpportunities(filter: { name: { eq: "b" } }, input: { competitor: "us" }) { updated nodes { nextStep competitor } } }"#,
    ),
    ("a removal that is refused", r#"mutation { deleteOpportunities(filter: { name: { eq: "kept" } }) { affected } }"#),
    ("a removal", r#"mutation { deleteOpportunities(filter: { name: { eq: "c" } }) { affected } }"#),
];

const TAGS: &str = "{ tags(orderBy: { name: ASC }, first: 100) { nodes { name } } }";
const USAGE: &str = "{ packages { name usage { calls faults fuel } logs { level message } } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_of_contract_1_0_is_answered_as_ever_on_sqlite() {
    answered(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_of_contract_1_0_is_answered_as_ever_on_postgres() {
    answered(Database::Postgres).await;
}

async fn answered(database: Database) {
    let setting = Setting::read();
    let Some(server) = TestServer::start_as(database, &setting, configured).await.unwrap() else { return };
    let told = told(&server).await;
    server.stop().await.unwrap();
    let done = told.and_then(|told| setting.golden("sdk-1.0.txt", &told));
    assert!(done.is_ok(), "on {database:?}: {:#}", done.unwrap_err());
}

/// A server on which no plugin is ended by the clock.
fn configured(config: &mut tenon_server::ServeConfig) {
    trusting(config);
    let budgets = &mut config.plugin_budgets;
    budgets.tree_wall = PATIENCE;
    for call in [&mut budgets.before, &mut budgets.within, &mut budgets.action, &mut budgets.job] {
        call.wall = PATIENCE;
    }
}

async fn told(server: &TestServer) -> anyhow::Result<String> {
    let (tenant, beside) = (server.tenant(None, None, None).await?, server.tenant(None, None, None).await?);
    // From here on the tenant's clock stands still.
    advance(&tenant, "2030-01-01T04:00:00.000Z").await?;
    let component = std::fs::read(Setting::repository().join("tests/fixtures/sdk-1.0.wasm"))?;
    install(&tenant, Package::of_component("contract", component, "1.0.0", GRANTS)?.signed()).await?;
    let mut told = String::new();
    let mut used = usage(&tenant).await?;
    for (title, document) in ASKED {
        let answer = tenant.post("graphql", &json!({ "query": document }), &[]).await?.json()?;
        let refused = &answer["errors"][0];
        let says = if refused.is_null() {
            serde_json::to_string_pretty(&answer["data"])?
        } else {
            let extensions = &refused["extensions"];
            format!("{} {} {}", extensions["code"], extensions["rule"], refused["message"])
        };
        // What it leaves, and hears of, is done by jobs when there is time: it belongs to the first of all.
        until_tagged(&tenant, "step second of now").await?;
        until_tagged(&tenant, "heard account Create 1 name kind employee_count").await?;
        note(&mut told, (title, &says), &mut used, &tenant).await?;
    }
    tenant.data(r#"mutation { createAccount(input: { name: "Works" }) { id } }"#, json!({})).await?;
    until_tagged(&tenant, "heard account Create 1 name kind status").await?;
    let heard = tags(&tenant).await?;
    advance(&tenant, "2030-01-02T05:00:00.000Z").await?;
    let says = format!("{}\nand a day later\n{}", heard.join("\n"), tags(&tenant).await?.join("\n"));
    note(&mut told, ("its tags", &says), &mut used, &tenant).await?;
    ensure!(tags(&beside).await?.is_empty(), "another tenant's tags are its own");
    Ok(told)
}

/// What was said, and what it has cost since the last.
async fn note(told: &mut String, (title, says): (&str, &str), used: &mut (u64, u64), tenant: &Tenant) -> anyhow::Result<()> {
    let now = usage(tenant).await?;
    writeln!(told, "## {title}\n{says}\n{} calls, {} fuel\n", now.0 - used.0, now.1 - used.1)?;
    *used = now;
    Ok(())
}

/// Calls and fuel of the package so far.
async fn usage(tenant: &Tenant) -> anyhow::Result<(u64, u64)> {
    let listed = tenant.metadata(USAGE, json!({})).await?;
    let package = listed["packages"].as_array().into_iter().flatten().find(|one| one["name"] == "contract");
    let usage = package.map(|one| one["usage"].clone()).unwrap_or_default();
    ensure!(usage["faults"].as_u64().unwrap_or_default() == 0, "it broke: {listed}");
    Ok((usage["calls"].as_u64().unwrap_or_default(), usage["fuel"].as_u64().unwrap_or_default()))
}

async fn tags(tenant: &Tenant) -> anyhow::Result<Vec<String>> {
    let data = tenant.data(TAGS, json!({})).await?;
    Ok(data["tags"]["nodes"].as_array().into_iter().flatten().filter_map(|tag| Some(tag["name"].as_str()?.to_owned())).collect())
}

async fn until_tagged(tenant: &Tenant, beginning: &str) -> anyhow::Result<()> {
    let began = Instant::now();
    while !tags(tenant).await?.iter().any(|tag| tag.starts_with(beginning)) {
        ensure!(began.elapsed() < PATIENCE, "no tag begins with `{beginning}`");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

async fn advance(tenant: &Tenant, to: &str) -> anyhow::Result<Value> {
    tenant.metadata("mutation($to: DateTime!) { advanceClock(to: $to) { now ran } }", json!({ "to": to })).await
}
