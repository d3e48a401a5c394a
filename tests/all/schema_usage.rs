//! Who uses what of the schema is counted by key and day, and former names go on for as long as somebody does.

use anyhow::ensure;
use serde_json::{Value, json};
use tenon_tests::{Database, Tenant, TestServer};
use tenon_value::DateTime;

use crate::both::on_as;

const DAY: i64 = 24 * 60 * 60 * 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_used_is_counted_by_key_and_coordinate_on_sqlite() {
    on_as(Database::Sqlite, |_| (), counted).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_used_is_counted_by_key_and_coordinate_on_postgres() {
    on_as(Database::Postgres, |_| (), counted).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_former_name_ends_when_nobody_used_it_for_two_weeks_on_sqlite() {
    on_as(Database::Sqlite, |_| (), ends).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_former_name_ends_when_nobody_used_it_for_two_weeks_on_postgres() {
    on_as(Database::Postgres, |_| (), ends).await;
}

const USAGE: &str = "query ($of: String, $former: Boolean!) { schemaUsage(coordinate: $of, former: $former) { coordinate former kind display uses first last } }";

async fn used(tenant: &Tenant, of: Option<&str>, former: bool) -> anyhow::Result<Vec<Value>> {
    let told = tenant.metadata(USAGE, json!({ "of": of, "former": former })).await?["schemaUsage"].take();
    Ok(told.as_array().cloned().unwrap_or_default())
}

async fn add_nick(tenant: &Tenant) -> anyhow::Result<()> {
    let add = "mutation { addField(object: \"contact\", input: { name: \"nick\", type: text }) { name } }";
    tenant.metadata(add, json!({})).await?;
    tenant.data("mutation { createContact(input: { lastName: \"Li\", nick: \"Z\" }) { id } }", json!({})).await?;
    Ok(())
}

async fn counted(server: &TestServer) -> anyhow::Result<()> {
    let (ours, theirs) = (server.tenant(None, None, None).await?, server.tenant(None, None, None).await?);
    add_nick(&ours).await?;
    add_nick(&theirs).await?;
    let low = ours.with_roles(&["sales_rep"]).await?;
    for _ in 0..3 {
        ours.data("{ contacts { nodes { nick } } }", json!({})).await?;
    }
    low.data("query ($f: ContactFilter) { contacts(filter: $f) { nodes { lastName } } }", json!({ "f": { "lastName": { "eq": "Li" } } }))
        .await?;

    let nick = used(&ours, Some("Contact.nick"), false).await?;
    ensure!(nick.len() == 1 && nick[0]["uses"] == 3 && nick[0]["kind"] == "api_key" && nick[0]["former"] == false, "{nick:?}");
    ensure!(nick[0]["first"] == nick[0]["last"], "{nick:?}");
    // A filter that came in a variable counts, and so does an input that was written out.
    let filtered = used(&ours, Some("ContactFilter.lastName"), false).await?;
    ensure!(filtered.len() == 1 && filtered[0]["uses"] == 1, "{filtered:?}");
    let written = used(&ours, Some("CreateContactInput"), false).await?;
    let names: Vec<&str> = written.iter().filter_map(|one| one["coordinate"].as_str()).collect();
    ensure!(names == ["CreateContactInput.lastName", "CreateContactInput.nick"], "{written:?}");
    // Each tenant has its own; who is no administrator is told nothing.
    ensure!(used(&theirs, Some("Contact.nick"), false).await?.is_empty());
    let refused = low.post("metadata", &json!({ "query": "{ schemaUsage { uses } }" }), &[]).await?.json()?;
    ensure!(refused["errors"][0]["extensions"]["code"] == "FORBIDDEN", "{refused}");
    for days in [0, 31, -1] {
        let wrong = ours.post("metadata", &json!({ "query": format!("{{ schemaUsage(days: {days}) {{ uses }} }}") }), &[]).await?.json()?;
        ensure!(wrong["errors"][0]["extensions"]["rule"] == "range", "{wrong}");
    }
    Ok(())
}

/// Moves the clock of a sandbox so many days on.
async fn advance(tenant: &Tenant, days: i64) -> anyhow::Result<()> {
    let now = tenant.metadata("{ describe { tenant { now } } }", json!({})).await?["describe"]["tenant"]["now"].take();
    let now: DateTime = now.as_str().unwrap_or_default().parse()?;
    let to = DateTime::from_millis(now.millis() + days * DAY).to_string();
    tenant.metadata("mutation ($to: DateTime!) { advanceClock(to: $to) { now } }", json!({ "to": to })).await?;
    Ok(())
}

/// Whether contacts have a nick, in the schema as the administrator sees it.
async fn has_nick(tenant: &Tenant) -> anyhow::Result<bool> {
    let fields = tenant.data("{ __type(name: \"Contact\") { fields(includeDeprecated: true) { name } } }", json!({})).await?;
    Ok(fields["__type"]["fields"].as_array().into_iter().flatten().any(|field| field["name"] == "nick"))
}

async fn ends(server: &TestServer) -> anyhow::Result<()> {
    let (ours, theirs) = (server.tenant(None, None, None).await?, server.tenant(None, None, None).await?);
    for tenant in [&ours, &theirs] {
        add_nick(tenant).await?;
        let rename = "mutation { updateField(object: \"contact\", field: \"nick\", input: { rename: \"pen_name\" }) { name } }";
        tenant.metadata(rename, json!({})).await?;
    }
    // It is promised for 90 days. On the 80th somebody still uses it in ours.
    for tenant in [&ours, &theirs] {
        advance(tenant, 80).await?;
    }
    let low = ours.with_roles(&["sales_rep"]).await?;
    let query = json!({ "query": "{ contacts { nodes { nick penName } } }" });
    let answer = ours.post("graphql", &query, &[]).await?.json()?;
    ensure!(answer["extensions"]["deprecations"][0]["coordinate"] == "Contact.nick", "{answer}");
    let former = used(&ours, None, true).await?;
    ensure!(former.len() == 1 && former[0]["coordinate"] == "Contact.nick" && former[0]["uses"] == 1, "{former:?}");
    for tenant in [&ours, &theirs] {
        advance(tenant, 12).await?;
    }
    ensure!(has_nick(&ours).await?, "on the 92nd day it is 12 days since it was used");
    ensure!(!has_nick(&theirs).await?, "nobody used it");
    advance(&ours, 4).await?;
    ensure!(!has_nick(&ours).await?, "on the 96th day nobody has used it for two weeks");
    let gone = low.post("graphql", &json!({ "query": "{ contacts { nodes { nick } } }" }), &[]).await?.json()?;
    ensure!(gone["errors"][0]["extensions"]["code"] == "INVALID", "{gone}");
    ensure!(ours.data("{ contacts { nodes { penName } } }", json!({})).await?["contacts"]["nodes"] == json!([{ "penName": "Z" }]));
    Ok(())
}
