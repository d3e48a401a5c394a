//! `examples/06-an-isv-package`: installed, used by its own role, upgraded with a rename.

use serde_json::json;
use tenon_packages::{Bundle, files_of};
use tenon_server::ServeConfig;
use tenon_tests::{Setting, Tenant, TestServer};

use super::house::{acme, install};

/// The example is published by `tenon`.
fn trusting(config: &mut ServeConfig) {
    config.publishers = vec![format!("tenon={}", acme().public())];
}

fn file(version: &str) -> anyhow::Result<Vec<u8>> {
    let folder = Setting::repository().join("examples/06-an-isv-package").join(version);
    Ok(Bundle::pack(files_of(&folder)?)?.signed(&acme()).bytes()?)
}

pub(super) async fn two_versions(server: TestServer, tenant: Tenant, other: Tenant) -> anyhow::Result<TestServer> {
    let server = server.restart(&[], trusting).await?;
    let (tenant, other) = (server.serve(&tenant), server.serve(&other));
    install(&tenant, file("1.0.0")?).await?;
    let made = tenant
        .data(r#"mutation { createAccount(input: { name: "Harbour Works", dealerTier: GOLD }) { id dealerTier } }"#, json!({}))
        .await?;
    let account = made["createAccount"]["id"].clone();
    let machine = "mutation ($account: ID!) { createDealerMachine(input: { serial: \"X-1\", model: \"Press 40\", price: { amount: \"120000\", currency: \"CNY\" },
        account: { connect: { id: $account } } }) { id display condition } }";
    let made = tenant.data(machine, json!({ "account": account })).await?;
    assert_eq!((&made["createDealerMachine"]["display"], &made["createDealerMachine"]["condition"]), (&json!("X-1"), &json!("RUNNING")));

    let engineer = tenant.with_roles(&["dealer_engineer"]).await?;
    let visit = "mutation ($machine: ID!) { createDealerVisit(input: { subject: \"Oil\", hours: \"1.5\", machine: { connect: { id: $machine } } }) { id hours machine { serial } } }";
    let done = engineer.data(visit, json!({ "machine": made["createDealerMachine"]["id"] })).await?;
    assert_eq!(done["createDealerVisit"]["machine"], json!({ "serial": "X-1" }));
    let priced = engineer.post("graphql", &json!({ "query": "{ dealerMachines { nodes { price { amount } } } }" }), &[]).await?.json()?;
    assert_eq!(priced["errors"][0]["extensions"]["rule"], "graphql/validation", "an engineer sees no price: {priced}");

    install(&tenant, file("1.1.0")?).await?;
    let read = engineer.data("{ dealerVisits { nodes { subject labour hours result } } }", json!({})).await?;
    let visit = &read["dealerVisits"]["nodes"][0];
    let hours = &done["createDealerVisit"]["hours"];
    assert!(hours.as_str().is_some_and(|hours| hours.starts_with("1.5")), "{done}");
    assert_eq!((&visit["labour"], &visit["hours"], &visit["result"]), (hours, hours, &json!(null)), "{read}");
    let unknown = other.post("graphql", &json!({ "query": "{ dealerVisits { nodes { id } } }" }), &[]).await?.json()?;
    assert_eq!(unknown["errors"][0]["extensions"]["rule"], "graphql/validation");
    Ok(server)
}
