//! Somebody takes a package out of the database by hand: what it brought stays readable, and nothing breaks.

use serde_json::json;
use tenon_tests::{Tenant, TestServer};

use super::house::{Package, install, trusting};

pub(super) async fn removed(server: TestServer, tenant: Tenant, other: Tenant) -> anyhow::Result<TestServer> {
    for one in [&tenant, &other] {
        install(one, Package::visits("1.0.0", "", "").signed()).await?;
        install(one, Package::hello("1.0.0")?.signed()).await?;
        one.data(r#"mutation { createAcmeVisitsVisit(input: { subject: "Plant tour" }) { id } }"#, json!({})).await?;
    }
    // One loses its files only, the other every trace of its packages.
    let files = "delete from package_part";
    let behind = [
        (tenant.name.as_str(), files),
        (&other.name, files),
        (&other.name, "delete from package_version"),
        (&other.name, "delete from package"),
    ];
    let server = server.restart(&behind, trusting).await?;
    for one in [server.serve(&tenant), server.serve(&other)] {
        let read = one.data("{ acmeVisitsVisits { nodes { subject } } opportunities { nodes { id } } }", json!({})).await?;
        assert_eq!(read, json!({ "acmeVisitsVisits": { "nodes": [{ "subject": "Plant tour" }] }, "opportunities": { "nodes": [] } }));
        let export =
            one.by_key("POST", "exports", &json!({ "object": "acme_visits_visit", "format": "csv", "columns": ["subject"] })).await?;
        assert_eq!(export.status, 202, "{}", String::from_utf8_lossy(&export.body));
        let place = export.header("location").unwrap_or_default().to_owned();
        let data = place.rsplit("/exports/").next().map(|id| format!("exports/{id}/data")).unwrap_or_default();
        let csv = one.request("GET", &data).header("accept", "*/*").send(one.address).await?;
        assert!(String::from_utf8_lossy(&csv.body).contains("Plant tour"), "{}", String::from_utf8_lossy(&csv.body));
        one.data(r#"mutation { createTag(input: { name: "vip" }) { id } }"#, json!({})).await?;
    }
    let tenant = server.serve(&tenant);
    let listed = tenant.metadata("{ packages { name state health { state } } }", json!({})).await?;
    let broken = json!({ "name": "hello", "state": "installed", "health": { "state": "broken" } });
    assert!(listed["packages"].as_array().is_some_and(|all| all.contains(&broken)), "{listed}");
    // Given its file again, it is asked again.
    tenant.metadata("mutation { uninstallPackage(package: \"hello\") { version } }", json!({})).await?;
    install(&tenant, Package::hello("1.0.1")?.signed()).await?;
    let listed = tenant.metadata("{ packages { name health { state } } }", json!({})).await?;
    assert!(
        listed["packages"].as_array().is_some_and(|all| all.contains(&json!({ "name": "hello", "health": { "state": "well" } }))),
        "{listed}"
    );
    Ok(server)
}
