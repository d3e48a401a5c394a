//! What goes wrong on the way, or comes while people save: an upgrade that fails half way leaves everything as it was, and a
//! package that is taken out under load leaves every save whole.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tenon_tests::{Tenant, TestServer};
use tokio::task::JoinSet;

use super::house::{Package, ask, install, rule, upload};

const WON: &str = r#"mutation { createOpportunity(input: { name: "Deal", stage: WON }) { id } }"#;
const SCORE: &str = "  score: { type: integer, label: { en: Score, zh: 分数 } }\n";
/// Saves of each of those who save meanwhile.
const SAVES: usize = 20;

fn clerk(version: &str) -> anyhow::Result<Vec<u8>> {
    let grants = "grants: { records: { opportunity: { read: \"*\", write: \"*\" } } }\n";
    Ok(Package::of_plugin("clerk", version, grants)?.signed())
}

/// The version of the clerk that is asked, by what it says when it fails.
async fn asked(tenant: &Tenant) -> anyhow::Result<Value> {
    let failing = "mutation { clerkMisbehave(input: { how: \"panic\" }) { words } }";
    Ok(ask_data(tenant, failing).await?["errors"][0]["extensions"]["package"].clone())
}

async fn ask_data(tenant: &Tenant, document: &str) -> anyhow::Result<Value> {
    tenant.post("graphql", &json!({ "query": document }), &[]).await?.json()
}

pub(super) async fn half_way(server: TestServer, tenant: Tenant, _: Tenant) -> anyhow::Result<TestServer> {
    for file in [clerk("1.0.0")?, Package::visits("1.0.0", "", "").signed()] {
        install(&tenant, file).await?;
    }
    for file in [clerk("1.0.1")?, Package::visits("1.1.0", "", SCORE).signed()] {
        assert_eq!(upload(&tenant, file).await?.status, 201);
    }
    let before = tenant.metadata("{ model { version } packages { name version previous } }", json!({})).await?;
    // Both are upgraded in one document, whose last step cannot be done.
    let upgrading = "mutation {
        one: installPackage(package: \"clerk\") { version }
        two: installPackage(package: \"acme_visits\") { operations { path } }
        three: installPackage(package: \"nothing\") { version } }";
    let failed = ask(&tenant, upgrading).await?;
    assert_eq!(failed["errors"][0]["extensions"]["code"], "NOT_FOUND", "{failed}");
    let after = tenant.metadata("{ model { version } packages { name version previous } }", json!({})).await?;
    assert_eq!(after, before, "nothing has happened");
    assert_eq!(asked(&tenant).await?, "clerk@1.0.0");
    let unknown = ask_data(&tenant, "{ acmeVisitsVisits { nodes { score } } }").await?;
    assert_eq!(rule(&unknown), "graphql/validation", "{unknown}");

    // Without that step both are done.
    let upgrading = upgrading.replace("three: installPackage(package: \"nothing\") { version }", "");
    let done = ask(&tenant, &upgrading).await?;
    assert_eq!(done["errors"], Value::Null, "{done}");
    assert_eq!(asked(&tenant).await?, "clerk@1.0.1");
    tenant.data("{ acmeVisitsVisits { nodes { score } } }", json!({})).await?;
    Ok(server)
}

pub(super) async fn under_load(server: TestServer, tenant: Tenant, other: Tenant) -> anyhow::Result<TestServer> {
    let hello = || Ok::<_, anyhow::Error>(Package::hello("1.0.0")?.signed());
    install(&tenant, hello()?).await?;
    let mut savers = JoinSet::new();
    for (who, saving) in [("tenant", &tenant), ("tenant", &tenant), ("tenant", &tenant), ("other", &other)] {
        let saving = saving.clone();
        savers.spawn(async move {
            let mut words = Vec::new();
            for _ in 0..SAVES {
                let answer = ask_data(&saving, WON).await?;
                let code = answer["errors"][0]["extensions"]["code"].as_str();
                words.push(code.map_or_else(|| "saved".to_owned(), |code| format!("{code} {}", rule(&answer))));
            }
            Ok::<_, anyhow::Error>((who, words))
        });
    }
    for _ in 0..3 {
        tenant.metadata("mutation { uninstallPackage(package: \"hello\") { version } }", json!({})).await?;
        install(&tenant, hello()?).await?;
    }
    let mut told: BTreeMap<(&str, String), u64> = BTreeMap::new();
    for saver in savers.join_all().await {
        let (who, words) = saver?;
        for word in words {
            *told.entry((who, word)).or_default() += 1;
        }
    }
    // Whoever meets two changes of the metadata in one save is told to come again.
    let words = ["REFUSED CLOSE_DATE_MISSING", "UNAVAILABLE "];
    let known = |(who, word): &(&str, String)| word == "saved" || (*who == "tenant" && words.contains(&word.as_str()));
    assert!(told.keys().all(known), "{told:?}");
    for (who, asking) in [("tenant", &tenant), ("other", &other)] {
        let saved = told.get(&(who, "saved".to_owned())).copied().unwrap_or_default();
        let counted = asking.data("{ opportunities { totalCount { value } } }", json!({})).await?;
        assert_eq!(counted["opportunities"]["totalCount"]["value"], json!(saved), "{who}: {told:?}");
    }
    assert_eq!(rule(&ask_data(&tenant, WON).await?), "CLOSE_DATE_MISSING", "installed, it is asked");
    Ok(server)
}
