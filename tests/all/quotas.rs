//! Quotas: what is over is refused and named, reading and removing go on, another tenant is not touched; and they go where the
//! tenant goes.

use anyhow::Context;
use serde_json::{Value, json};
use tenon_server::{Command, Quota};
use tenon_tests::{Database, Tenant, TestServer};

use crate::both::{on_as, on_both};

const CREATE: &str = "mutation ($name: String) { createAccount(input: { name: $name }) { id } }";
const MANY: &str = "mutation ($inputs: [CreateAccountInput!]!) { createAccounts(inputs: $inputs, mode: PARTIAL) { created failed } }";

async fn on(database: Database, test: impl AsyncFnOnce(&TestServer) -> anyhow::Result<()>) {
    on_as(database, |config| config.quotas = vec![(Quota::Members, 3)], test).await;
}

on_both! { on:
    records => records_have_a_quota_on_sqlite, records_have_a_quota_on_postgres;
    people => people_keys_and_bytes_have_quotas_on_sqlite, people_keys_and_bytes_have_quotas_on_postgres;
    abroad => quotas_go_where_the_tenant_goes_on_sqlite, quotas_go_where_the_tenant_goes_on_postgres;
}

async fn set(server: &TestServer, tenant: &Tenant, quotas: &[(&str, Option<u64>)]) -> anyhow::Result<Value> {
    let set = quotas.iter().map(|(name, max)| ((*name).to_owned(), *max)).collect();
    server.command(&Command::TenantQuota { name: tenant.name.clone(), set }).await.context("quotas are not set")
}

fn of<'v>(shown: &'v Value, quota: &str) -> &'v Value {
    let found = shown.as_array().and_then(|all| all.iter().find(|one| one["quota"] == quota));
    found.unwrap_or(&Value::Null)
}

/// What a save that is refused says.
async fn refusal(tenant: &Tenant, query: &str, variables: Value) -> anyhow::Result<Value> {
    let answer = tenant.post("graphql", &json!({ "query": query, "variables": variables }), &[]).await?.json()?;
    Ok(answer["errors"][0]["extensions"].clone())
}

fn names(said: &Value, limit: &str, max: u64, actual: u64) {
    let found = (&said["code"], &said["rule"], &said["limit"], &said["max"], &said["actual"]);
    assert_eq!(found, (&json!("EXHAUSTED"), &json!("quota"), &json!(limit), &json!(max), &json!(actual)), "{said}");
}

async fn records(server: &TestServer) -> anyhow::Result<()> {
    let admin = server.tenant(None, None, None).await?;
    let stranger = server.tenant(None, None, None).await?;
    admin.apply(&role()).await?;
    let clerk = admin.with_roles(&["clerk"]).await?;
    let used = of(&set(server, &admin, &[]).await?, "records")["used"].as_u64().context("no number")?;
    let max = used + 3;
    set(server, &admin, &[("records", Some(max))]).await?;
    let first = clerk.data(CREATE, json!({ "name": "one" })).await?["createAccount"]["id"].clone();
    clerk.data(CREATE, json!({ "name": "two" })).await?;
    let two = json!({ "inputs": [{ "name": "three" }, { "name": "four" }] });
    names(&refusal(&clerk, MANY, two.clone()).await?, "records", max, used + 2);
    clerk.data(CREATE, json!({ "name": "three" })).await?;
    names(&refusal(&clerk, CREATE, json!({ "name": "four" })).await?, "records", max, max);
    let rename = "mutation ($id: ID!) { updateAccount(id: $id, input: { name: \"uno\" }) { name } }";
    assert_eq!(clerk.data(rename, json!({ "id": first })).await?["updateAccount"]["name"], "uno", "changes go on");
    let delete = "mutation ($id: ID!) { deleteAccount(id: $id) { id } }";
    clerk.data(delete, json!({ "id": first })).await?;
    names(&refusal(&clerk, CREATE, json!({ "name": "four" })).await?, "records", max, max);
    admin.data("mutation ($id: ID!) { destroyAccount(id: $id) { id } }", json!({ "id": first })).await?;
    clerk.data(CREATE, json!({ "name": "four" })).await?;
    let usage = admin.metadata("{ usage { quotas { name used max } } }", json!({})).await?;
    let row = json!({ "name": "records", "used": max, "max": max });
    assert!(usage["usage"]["quotas"].as_array().context("no list")?.contains(&row), "{usage}");
    let limits = clerk.request("GET", "limits").send(clerk.address).await?.json()?;
    assert_eq!(limits["limits"]["records"], max);
    for at in 0..5 {
        stranger.data(CREATE, json!({ "name": format!("elsewhere {at}") })).await?;
    }
    let shown = set(server, &admin, &[("records", None)]).await?;
    assert_eq!((of(&shown, "records")["max"].clone(), of(&shown, "records")["own"].clone()), (Value::Null, json!(false)));
    clerk.data(CREATE, json!({ "name": "five" })).await?;
    Ok(())
}

