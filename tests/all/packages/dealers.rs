//! `examples/06-an-isv-package`: installed with its own tests, used by its lowest role, upgraded with a move of data, rolled
//! back and upgraded again, beside a tenant that has the older version and notices nothing.

mod shown;
mod visiting;

use anyhow::Context;
use serde_json::{Value, json};
use tenon_packages::files_of;
use tenon_server::ServeConfig;
use tenon_tests::{Setting, Tenant, TestServer};

use super::house::{Package, acme, install, put, renumbered, rule, upload};
use super::moves::{PATIENCE, ended};

/// The example is published by `tenon`.
pub(super) fn trusting(config: &mut ServeConfig) {
    config.publishers = vec![format!("tenon={}", acme().public())];
    let budgets = &mut config.plugin_budgets;
    budgets.faults_per_minute = usize::MAX;
    // What is slow because the machine is busy is not what these tests are about.
    for limits in [&mut budgets.before, &mut budgets.computed, &mut budgets.within, &mut budgets.action, &mut budgets.job] {
        limits.wall = PATIENCE;
    }
    budgets.tree_wall = PATIENCE;
}

/// The files of a version, with its component.
fn files(version: &str) -> anyhow::Result<Package> {
    let mut files = files_of(&Setting::repository().join("examples/06-an-isv-package").join(version))?;
    let component = Setting::read().component(&format!("06-an-isv-package-{version}"))?;
    files.insert("plugin.wasm".to_owned(), std::fs::read(component)?);
    Ok(Package { files })
}

pub(super) fn file(version: &str) -> anyhow::Result<Vec<u8>> {
    Ok(files(version)?.signed())
}

/// A customer and a machine of his, as an administrator makes them.
async fn machine(tenant: &Tenant, serial: &str) -> anyhow::Result<Value> {
    let document = "mutation ($account: ID!, $serial: String!) { createDealerMachine(input: { serial: $serial, model: \"Press 40\",
        deliveredOn: \"2090-01-31\", serviceMonths: 1, price: { amount: \"120000\", currency: \"CNY\" },
        account: { connect: { id: $account } } }) { id } }";
    let account = tenant.data("mutation { createAccount(input: { name: \"Harbour Works\", dealerTier: GOLD }) { id } }", json!({})).await?;
    let made = tenant.data(document, json!({ "account": account["createAccount"]["id"], "serial": serial })).await?;
    Ok(made["createDealerMachine"]["id"].clone())
}

/// Visits that took a hundredth of an hour, two, three …
async fn make_visits(engineer: &Tenant, machine: &Value, count: usize) -> anyhow::Result<()> {
    let visit = |hundredths: usize| {
        let hours = format!("{}.{:02}", hundredths / 100, hundredths % 100);
        json!({ "subject": format!("visit {hundredths:03}"), "state": "DONE", "hours": hours, "visitedOn": "2089-01-01",
            "machine": { "connect": { "id": machine } } })
    };
    let inputs: Vec<Value> = (1..=count).map(visit).collect();
    let document = "mutation ($inputs: [CreateDealerVisitInput!]!) { createDealerVisits(inputs: $inputs) { created } }";
    let made = engineer.data(document, json!({ "inputs": inputs })).await?;
    assert_eq!(made["createDealerVisits"]["created"], count);
    Ok(())
}

/// All that a tenant has of the package, and that nobody but itself may move.
async fn look(tenant: &Tenant) -> anyhow::Result<Value> {
    let records = "{ dealerMachines { nodes { id version updatedAt serviceDue } } dealerVisits { nodes { id version updatedAt hours } } }";
    let there = tenant.metadata("{ packages { name version state previous } model { version } }", json!({})).await?;
    Ok(json!([tenant.data(records, json!({})).await?, there]))
}

