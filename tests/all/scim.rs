//! SCIM as identity providers speak it: the examples of RFC 7644 and the documented requests of Entra ID and Okta,
//! replayed on both databases; and who is disabled through it is out at once.

use std::collections::HashMap;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tenon_tests::{Database, PASSWORD, Setting, Tenant, TestServer};

use crate::both::on;

const FIXTURES: [&str; 3] = ["rfc7644", "entra", "okta"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn providers_keep_the_members_on_sqlite() {
    on(Database::Sqlite, Vec::new(), all).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn providers_keep_the_members_on_postgres() {
    on(Database::Postgres, Vec::new(), all).await;
}

async fn all(server: &TestServer, _: &Setting) -> anyhow::Result<()> {
    for fixture in FIXTURES {
        let tenant = server.tenant(None, None, None).await?;
        let service = provisioner(&tenant).await?;
        replayed(&tenant, &service, fixture).await.with_context(|| format!("fixture {fixture}"))?;
        if fixture == "okta" {
            who_is_disabled_is_out(&tenant, &service).await.context("disabled")?;
            administrators_are_out_of_reach(&tenant, &service).await.context("administrators")?;
            only_who_may(&tenant, &service).await.context("rights")?;
        }
    }
    Ok(())
}

/// A service whose role may manage members and nothing else, as its own client of the tenant.
async fn provisioner(tenant: &Tenant) -> anyhow::Result<Tenant> {
    let role = |name: &str, more: &str| {
        let label = name.replace('_', " ");
        (format!("roles/{name}.yaml"), format!("format: tenon/v1\nrole: {name}\nlabel: {{ en: {label}, zh: {label} }}\n{more}"))
    };
    tenant.apply(&[role("provisioner", "special: [users]\n"), role("field_sales", "")]).await?;
    let body = json!({ "display": "Directory", "kind": "service", "roles": ["provisioner"] });
    let answer =
        tenant.request("POST", "keys").header("content-type", "application/json").body(body.to_string()).send(tenant.address).await?;
    ensure!(answer.status == 201, "no key: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
    let key = answer.json()?["apiKey"].as_str().context("a key")?.to_owned();
    Ok(Tenant { key, ..tenant.clone() })
}

async fn replayed(tenant: &Tenant, service: &Tenant, fixture: &str) -> anyhow::Result<()> {
    let path = Setting::repository().join(format!("tests/fixtures/scim/{fixture}.json"));
    let fixture: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let mut names: HashMap<String, String> = HashMap::new();
    for step in fixture["steps"].as_array().context("steps")? {
        let name = step["name"].as_str().unwrap_or_default();
        let step = filled(step, &names);
        let done = match step["member"].as_str() {
            Some(member) => roles_are(tenant, member, &step["roles"]).await,
            None => stepped(service, &step, &mut names).await,
        };
        done.with_context(|| name.to_owned())?;
    }
    Ok(())
}

async fn stepped(service: &Tenant, step: &Value, names: &mut HashMap<String, String>) -> anyhow::Result<()> {
    let (status, location, body) = asked(service, step).await?;
    ensure!(Some(u64::from(status)) == step["status"].as_u64(), "status {status}: {body}");
    if let Some(keep) = step["keep"].as_object() {
        for (name, pointer) in keep {
            let value = body.pointer(pointer.as_str().unwrap_or_default()).and_then(Value::as_str).context("nothing to keep")?;
            names.insert(name.clone(), value.to_owned());
        }
    }
    if let Some(place) = filled(step, names)["location"].as_str() {
        ensure!(location.as_deref().is_some_and(|location| location.ends_with(place)), "location {location:?}");
    }
    matches(&step["expect"], &body, "")
}

/// Status, location and body of a request.
async fn asked(service: &Tenant, step: &Value) -> anyhow::Result<(u16, Option<String>, Value)> {
    let method = match step["method"].as_str() {
        Some("POST") => "POST",
        Some("PUT") => "PUT",
        Some("PATCH") => "PATCH",
        Some("DELETE") => "DELETE",
        _ => "GET",
    };
    let mut request = service.request(method, &format!("scim/v2/{}", step["path"].as_str().unwrap_or_default()));
    if !step["body"].is_null() {
        request = request.header("content-type", "application/scim+json").body(step["body"].to_string());
    }
    let answer = request.send(service.address).await?;
    let media = answer.header("content-type").unwrap_or_default().to_owned();
    ensure!(answer.body.is_empty() || media.starts_with("application/scim+json"), "the media type is `{media}`");
    let body = if answer.body.is_empty() { Value::Null } else { answer.json()? };
    Ok((answer.status, answer.header("location").map(str::to_owned), body))
}

/// A step with what earlier ones kept.
fn filled(step: &Value, names: &HashMap<String, String>) -> Value {
    let mut text = step.to_string();
    for (name, value) in names {
        text = text.replace(&format!("${{{name}}}"), value);
    }
    serde_json::from_str(&text).unwrap()
}

/// What is written is there: members of objects, every element of lists. `*` is anything, `!name` a member that is not there.
fn matches(expected: &Value, actual: &Value, place: &str) -> anyhow::Result<()> {
    match (expected, actual) {
        (Value::Null, _) => Ok(()),
        (Value::String(any), _) if any == "*" => Ok(()),
        (Value::Object(expected), Value::Object(members)) => {
            for (name, value) in expected {
                match name.strip_prefix('!') {
                    Some(absent) => ensure!(!members.contains_key(absent), "{place}/{absent} is there: {actual}"),
                    None => matches(
                        value,
                        members.get(name).with_context(|| format!("{place}/{name} is not there: {actual}"))?,
                        &format!("{place}/{name}"),
                    )?,
                }
            }
            Ok(())
        }
        (Value::Array(expected), Value::Array(elements)) => {
            ensure!(expected.len() == elements.len(), "{place} has {} elements: {actual}", elements.len());
            expected.iter().zip(elements).enumerate().try_for_each(|(index, (one, other))| matches(one, other, &format!("{place}/{index}")))
        }
        _ => {
            ensure!(expected == actual, "{place}: expected {expected}, got {actual}");
            Ok(())
        }
    }
}

async fn member(tenant: &Tenant, id: &str) -> anyhow::Result<Value> {
    let answer = tenant.request("GET", &format!("members/{id}")).send(tenant.address).await?;
    ensure!(answer.status == 200, "no member: {}", answer.status);
    answer.json()
}

async fn roles_are(tenant: &Tenant, id: &str, expected: &Value) -> anyhow::Result<()> {
    let member = member(tenant, id).await?;
    ensure!(member["roles"] == *expected, "the roles are {}", member["roles"]);
    Ok(())
}

/// A member signed in by password and disabled through SCIM is nobody at the next request, and does not come in again.
async fn who_is_disabled_is_out(tenant: &Tenant, service: &Tenant) -> anyhow::Result<()> {
    let out = tenant.member("out@acme.example", &["field_sales"]).await?;
    ensure!(out.ask("GET", "session").await?.status == 200, "the session does not hold");
    let step = json!({ "method": "GET", "path": "Users?filter=userName%20eq%20%22out%40acme.example%22" });
    let (_, _, found) = asked(service, &step).await?;
    ensure!(found["Resources"][0]["id"] == out.user.as_str(), "SCIM does not see the member: {found}");
    let disable = json!({ "Operations": [{ "op": "Replace", "path": "active", "value": "False" }] });
    let off = json!({ "method": "PATCH", "path": format!("Users/{}", out.user), "body": disable });
    ensure!(asked(service, &off).await?.0 == 200, "not disabled");
    ensure!(out.ask("GET", "session").await?.status == 401, "the session still holds");
    ensure!(tenant.sign_in(&out.login, PASSWORD, None).await.is_err(), "signed in again");
    Ok(())
}

/// A service reaches nobody who is above it.
async fn administrators_are_out_of_reach(tenant: &Tenant, service: &Tenant) -> anyhow::Result<()> {
    let above = tenant.member("above@acme.example", &["administrator"]).await?;
    let operations = [
        json!({ "op": "replace", "path": "active", "value": false }),
        json!({ "op": "replace", "path": "userName", "value": "mine@evil.example" }),
        json!({ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "mine@evil.example" }),
        json!({ "op": "replace", "path": "title", "value": "mine" }),
    ];
    for operation in operations {
        let step = json!({ "method": "PATCH", "path": format!("Users/{}", above.user), "body": { "Operations": [operation] } });
        let (status, _, body) = asked(service, &step).await?;
        ensure!(status == 403, "{operation}: {status} {body}");
    }
    let (status, _, _) = asked(service, &json!({ "method": "DELETE", "path": format!("Users/{}", above.user) })).await?;
    ensure!(status == 403, "deleted: {status}");
    ensure!(above.ask("GET", "session").await?.status == 200, "the session does not hold");
    Ok(())
}

async fn only_who_may(tenant: &Tenant, service: &Tenant) -> anyhow::Result<()> {
    let nobody = Tenant { key: "tenon_nothing".to_owned(), ..tenant.clone() };
    let list = json!({ "method": "GET", "path": "Users" });
    let (status, _, body) = asked(&nobody, &list).await?;
    ensure!(status == 401 && body["status"] == "401", "{status} {body}");
    let made = json!({ "display": "No rights", "kind": "service", "roles": ["field_sales"] });
    let answer =
        tenant.request("POST", "keys").header("content-type", "application/json").body(made.to_string()).send(tenant.address).await?;
    let weak = Tenant { key: answer.json()?["apiKey"].as_str().context("a key")?.to_owned(), ..tenant.clone() };
    for path in ["Users", "Groups", "Schemas", "Users/x"] {
        let (status, _, _) = asked(&weak, &json!({ "method": "GET", "path": path })).await?;
        ensure!(status == 403, "{path}: {status}");
    }
    let broken =
        service.request("POST", "scim/v2/Users").header("content-type", "application/scim+json").body("{").send(tenant.address).await?;
    ensure!(broken.status == 400 && broken.json()?["scimType"] == "invalidSyntax", "{}", broken.status);
    let deep = format!("{{\"userName\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let bomb =
        service.request("POST", "scim/v2/Users").header("content-type", "application/scim+json").body(deep).send(tenant.address).await?;
    ensure!(bomb.status == 400, "{}", bomb.status);
    let large = vec![b' '; 3 * 1024 * 1024];
    let large =
        service.request("POST", "scim/v2/Users").header("content-type", "application/scim+json").body(large).send(tenant.address).await?;
    ensure!(large.status == 413, "{}", large.status);
    Ok(())
}