/// Somebody who may keep accounts and nothing else.
fn role() -> [(String, String); 2] {
    let role = "format: tenon/v1\nrole: clerk\nlabel: { en: Clerk, zh: 文员 }\n";
    let access = "format: tenon/v1\nobject: account\nroles:\n  clerk: { can: [create, read, update, delete], rows: { update: \"name != ''\" }, fields: { \"*\": write } }\n";
    [("roles/clerk.yaml".to_owned(), role.to_owned()), ("objects/account/access.yaml".to_owned(), access.to_owned())]
}

async fn people(server: &TestServer) -> anyhow::Result<()> {
    let admin = server.tenant(None, None, None).await?;
    admin.apply(&role()).await?;
    let invitation = |at: u8| json!({ "email": format!("p{at}@acme.example"), "name": "P", "roles": ["clerk"] });
    for at in 0..2 {
        let answer = admin.invite(&invitation(at)).await?;
        assert_eq!(answer.status, 201, "{:?}", answer.json());
    }
    let third = admin.invite(&invitation(2)).await?;
    names(&third.json()?, "members", 3, 3);
    set(server, &admin, &[("members", Some(4)), ("keys", Some(1))]).await?;
    assert_eq!(admin.invite(&invitation(2)).await?.status, 201);
    let key = admin.by_key("POST", "keys", &json!({ "display": "one more", "roles": ["clerk"] })).await?;
    names(&key.json()?, "keys", 1, 1);
    let bytes = of(&set(server, &admin, &[("database_bytes", Some(1))]).await?, "database_bytes")["used"].clone();
    let said = refusal(&admin, CREATE, json!({ "name": "too much" })).await?;
    // The database writes behind our back, too: it may have grown since it was asked.
    let actual = said["actual"].as_u64().context("no number")?;
    assert!(actual >= bytes.as_u64().context("no number")?, "{said}");
    names(&said, "database_bytes", 1, actual);
    admin.data("{ accounts { nodes { id } } }", json!({})).await?;
    set(server, &admin, &[("database_bytes", None)]).await?;
    admin.data(CREATE, json!({ "name": "enough" })).await?;
    let wrong = server.answer(&Command::TenantQuota { name: admin.name.clone(), set: vec![("luck".to_owned(), Some(7))] }).await;
    assert!(matches!(wrong, tenon_server::Answer::Failed(_)), "there is no such quota");
    Ok(())
}

async fn abroad(server: &TestServer) -> anyhow::Result<()> {
    let admin = server.tenant(None, None, None).await?;
    set(server, &admin, &[("records", Some(12_345))]).await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("tenant");
    let out = Command::TenantExport { name: admin.name.clone(), out: file.clone(), secrets: None };
    server.command(&out).await.context("it is not exported")?;
    let copy = format!("{}_copy", admin.name);
    let anew = tenon_server::ImportRequest { file: file.clone(), name: Some(copy.clone()), anew: true, sandbox: false, secrets: None };
    server.command(&Command::TenantImport(anew)).await.context("no copy is made")?;
    let shown = server.command(&Command::TenantQuota { name: copy, set: Vec::new() }).await.context("it is not shown")?;
    assert_eq!(of(&shown, "records")["max"], Value::Null, "a copy has the installation's");
    server.command(&Command::TenantDelete { name: admin.name.clone() }).await.context("it is not removed")?;
    let back = tenon_server::ImportRequest { file, name: None, anew: false, sandbox: false, secrets: None };
    server.command(&Command::TenantImport(back)).await.context("it does not come back")?;
    let shown = set(server, &admin, &[]).await?;
    assert_eq!((of(&shown, "records")["max"].clone(), of(&shown, "records")["own"].clone()), (json!(12_345), json!(true)));
    Ok(())
}