pub(super) async fn two_versions(server: TestServer, tenant: Tenant, other: Tenant) -> anyhow::Result<TestServer> {
    let server = server.restart(&[], trusting).await?;
    let (tenant, other) = (server.serve(&tenant), server.serve(&other));
    let done = put(&tenant, file("1.0.0")?).await?;
    let played = json!(["tests/prices.yaml", "tests/service.yaml"]);
    assert_eq!(done["tests"].as_array().into_iter().flatten().map(|test| test["path"].clone()).collect::<Value>(), played);
    // The other one has the same machine, and a visit of the same length.
    install(&other, file("1.0.0")?).await?;
    let theirs = machine(&other, "X-1").await?;
    make_visits(&other, &theirs, 3).await?;
    let before = look(&other).await?;

    let (engineer, manager) = (tenant.with_roles(&["dealer_engineer"]).await?, tenant.with_roles(&["dealer_manager"]).await?);
    let own = machine(&tenant, "X-1").await?;
    visiting::planned_and_done(&engineer, &own).await?;
    visiting::planned_once(&engineer, &machine(&tenant, "X-2").await?).await?;
    visiting::never_for_scrap(&engineer, &machine(&tenant, "X-3").await?).await?;
    visiting::a_fleet(&tenant, &engineer).await?;
    shown::prices(&engineer, &manager).await?;
    shown::blocks(&engineer, &manager).await?;
    shown::in_both_languages(&tenant).await?;

    make_visits(&engineer, &own, 250).await?;
    upgraded(&tenant, &engineer).await?;
    back_and_again(&tenant, &engineer).await?;
    renamed(&tenant, &engineer).await?;

    assert_eq!(look(&other).await?, before, "the other tenant stays as it was");
    let unknown = other.post("graphql", &json!({ "query": "{ dealerVisits { nodes { minutes } } }" }), &[]).await?.json()?;
    assert_eq!(rule(&unknown), "graphql/validation", "it has the older version: {unknown}");
    Ok(server)
}

/// Puts 1.1.0 in force, and waits until all visits are moved.
async fn upgrade(tenant: &Tenant) -> anyhow::Result<Value> {
    let done = put(tenant, file("1.1.0")?).await?;
    let job = done["moves"].as_str().with_context(|| format!("250 visits do not fit into one step: {done}"))?;
    ended(tenant, job).await
}

/// A visit by its subject, as this caller reads it.
async fn visit(caller: &Tenant, subject: &str, fields: &str) -> anyhow::Result<Value> {
    let document =
        format!("query ($subject: String!) {{ dealerVisits(filter: {{ subject: {{ eq: $subject }} }}) {{ nodes {{ {fields} }} }} }}");
    Ok(caller.data(&document, json!({ "subject": subject })).await?["dealerVisits"]["nodes"][0].clone())
}

async fn count(caller: &Tenant, filter: &str) -> anyhow::Result<Value> {
    let document = format!("{{ dealerVisits(filter: {{ {filter} }}) {{ totalCount {{ value }} }} }}");
    Ok(caller.data(&document, json!({})).await?["dealerVisits"]["totalCount"]["value"].clone())
}

/// Hours have become minutes, and nobody's hours have changed.
async fn upgraded(tenant: &Tenant, engineer: &Tenant) -> anyhow::Result<()> {
    let job = upgrade(tenant).await?;
    assert_eq!(job["state"], "DONE", "{job}");
    // 1.67 hours are 100.2 minutes, 0.01 are 0.6, 0.25 are 15 exactly, 2.49 are 149.4.
    for (subject, hours, minutes) in
        [("visit 167", "1.67", 100), ("visit 001", "0.01", 1), ("visit 025", "0.25", 15), ("visit 249", "2.49", 149)]
    {
        assert_eq!(visit(engineer, subject, "hours minutes result").await?, json!({ "hours": hours, "minutes": minutes, "result": null }));
    }
    assert_eq!(count(engineer, "hours: { isNull: false }, minutes: { isNull: true }").await?, 0);
    assert_eq!(count(engineer, "hours: { isNull: true }, minutes: { isNull: false }").await?, 0);
    let moved = visit(engineer, "visit 167", "updatedBy { kind display }").await?;
    assert_eq!(moved["updatedBy"], json!({ "kind": "PLUGIN", "display": "dealer" }));

    // Minutes are what a visit needs now; who still writes hours is understood.
    let update =
        "mutation ($id: ID!, $input: UpdateDealerVisitInput!) { updateDealerVisit(id: $id, input: $input) { hours minutes result } }";
    let id = visit(engineer, "visit 025", "id").await?["id"].clone();
    let written = engineer.data(update, json!({ "id": id, "input": { "minutes": 20, "result": "Oil, filters" } })).await?;
    assert_eq!(written["updateDealerVisit"], json!({ "hours": "0.33", "minutes": 20, "result": "Oil, filters" }));
    let written = engineer.data(update, json!({ "id": id, "input": { "hours": "0.5" } })).await?;
    assert_eq!(written["updateDealerVisit"], json!({ "hours": "0.50", "minutes": 30, "result": "Oil, filters" }));
    Ok(())
}

