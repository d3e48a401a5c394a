//! A component compiled when the contract was 1.0, and kept as it is: every host answers it word for word, and for the same fuel.
//!
//! `tests/plugins/guests/src/contract` is its source; `tests/golden/sdk-1.0.txt` what it said, and what each call cost. A change of the
//! latter is a change of prices that authors have measured: it is made on purpose, or not at all.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::{Value, json};
use tenon_tests::{Database, Request, Setting, Tenant, TestServer};

use crate::packages::house::{Package, install, trusting};
use crate::packages::shop::Shop;

/// How long an event may take to be heard.
const PATIENCE: Duration = Duration::from_secs(60);
/// What it computes.
const FIELDS: &str = "format: tenon/v1
object: account
fields:
  contract_size: { type: text, max: 50, label: { en: Size, zh: 规模 } }
";
/// What its secrets are; the last is the seed of the first test key of RFC 8032.
const SECRETS: [(&str, &str); 4] = [
    ("shop_key", "Jefe"),
    ("api_key", "open sesame"),
    ("seal", "a phrase that nobody knows"),
    ("pen", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
];
/// The HMAC with SHA-256 of `pencils` under `Jefe`, by openssl.
const PENCILS: &str = "2f080697a02f03cd9e671a07d303f9bb5f27ef83bfb2bb7217af8a60275898ae";

/// What the package is granted, with the host it may reach.
fn grants(shop: &Shop) -> String {
    format!(
        "requires: {{ crm: \"^1.0\" }}
settings: {{ greeting: {{ type: text, default: Guten Tag }}, mood: {{ type: text }} }}
grants:
  records:
    opportunity: {{ read: \"*\", write: \"*\" }}
    account: {{ read: \"*\", write: \"*\" }}
    tag: {{ read: \"*\", write: \"*\" }}
  acting:
    tags: {{ why: {{ en: Tags are its own., zh: 标签由其维护。 }} }}
  http:
    shop: {{ host: \"{}\", methods: [POST], paths: [\"/v1/*\"] }}
  secrets:
    shop_key: {{ use: [hmac, verify] }}
    api_key: {{ for: shop, header: Authorization }}
    seal: {{ use: [encrypt, decrypt] }}
    pen: {{ use: [sign] }}
    nobody_set_it: {{ use: [hmac] }}
",
        shop.address
    )
}

/// What is asked, one after the other: each answer, and what it cost, is in the golden file.
const ASKED: [(&str, &str); 9] = [
    ("every interface", r#"mutation { contractEverything(input: { note: "Grüße" }) { words } }"#),
    ("an action without what it wants", r#"mutation { contractEverything(input: { note: "" }) { words } }"#),
    ("a query", r#"{ contractTold(input: { starts: "s" }) { names } }"#),
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_names_what_the_package_was_granted_on_sqlite() {
    named(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_names_what_the_package_was_granted_on_postgres() {
    named(Database::Postgres).await;
}

async fn named(database: Database) {
    let Some(server) = TestServer::start_as(database, &Setting::read(), configured).await.unwrap() else { return };
    let named = names_in_events(&server).await;
    server.stop().await.unwrap();
    assert!(named.is_ok(), "on {database:?}: {:#}", named.unwrap_err());
}

/// Of an account it was granted the name alone: that its kind and status changed is nothing it is told.
async fn names_in_events(server: &TestServer) -> anyhow::Result<()> {
    let tenant = server.tenant(None, None, None).await?;
    let shop = Shop::open()?;
    let wide = grants(&shop);
    let narrow = wide.replace("account: { read: \"*\", write: \"*\" }", "account: { read: [name], write: [contract_size] }");
    ensure!(narrow != wide, "what it is granted is written otherwise");
    install(&tenant, granted("1.0.0", &narrow)?).await?;
    tenant.data(r#"mutation { createAccount(input: { name: "Works", employeeCount: 7 }) { id } }"#, json!({})).await?;
    until_tagged(&tenant, "C1 account ").await?;
    let heard: Vec<String> = tags(&tenant).await?.into_iter().filter(|tag| tag.starts_with("C1 ")).collect();
    ensure!(heard == ["C1 account name"], "it was told of {heard:?}");
    Ok(())
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
    config.private_outbound = true;
    let budgets = &mut config.plugin_budgets;
    budgets.tree_wall = PATIENCE;
    for call in [
        &mut budgets.before,
        &mut budgets.within,
        &mut budgets.action,
        &mut budgets.query,
        &mut budgets.computed,
        &mut budgets.job,
        &mut budgets.endpoint,
    ] {
        call.wall = PATIENCE;
    }
}

async fn told(server: &TestServer) -> anyhow::Result<String> {
    let (tenant, beside) = (server.tenant(None, None, None).await?, server.tenant(None, None, None).await?);
    // From here on the tenant's clock stands still.
    advance(&tenant, "2030-01-01T04:00:00.000Z").await?;
    let shop = Shop::open()?;
    install(&tenant, version("1.0.0", &shop)?).await?;
    for (name, secret) in SECRETS {
        let document = "mutation($name: String!, $secret: String) { setPackageSecret(package: \"contract\", name: $name, secret: $secret) { version } }";
        tenant.metadata(document, json!({ "name": name, "secret": secret })).await?;
    }
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
        until_tagged(&tenant, "C1 account name kind employee_count").await?;
        until_tagged(&tenant, "reached 200 ").await?;
        note(&mut told, (title, &says), &mut used, &tenant).await?;
    }
    tenant.data(r#"mutation { createAccount(input: { name: "Works" }) { id } }"#, json!({})).await?;
    until_tagged(&tenant, "C1 account name kind status").await?;
    let computed =
        "mutation { updateAccounts(filter: { name: { eq: \"Works\" } }, input: { employeeCount: 7 }) { nodes { contractSize } } }";
    let computed = tenant.data(computed, json!({})).await?;
    note(&mut told, ("a computed field", &serde_json::to_string_pretty(&computed)?), &mut used, &tenant).await?;
    note(&mut told, ("an endpoint", &knocked(&tenant).await?), &mut used, &tenant).await?;
    let heard = tags(&tenant).await?;
    advance(&tenant, "2030-01-02T05:00:00.000Z").await?;
    let says = format!("{}\nand a day later\n{}", heard.join("\n"), tags(&tenant).await?.join("\n"));
    note(&mut told, ("its tags", &says), &mut used, &tenant).await?;
    install(&tenant, version("1.1.0", &shop)?).await?;
    until_tagged(&tenant, "upgraded from 1.0.0 second").await?;
    note(&mut told, ("its upgrade", &tags_of(&tenant, "upgraded").await?), &mut used, &tenant).await?;
    tenant.metadata("mutation { uninstallPackage(package: \"contract\") { version } }", json!({})).await?;
    writeln!(told, "## its end\n{}", tags_of(&tenant, "farewell").await?)?;
    ensure!(tags(&beside).await?.is_empty(), "another tenant's tags are its own");
    Ok(told)
}

/// The component as this version of its package.
fn version(version: &str, shop: &Shop) -> anyhow::Result<Vec<u8>> {
    granted(version, &grants(shop))
}

/// The same, asking for this.
fn granted(version: &str, grants: &str) -> anyhow::Result<Vec<u8>> {
    let component = std::fs::read(Setting::repository().join("tests/fixtures/sdk-1.0.wasm"))?;
    let mut package = Package::of_component("contract", component, version, grants)?;
    package.text("objects/account/object.yaml", FIELDS);
    Ok(package.signed())
}

/// Its endpoint, unsigned and signed.
async fn knocked(tenant: &Tenant) -> anyhow::Result<String> {
    let mut said = Vec::new();
    for signature in ["00", PENCILS] {
        let request = Request::new("POST", format!("/t/{}/x/contract/knock?page=7", tenant.name)).header("x-sig", signature.to_owned());
        let answer = request.body("pencils".to_owned()).send(tenant.address).await?;
        let json = answer.json()?;
        let (rule, body) = (&json["rule"], &json["body"]);
        said.push(format!("{} {rule} {body} {}", answer.status, answer.header("content-type").unwrap_or_default()));
    }
    Ok(said.join("\n"))
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

async fn tags_of(tenant: &Tenant, beginning: &str) -> anyhow::Result<String> {
    let mut tags = tags(tenant).await?;
    tags.retain(|tag| tag.starts_with(beginning));
    Ok(tags.join("\n"))
}

async fn until_tagged(tenant: &Tenant, beginning: &str) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        let tags = tags(tenant).await?;
        if tags.iter().any(|tag| tag.starts_with(beginning)) {
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "none begins with `{beginning}`: {tags:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn advance(tenant: &Tenant, to: &str) -> anyhow::Result<Value> {
    tenant.metadata("mutation($to: DateTime!) { advanceClock(to: $to) { now ran } }", json!({ "to": to })).await
}
