//! Host tests: played in a tenant that is thrown away, with a clock, hosts and chance of their own; what fails says where and why.

use anyhow::Context as _;
use serde_json::json;
use tenon_packages::Bundle;
use tenon_tests::{Tenant, TestServer};

use super::house::{Courier, acme, trusting};

const MANIFEST: &str = "settings: { days: { type: integer } }
grants:
  records: { tag: { read: [name], write: [name] } }
  http:
    shop: { host: api.shop.example, methods: [GET, POST], paths: [\"/v1/*\"] }
    closed: { host: closed.shop.example, methods: [GET], paths: [\"/v1/*\"] }
  secrets:
    shop_key: { use: [hmac, verify] }
    api_key: { for: shop, header: Authorization }
";

const GOOD: &str = r#"format: tenon/v1
test: what a job is told to call it calls, once
time: 2026-03-02T09:00:00Z
seed: 7
settings: { days: 3 }
secrets: { api_key: open sesame }
http:
  - { call: POST shop /v1/count, body: "1" }
  - { call: POST shop /v1/count, body: "2" }
steps:
  - graphql: |
      mutation ($how: String!) { courierSend(input: { how: $how }) { id } }
    variables: { how: write and call }
    keep: { job: /data/courierSend/id }
    calls: [POST shop /v1/count, POST shop /v1/count]
    fuel_below: 2000000000
  - graphql: |
      query ($id: ID!) { job(id: $id) { id state } tags(orderBy: { name: ASC }) { nodes { name } } }
    variables: { id: $job }
    expect:
      data:
        job: { id: $job, state: DONE }
        tags: { nodes: [{ name: before }, { name: between }, { name: "write and call: 200 1, 200 2" }] }
  - graphql: |
      mutation { courierAsk(input: { what: "setting", name: "days" }) { said } }
    expect: { data: { courierAsk: { said: "3" } } }
    calls: []
  - { endpoint: POST /mine?page=2, body: hello, expect: { status: 200, json: { said: made, page: "2" } } }
  - as: sales_rep
    graphql: |
      { courierAstray(input: { how: "refuse" }) { said } }
    expect: { data: { courierAstray: null }, errors: [{ extensions: { code: REFUSED, rule: NOT_TODAY } }] }
  - advance: 2026-03-09T09:00:00Z
  - graphql: |
      { courierTagged(input: { starts: "mine" }) { names } }
    expect: { data: { courierTagged: { names: ["mine: hello"] } } }
"#;

/// Each goes wrong in its last step, with these words.
const WRONG: [(&str, &str, &str); 6] = [
    (
        "differs",
        "  - { graphql: '{ courierTagged(input: { starts: \"x\" }) { total } }', expect: { data: { courierTagged: { total: 1 } } } }\n",
        "at `/data/courierTagged/total`: expected 1, got 0",
    ),
    ("fails", "  - { graphql: '{ courierAstray(input: { how: \"refuse\" }) { said } }' }\n", "not today"),
    ("fuel", "  - { graphql: '{ courierTagged(input: { starts: \"x\" }) { total } }', fuel_below: 10 }\n", "should need less than 10"),
    (
        "calls",
        "  - { graphql: 'mutation { courierSend(input: { how: \"slow\" }) { id } }', calls: [POST shop /v1/count] }\n",
        "it called [GET https://api.shop.example/v1/slow]",
    ),
    ("kept", "  - { graphql: '{ me { kind } }', variables: { a: $nobody } }\n", "no step before kept `nobody`"),
    ("back", "  - advance: 2026-03-02T08:59:59Z\n", "the clock stands at 2026-03-02T09:00:00.000Z already"),
];

fn bundle(tests: &[(String, String)]) -> anyhow::Result<Bundle> {
    let mut package = Courier::InRust.package("1.0.0", MANIFEST)?;
    for (name, text) in tests {
        package.text(&format!("tests/{name}.yaml"), text);
    }
    Ok(Bundle::pack(package.files)?.signed(&acme()))
}

pub(super) async fn played(server: TestServer, tenant: Tenant, other: Tenant) -> anyhow::Result<TestServer> {
    let patient = |config: &mut tenon_server::ServeConfig| {
        trusting(config);
        // What a slow machine needs says nothing of a test.
        config.plugin_budgets.query.wall = std::time::Duration::from_secs(120);
        config.plugin_budgets.action.wall = std::time::Duration::from_secs(120);
        config.plugin_budgets.tree_wall = std::time::Duration::from_secs(120);
    };
    let server = server.restart(&[], patient).await?;
    let (tenant, other) = (server.serve(&tenant), server.serve(&other));
    let before = tenants(&server).await?;
    let wrong = WRONG.map(|(name, step, _)| {
        let text =
            format!("format: tenon/v1\ntest: {name}\ntime: 2026-03-02T09:00:00Z\nsteps:\n  - {{ graphql: '{{ me {{ kind }} }}' }}\n{step}");
        (name.to_owned(), text)
    });
    let tests: Vec<_> = [("a_good_one".to_owned(), GOOD.to_owned())].into_iter().chain(wrong).collect();
    let outcomes = server.host_tests().await?.play(&bundle(&tests)?, &[]).await?;
    assert_eq!(outcomes.len(), 1 + WRONG.len());
    assert_eq!((outcomes[0].failure.as_deref(), outcomes[0].fuel > 0), (None, true));
    for (name, _, words) in WRONG {
        let path = format!("tests/{name}.yaml");
        let outcome = outcomes.iter().find(|one| one.path == path).context("an outcome")?;
        let failure = outcome.failure.clone().unwrap_or_default();
        assert!(failure.contains("step 2") && failure.contains(words), "{name}: {failure}");
    }
    // What a test needs is the same each time it is played.
    let again = server.host_tests().await?.play(&bundle(&tests[..1])?, &[]).await?;
    assert_eq!(again[0].failure, None);
    assert_eq!(tenants(&server).await?, before, "no tenant of a test is left");
    for tenant in [&tenant, &other] {
        let data = tenant.data("{ tags { totalCount { value } } }", json!({})).await?;
        assert_eq!(data["tags"]["totalCount"]["value"], 0);
    }
    let broken = bundle(&[("odd".to_owned(), "format: tenon/v1\ntest: a\nsteps: []\n".to_owned())]).unwrap_err();
    assert!(broken.to_string().contains("tests/odd.yaml"), "{broken}");
    Ok(server)
}

async fn tenants(server: &TestServer) -> anyhow::Result<serde_json::Value> {
    server.command(&tenon_server::Command::TenantList).await.context("a list of tenants")
}
