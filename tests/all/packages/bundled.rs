//! A package's own tests are played before it is put in force: what fails them is not installed, and nothing is left of them.

use anyhow::Context as _;
use serde_json::{Value, json};
use tenon_server::Command;
use tenon_tests::{Tenant, TestServer};

use super::house::{Package, ask, install, rule, upload};

/// A representative notes a visit, and an administrator finds it.
const GOOD: &str = r#"format: tenon/v1
test: a representative notes a visit
steps:
  - as: sales_rep
    graphql: |
      mutation { createAcmeVisitsVisit(input: { subject: "Plant tour" }) { id } }
    keep: { visit: /data/createAcmeVisitsVisit/id }
  - graphql: |
      query ($id: ID!) { acmeVisitsVisit(id: $id) { subject } }
    variables: { id: $visit }
    expect: { data: { acmeVisitsVisit: { subject: Plant tour } } }
"#;

/// Its second step goes wrong.
const WRONG: &str = r#"format: tenon/v1
test: there is a visit from the beginning
steps:
  - { graphql: "{ me { kind } }" }
  - { graphql: "{ acmeVisitsVisits { totalCount { value } } }", expect: { data: { acmeVisitsVisits: { totalCount: { value: 1 } } } } }
"#;

/// What a package does that stands on the first.
const ABOVE: &str = r#"format: tenon/v1
test: what it stands on is there
steps:
  - { graphql: "{ acmeVisitsVisits { totalCount { value } } }", expect: { data: { acmeVisitsVisits: { totalCount: { value: 0 } } } } }
"#;

fn visits(version: &str, tests: &[(&str, &str)]) -> Vec<u8> {
    let mut package = Package::visits(version, "", "");
    for (path, text) in tests {
        package.text(path, text);
    }
    package.signed()
}

fn installing(version: &str, more: &str) -> String {
    format!("installPackage(package: \"acme_visits\", version: \"{version}\"{more}) {{ version tests {{ path name fuel }} }}")
}

/// How the package stands, the model's version, and the tenants of the server: what a refused install leaves alone.
async fn state(server: &TestServer, tenant: &Tenant) -> anyhow::Result<Value> {
    let there = tenant.metadata("{ packages { name version state previous } model { version } }", json!({})).await?;
    Ok(json!([there, server.command(&Command::TenantList).await.context("a list of tenants")?]))
}

async fn in_force(tenant: &Tenant) -> anyhow::Result<String> {
    let there = tenant.metadata("{ packages { name version state } }", json!({})).await?;
    let visits = there["packages"].as_array().into_iter().flatten().find(|one| one["name"] == "acme_visits").context("a package")?;
    assert_eq!(visits["state"], "installed");
    Ok(visits["version"].as_str().unwrap_or_default().to_owned())
}

pub(super) async fn played(server: TestServer, tenant: Tenant, other: Tenant) -> anyhow::Result<TestServer> {
    assert_eq!(upload(&tenant, visits("1.0.0", &[("tests/visit.yaml", GOOD)])).await?.status, 201);
    // Who may not install is refused before anything is played.
    let rep = tenant.with_roles(&["sales_rep"]).await?;
    let refused = ask(&rep, &format!("mutation {{ {} }}", installing("1.0.0", ""))).await?;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");

    let others = state(&server, &other).await?;
    let answer = ask(&tenant, &format!("mutation {{ {} }}", installing("1.0.0", ""))).await?;
    let done = &answer["data"]["installPackage"];
    let played = json!([{ "path": "tests/visit.yaml", "name": "a representative notes a visit", "fuel": 0 }]);
    assert_eq!(done["tests"], played, "{answer}");
    assert_eq!(in_force(&tenant).await?, "1.0.0");
    let here = tenant.data("{ acmeVisitsVisits { totalCount { value } } }", json!({})).await?;
    assert_eq!(here["acmeVisitsVisits"]["totalCount"]["value"], 0, "what tests write is gone with their tenants");

    failing(&server, &tenant).await?;
    above(&tenant).await?;
    assert_eq!(state(&server, &other).await?, others, "the other tenant stays as it was, and no tenant of a test is left");
    Ok(server)
}

/// An upgrade whose test fails is refused, named, and changes nothing; without its tests it is installed, which is noted.
async fn failing(server: &TestServer, tenant: &Tenant) -> anyhow::Result<()> {
    let file = visits("1.1.0", &[("tests/visit.yaml", GOOD), ("tests/wrong.yaml", WRONG)]);
    assert_eq!(upload(tenant, file).await?.status, 201);
    let before = state(server, tenant).await?;
    let refused = ask(tenant, &format!("mutation {{ {} }}", installing("1.1.0", ""))).await?;
    assert_eq!((rule(&refused), &refused["errors"][0]["extensions"]["code"]), ("package/tests", &json!("REFUSED")), "{refused}");
    let failed = &refused["errors"][0]["extensions"]["tests"];
    let words = "step 2: at `/data/acmeVisitsVisits/totalCount/value`: expected 1, got 0";
    let expected = json!([{
        "path": "tests/wrong.yaml", "name": "there is a visit from the beginning", "step": 2, "failure": words, "fuel": 0
    }]);
    assert_eq!(failed, &expected, "{refused}");
    let message = refused["errors"][0]["message"].as_str().unwrap_or_default();
    assert!(message.contains("`tests/wrong.yaml`") && message.contains(words), "{message}");
    assert_eq!(state(server, tenant).await?, before);

    // Nobody waits for tests behind a change that is not ended.
    let behind = format!("mutation {{ one: disablePackage(package: \"acme_visits\") {{ version }} two: {} }}", installing("1.1.0", ""));
    let behind = ask(tenant, &behind).await?;
    assert_eq!(rule(&behind), "package/tests-first", "{behind}");
    assert_eq!(state(server, tenant).await?, before);

    let unplayed = ask(tenant, &format!("mutation {{ {} }}", installing("1.1.0", ", runTests: false"))).await?;
    assert_eq!(unplayed["data"]["installPackage"]["tests"], json!([]), "{unplayed}");
    assert_eq!(in_force(tenant).await?, "1.1.0");
    let trail = tenant.metadata("{ audit(filter: { kinds: [\"package_changed\"] }, first: 100) { nodes { facts } } }", json!({})).await?;
    let notes = trail["audit"]["nodes"].as_array().cloned().unwrap_or_default();
    let tested: Vec<&Value> = notes.iter().map(|note| &note["facts"]).filter(|facts| facts["did"] == "tested").collect();
    let told: Vec<_> = tested.iter().map(|facts| (&facts["version"], &facts["tests"])).collect();
    let (passed, skipped) = ((&json!("1.0.0"), &json!(["tests/visit.yaml"])), (&json!("1.1.0"), &json!("skipped")));
    assert_eq!(told, [skipped, passed], "the newest first");
    Ok(())
}

/// What a package stands on is there when its tests are played.
async fn above(tenant: &Tenant) -> anyhow::Result<()> {
    let mut package = Package::visits("1.0.0", "", "");
    package.files.clear();
    package.text("package.yaml", "format: tenon/v1\npackage: acme_more\npublisher: acme\nversion: 1.0.0\nlabel: { en: More, zh: 更多 }\nrequires: { acme_visits: \"^1.0\" }\n");
    package.text("tests/above.yaml", ABOVE);
    install(tenant, package.signed()).await
}
