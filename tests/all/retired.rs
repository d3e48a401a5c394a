//! What is retired can be restored for thirty days of the tenant's own time; then it is let go, with everything that stood in it.

use anyhow::ensure;
use serde_json::{Value, json};
use tenon_server::Command;
use tenon_tests::{Database, Tenant, TestServer};
use tenon_value::DateTime;

use crate::audit::written;
use crate::both::{Clock, on_as};

const DAY: i64 = 24 * 60 * 60 * 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_retired_for_thirty_days_is_let_go_on_sqlite() {
    run(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_retired_for_thirty_days_is_let_go_on_postgres() {
    run(Database::Postgres).await;
}

async fn run(database: Database) {
    let clock = Clock::take();
    on_as(database, |config| config.clock = clock.read, async |server| let_go(server, &clock).await).await;
}

/// Fields of every kind of column and index: a unique text, a day, a choice that indexes carry, a file, a plain one that stays.
const FIELDS: [&str; 6] = [
    r#"name: "nick", type: text, unique: true, personal: true"#,
    r#"name: "met", type: date"#,
    r#"name: "mood", type: choice, options: ["good", "bad"]"#,
    r#"name: "scan", type: file"#,
    r#"name: "worth", type: money"#,
    r#"name: "kept", type: text"#,
];
/// One to one, and many to many with something on the link.
const RELATIONS: [&str; 2] =
    [r#"name: "mentor", to: ["contact"]"#, r#"name: "peers", to: ["contact"], many: true, link: [{ name: "since", type: date }]"#];
const READ: &str = "{ contacts { nodes { lastName kept } } }";

async fn add(tenant: &Tenant) -> anyhow::Result<()> {
    for field in FIELDS {
        tenant.metadata(&format!("mutation {{ addField(object: \"contact\", input: {{ {field} }}) {{ name }} }}"), json!({})).await?;
    }
    for relation in RELATIONS {
        tenant.metadata(&format!("mutation {{ addRelation(object: \"contact\", input: {{ {relation} }}) {{ name }} }}"), json!({})).await?;
    }
    Ok(())
}

/// Moves the clock of a sandbox: what was retired thirty days before is let go on the way.
async fn advance(tenant: &Tenant, days: i64) -> anyhow::Result<()> {
    let now = tenant.metadata("{ describe { tenant { now } } }", json!({})).await?["describe"]["tenant"]["now"].take();
    let now: DateTime = now.as_str().unwrap_or_default().parse()?;
    let to = DateTime::from_millis(now.millis() + days * DAY).to_string();
    tenant.metadata("mutation ($to: DateTime!) { advanceClock(to: $to) { now } }", json!({ "to": to })).await?;
    Ok(())
}

/// Names of the tenant's own fields and relations of contacts that are retired.
async fn kept(tenant: &Tenant) -> anyhow::Result<Vec<String>> {
    let query = "{ object(name: \"contact\") { fields(include: [retired]) { name state } relations(include: [retired]) { name state } } }";
    let found = tenant.metadata(query, json!({})).await?["object"].take();
    let all = ["fields", "relations"].into_iter().flat_map(|key| found[key].as_array().cloned().unwrap_or_default());
    Ok(all.filter(|one| one["state"] == "retired").filter_map(|one| one["name"].as_str().map(str::to_owned)).collect())
}

async fn retire(tenant: &Tenant, verb: &str, name: &str) -> anyhow::Result<Value> {
    let document = format!("mutation {{ {verb}(object: \"contact\", field: \"{name}\") {{ state }} }}");
    tenant.post("metadata", &json!({ "query": document }), &[]).await?.json()
}

async fn retire_relation(tenant: &Tenant, verb: &str, name: &str) -> anyhow::Result<Value> {
    let document = format!("mutation {{ {verb}(object: \"contact\", relation: \"{name}\") {{ state }} }}");
    tenant.post("metadata", &json!({ "query": document }), &[]).await?.json()
}

async fn let_go(server: &TestServer, clock: &Clock) -> anyhow::Result<()> {
    let (ours, others) = (server.tenant(None, None, None).await?, server.tenant(None, None, None).await?);
    let create =
        "mutation ($scan: ID) { createContact(input: { lastName: \"Li\", nick: \"Zorro\", met: \"2026-01-02\", mood: GOOD, scan: $scan,
        worth: { amount: \"7\" }, kept: \"stays\" }) { id } }";
    let mut people = Vec::new();
    for tenant in [&ours, &others] {
        add(tenant).await?;
        let scan =
            tenant.request("POST", "files").header("content-type", "text/plain").body("a scan").send(tenant.address).await?.json()?;
        let made = tenant.data(create, json!({ "scan": scan["id"] })).await?;
        people.push((made["createContact"]["id"].clone(), scan["id"].clone()));
    }
    let (person, scan) = people[0].clone();
    // Zorro stands in the history now, and not in the record.
    let rename = "mutation ($id: ID!) { updateContact(id: $id, input: { nick: \"Z\" }) { id } }";
    ours.data(rename, json!({ "id": person })).await?;
    for name in ["nick", "met", "mood", "scan", "worth"] {
        let done = retire(&ours, "retireField", name).await?;
        ensure!(done["data"]["retireField"]["state"] == "retired", "{name}: {done}");
    }
    let before = ours.data(READ, json!({})).await?;
    for name in ["mentor", "peers"] {
        let done = retire_relation(&ours, "retireRelation", name).await?;
        ensure!(done["data"]["retireRelation"]["state"] == "retired", "{name}: {done}");
    }
    clock.advance(60 * DAY);
    ensure!(server.purge_fields(&ours).await?.is_empty(), "the tenant's own time counts, and it stands still");
    advance(&ours, 29).await?;
    ensure!(kept(&ours).await?.len() == 7, "thirty days are not over");
    ensure!(retire(&ours, "restoreField", "mood").await?["data"]["restoreField"]["state"] == "active");
    ensure!(ours.data("{ contacts { nodes { mood } } }", json!({})).await?["contacts"]["nodes"][0]["mood"] == "GOOD");
    retire(&ours, "retireField", "mood").await?;
    advance(&ours, 2).await?;
    ensure!(kept(&ours).await? == ["mood"], "what was retired anew has thirty days of its own: {:?}", kept(&ours).await?);
    ensure!(server.purge_fields(&ours).await?.is_empty() && server.purge_fields(&others).await?.is_empty(), "once, and only there");

    ensure!(ours.data(READ, json!({})).await? == before, "the rest is as it was");
    ensure!(others.data("{ contacts { nodes { nick } } }", json!({})).await?["contacts"]["nodes"][0]["nick"] == "Zorro");
    let refused = retire(&ours, "restoreField", "nick").await?;
    ensure!(
        refused["errors"][0]["extensions"]["code"] == "INVALID" || refused["errors"][0]["extensions"]["code"] == "NOT_FOUND",
        "{refused}"
    );
    let doctor = Command::Doctor { tenant: Some(ours.name.clone()), fix: false };
    let report = server.command(&doctor).await.unwrap();
    ensure!(report[0]["findings"] == json!([]), "{report}");
    let again = "mutation { addRelation(object: \"contact\", input: { name: \"peers\", to: [\"contact\"], many: true }) { name } }";
    ours.metadata(again, json!({})).await?;
    ensure!(
        ours.data("{ contacts { nodes { peers { nodes { id } } } } }", json!({})).await?["contacts"]["nodes"][0]["peers"]["nodes"]
            == json!([])
    );
    // Its name is free, and what comes under it is new.
    ours.metadata("mutation { addField(object: \"contact\", input: { name: \"nick\", type: integer }) { name } }", json!({})).await?;
    ensure!(ours.data("{ contacts { nodes { nick } } }", json!({})).await?["contacts"]["nodes"][0]["nick"].is_null());
    ours.data("mutation ($id: ID!) { updateContact(id: $id, input: { nick: 7, kept: \"still\" }) { id } }", json!({ "id": person }))
        .await?;
    // The file it held is held no longer, and goes its own way.
    ensure!(ours.request("GET", &format!("files/{}", scan.as_str().unwrap_or_default())).send(ours.address).await?.status == 404);
    clock.advance(31 * DAY);
    ensure!(server.sweep_files(&ours).await?["files"] == 1);
    // Nobody knows any more that the nick was personal: whoever is erased is erased of it.
    ensure!(written(server, &ours).await?.contains("Zorro"), "history keeps it until then");
    let erase = "mutation ($id: ID!, $again: String!) { erasePerson(object: \"contact\", id: $id, confirm: $again) { versions } }";
    ours.metadata(erase, json!({ "id": person, "again": person })).await?;
    ensure!(!written(server, &ours).await?.contains("Zorro"), "erased");
    let chain = server.command(&Command::AuditVerify { tenant: ours.name.clone(), head: None }).await.unwrap();
    ensure!(chain["broken"].is_null(), "{chain}");
    Ok(())
}
