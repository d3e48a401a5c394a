//! Actions, jobs and times of the calendar that a package brings: there where they were consented to, and with no more than
//! that, also where the calendar starts them for nobody.

use serde_json::{Value, json};
use tenon_tests::{Tenant, TestServer};

use super::house::{Package, ask, install, rule, trusting, upload};

const DEALS: &str = "opportunity: { read: \"*\", write: \"*\" }";
const DAY: i64 = 86_400_000;

fn clerk(version: &str, records: &str) -> anyhow::Result<Vec<u8>> {
    Ok(Package::of_plugin("clerk", version, &format!("grants: {{ records: {{ {records} }} }}\n"))?.signed())
}

pub(super) async fn bounded(server: TestServer, tenant: Tenant, other: Tenant) -> anyhow::Result<TestServer> {
    consent(&tenant).await?;
    action(&tenant, &other).await?;

    // The calendar's job makes tags, to which nobody has consented.
    advance(&tenant, DAY).await?;
    assert_eq!(tags(&tenant).await?, json!([]));
    let failed = tenant.data("{ jobs(kinds: [\"plugin\"]) { nodes { state error { code } } } }", json!({})).await?;
    let codes: Vec<&Value> = failed["jobs"]["nodes"].as_array().into_iter().flatten().map(|job| &job["error"]["code"]).collect();
    assert!(codes.contains(&&json!("PLUGIN_FAULT")), "{failed}");

    let granted = format!("{DEALS}, tag: {{ read: [name], write: [name] }}");
    install(&tenant, clerk("1.0.1", &granted)?).await?;
    let server = server.restart(&[], trusting).await?;
    let (tenant, other) = (server.serve(&tenant), server.serve(&other));
    advance(&tenant, DAY).await?;
    let by = "{ tags(orderBy: { name: DESC }, first: 1) { nodes { createdBy { kind display } } } }";
    let made = tenant.data(by, json!({})).await?;
    assert_eq!(made["tags"]["nodes"], json!([{ "createdBy": { "kind": "PLUGIN", "display": "clerk" } }]));
    assert_eq!(tags(&other).await?, json!([]));

    // Switched off, it is there for nobody: not for people, not for the calendar.
    tenant.metadata("mutation { disablePackage(package: \"clerk\") { version } }", json!({})).await?;
    let before = tags(&tenant).await?;
    assert_eq!(rule(&claim(&tenant, "x").await?), "graphql/validation");
    advance(&tenant, 3 * DAY).await?;
    assert_eq!(tags(&tenant).await?, before);
    Ok(server)
}

/// Everything that its code can do is shown before it is installed.
async fn consent(tenant: &Tenant) -> anyhow::Result<()> {
    assert_eq!(upload(tenant, clerk("1.0.0", DEALS)?).await?.status, 201);
    let plan = tenant.metadata("mutation { planPackage(package: \"clerk\") { grants { key says } } }", json!({})).await?;
    let line = |key: &str, says: &str| json!({ "key": key, "says": says });
    let asked = json!([
        line("records.opportunity.read", "*"),
        line("records.opportunity.write", "*"),
        line("hook.after_save.opportunity", "update"),
        line("hook.event.account", "create, update"),
        line("action.claim", "clerkClaim"),
        line("action.leave", "clerkLeave"),
        line("action.misbehave", "clerkMisbehave"),
        line("action.ping", "clerkPing"),
        line("cron.nightly", "0 2 * * *"),
        line("jobs", "leaves jobs for later"),
        line("kv", "10MiB"),
    ]);
    assert_eq!(plan["planPackage"]["grants"], asked);
    let unconsented = ask(tenant, "mutation { installPackage(package: \"clerk\", grants: [\"kv\"]) { version } }").await?;
    assert_eq!(rule(&unconsented), "package/grants");
    assert_eq!(rule(&claim(tenant, "x").await?), "graphql/validation", "nothing of it is offered yet");
    install(tenant, clerk("1.0.0", DEALS)?).await
}

/// Anybody of the tenant may call it, nobody of another can.
async fn action(tenant: &Tenant, other: &Tenant) -> anyhow::Result<()> {
    let made = tenant.data("mutation { createOpportunity(input: { name: \"wanted\" }) { id } }", json!({})).await?;
    let deal = made["createOpportunity"]["id"].as_str().unwrap_or_default().to_owned();
    assert_eq!(claim(tenant, &deal).await?["data"], json!({ "clerkClaim": { "left": 2 } }));
    assert_eq!(rule(&claim(tenant, &deal).await?), "ALREADY_OWNED");
    // The lowest role calls it too, and the deal of somebody else is not there for it.
    let rep = tenant.with_roles(&["sales_rep"]).await?;
    assert_eq!(rule(&claim(&rep, &deal).await?), "NO_DEAL");
    assert_eq!(rule(&claim(other, &deal).await?), "graphql/validation");
    Ok(())
}

async fn claim(tenant: &Tenant, deal: &str) -> anyhow::Result<Value> {
    let document = format!("mutation {{ clerkClaim(input: {{ deal: \"{deal}\" }}) {{ left }} }}");
    tenant.post("graphql", &json!({ "query": document }), &[]).await?.json()
}

async fn tags(tenant: &Tenant) -> anyhow::Result<Value> {
    Ok(tenant.data("{ tags(orderBy: { name: ASC }) { nodes { name } } }", json!({})).await?["tags"]["nodes"].clone())
}

/// Moves the clock so many milliseconds on.
async fn advance(tenant: &Tenant, millis: i64) -> anyhow::Result<()> {
    let data = tenant.metadata("{ describe { tenant { now } } }", json!({})).await?;
    let now: tenon_value::DateTime = data["describe"]["tenant"]["now"].as_str().unwrap_or_default().parse()?;
    let to = tenon_value::DateTime::from_millis(now.millis() + millis).to_string();
    tenant.metadata("mutation($to: DateTime!) { advanceClock(to: $to) { now } }", json!({ "to": to })).await.map(drop)
}

/// A node that dies between a commit and its hearing leaves it to the next: nobody has to write first, nor to ask.
pub(super) async fn heard_after_all(server: TestServer, tenant: Tenant, other: Tenant) -> anyhow::Result<TestServer> {
    let granted = format!("{DEALS}, account: {{ read: \"*\", write: [website] }}, tag: {{ read: [name], write: [name] }}");
    install(&tenant, clerk("1.0.0", &granted)?).await?;
    tenant.data("mutation { createAccount(input: { name: \"a\" }) { id } }", json!({})).await?;
    heard(&tenant, &["a 1"]).await?;
    // As if it had never been heard. A tag's name is its own.
    let tag = tenant.data("{ tags { nodes { id } } }", json!({})).await?["tags"]["nodes"][0]["id"].clone();
    tenant.data("mutation($id: ID!) { updateTag(id: $id, input: { name: \"before\" }) { id } }", json!({ "id": tag })).await?;
    let server = server.restart(&[(&tenant.name, "delete from job where kind = 'plugin_events'")], trusting).await?;
    heard(&server.serve(&tenant), &["a 1", "before"]).await?;
    assert_eq!(tags(&server.serve(&other)).await?, json!([]));
    Ok(server)
}

/// Waits until the tags are these.
async fn heard(tenant: &Tenant, names: &[&str]) -> anyhow::Result<()> {
    let began = std::time::Instant::now();
    let expected: Value = names.iter().map(|name| json!({ "name": name })).collect();
    loop {
        let found = tags(tenant).await?;
        if found == expected {
            return Ok(());
        }
        anyhow::ensure!(began.elapsed() < tenon_tests::TOLD_MAX, "{found} instead of {expected}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