/// The way back keeps the hours, and the way forth again follows what was done to them meanwhile.
async fn back_and_again(tenant: &Tenant, engineer: &Tenant) -> anyhow::Result<()> {
    let back = "mutation { rollbackPackage(package: \"dealer\", confirm: [\"dealer_visit.fields.minutes\", \"dealer_visit.fields.result\"]) { version } }";
    tenant.metadata(back, json!({})).await?;
    let gone = engineer.post("graphql", &json!({ "query": "{ dealerVisits { nodes { minutes } } }" }), &[]).await?.json()?;
    assert_eq!(rule(&gone), "graphql/validation", "{gone}");
    let update = "mutation ($id: ID!, $hours: Decimal) { updateDealerVisit(id: $id, input: { hours: $hours }) { hours } }";
    for (subject, before, hours) in [("visit 025", "0.50", json!("2.50")), ("visit 030", "0.30", json!(null))] {
        let visit = visit(engineer, subject, "id hours").await?;
        assert_eq!(visit["hours"], before, "what 1.1 wrote of hours is there in 1.0");
        engineer.data(update, json!({ "id": visit["id"], "hours": hours })).await?;
    }
    let job = upgrade(tenant).await?;
    assert_eq!(job["state"], "DONE", "{job}");
    for (subject, hours, minutes) in
        [("visit 025", json!("2.50"), json!(150)), ("visit 030", json!(null), json!(null)), ("visit 167", json!("1.67"), json!(100))]
    {
        assert_eq!(visit(engineer, subject, "hours minutes").await?, json!({ "hours": hours, "minutes": minutes }), "{subject}");
    }
    assert_eq!(visit(engineer, "visit 025", "result").await?["result"], "Oil, filters", "what was retired is there again");
    Ok(())
}

/// What the README warns of: a name that changes keeps its values, but across it there is no way back.
async fn renamed(tenant: &Tenant, engineer: &Tenant) -> anyhow::Result<()> {
    let mut package = files("1.1.0")?;
    package.files.retain(|path, _| !path.starts_with("tests/"));
    for (path, bytes) in &mut package.files {
        if path == "plugin.wasm" {
            *bytes = renumbered(std::mem::take(bytes), "1.1.0", "1.2.0")?;
        } else if path == "package.yaml" {
            *bytes = std::str::from_utf8(bytes)?.replace("version: 1.1.0", "version: 1.2.0").into_bytes();
        } else if path == "objects/dealer_machine/object.yaml" {
            *bytes = std::str::from_utf8(bytes)?.replace("  model:            {", "  make: { was: model,").into_bytes();
        } else if path.starts_with("objects/dealer_machine/") {
            *bytes = std::str::from_utf8(bytes)?.replace("model", "make").into_bytes();
        }
    }
    let done = put(tenant, package.signed()).await?;
    if let Some(job) = done["moves"].as_str() {
        assert_eq!(ended(tenant, job).await?["state"], "DONE");
    }
    let read = engineer.data("{ dealerMachines(filter: { serial: { eq: \"X-1\" } }) { nodes { make model } } }", json!({})).await?;
    assert_eq!(read["dealerMachines"]["nodes"], json!([{ "make": "Press 40", "model": "Press 40" }]), "the old name answers, too");
    let back = json!({ "query": "mutation { rollbackPackage(package: \"dealer\") { version } }" });
    let refused = tenant.post("metadata", &back, &[]).await?.json()?;
    assert_eq!(rule(&refused), "metadata/rename-or-drop", "{refused}");
    // What was refused was not put in force by halves.
    assert_eq!(upload(tenant, file("1.1.0")?).await?.status, 201);
    let there = tenant.metadata("{ packages { name version } }", json!({})).await?;
    let own = there["packages"].as_array().into_iter().flatten().find(|one| one["name"] == "dealer").context("the package")?;
    assert_eq!(own["version"], "1.2.0");
    Ok(())
}
