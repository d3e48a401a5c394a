//! Queries of a plugin: they read as their caller within the grant, do nothing else, and fail alone.

use serde_json::{Value, json};
use tenon_server::ServeConfig;
use tenon_tests::{Tenant, TestServer};

use super::house::{Courier, install, trusting};

const MANIFEST: &str = "settings: { days: { type: integer } }
grants:
  records: { tag: { read: [name], write: [name] }, account: { read: [name] } }
  http:
    shop: { host: \"127.0.0.1:9\", methods: [GET, POST], paths: [\"/v1/*\"] }
    closed: { host: \"127.0.0.1:9\", methods: [GET], paths: [\"/v1/*\"] }
  secrets:
    shop_key: { use: [hmac, verify] }
    api_key: { for: shop, header: Authorization }
";

fn patient(config: &mut ServeConfig) {
    trusting(config);
    config.plugin_budgets.faults_per_minute = usize::MAX;
    config.plugin_budgets.query.wall = std::time::Duration::from_secs(120);
    config.plugin_budgets.tree_wall = std::time::Duration::from_secs(120);
    config.plugin_budgets.query.fuel = 200_000_000;
}

/// The answer to a document, errors and all.
async fn asked(tenant: &Tenant, document: &str) -> anyhow::Result<Value> {
    tenant.post("graphql", &json!({ "query": document }), &[]).await?.json()
}

pub(super) async fn answered(courier: Courier, server: TestServer, tenant: Tenant, other: Tenant) -> anyhow::Result<TestServer> {
    let server = server.restart(&[], patient).await?;
    let (tenant, other) = (server.serve(&tenant), server.serve(&other));
    install(&tenant, courier.package("1.0.0", MANIFEST)?.signed()).await?;
    for name in ["alpha", "alps", "beta"] {
        tenant.data("mutation($name: String!) { createTag(input: { name: $name }) { id } }", json!({ "name": name })).await?;
    }
    beside_others(&tenant).await?;
    as_their_caller(&tenant).await?;
    alone(&tenant).await?;
    refused_before(&tenant).await?;
    let unknown = asked(&other, "{ courierTagged(input: { starts: \"al\" }) { total } }").await?;
    assert_eq!(unknown["errors"][0]["extensions"]["code"], "INVALID", "another tenant has no such query: {unknown}");
    let names = tenant.data("{ tags(orderBy: { name: ASC }) { nodes { name } } }", json!({})).await?;
    assert_eq!(names["tags"]["nodes"], json!([{ "name": "alpha" }, { "name": "alps" }, { "name": "beta" }]), "nothing was written");
    Ok(server)
}

/// They stand in a document like any root field, under any key, and by GET.
async fn beside_others(tenant: &Tenant) -> anyhow::Result<()> {
    let document = "{ a: courierTagged(input: { starts: \"al\" }) { names total __typename } me { kind }
        b: courierTagged(input: { starts: \"be\" }) { n: total } courierAstray(input: { how: \"well\" }) { said } }";
    let data = tenant.data(document, json!({})).await?;
    assert_eq!(data["a"], json!({ "names": ["alpha", "alps"], "total": 2, "__typename": "CourierTaggedResult" }));
    assert_eq!((&data["b"], &data["courierAstray"]), (&json!({ "n": 1 }), &json!({ "said": "well" })));
    let path = format!("/t/{}/graphql?query=%7BcourierAstray(input:%7Bhow:%22got%22%7D)%7Bsaid%7D%7D", tenant.name);
    let got = tenon_tests::Request::new("GET", path).header("authorization", format!("Bearer {}", tenant.key)).send(tenant.address).await?;
    assert_eq!(got.json()?["data"], json!({ "courierAstray": { "said": "got" } }));
    Ok(())
}

/// What its caller may not see it does not find for him, and what it was not granted it does not find for anybody.
async fn as_their_caller(tenant: &Tenant) -> anyhow::Result<()> {
    let made = tenant
        .data(
            "mutation { createAccount(input: { name: \"Works\", employeeCount: 7 }) { id }
        createOpportunity(input: { name: \"Deal\" }) { id } }",
            json!({}),
        )
        .await?;
    let document = "query($object: String!, $id: ID!) { courierPeek(input: { object: $object, id: $id }) { said } }";
    let rep = tenant.with_roles(&["sales_rep"]).await?;
    let lowest = tenant.with_roles(&["employee"]).await?;
    for (who, object, field, said) in [
        (tenant, "account", "createAccount", "Works false"),
        (tenant, "opportunity", "createOpportunity", "nothing"),
        (&rep, "account", "createAccount", "nothing"),
        (&lowest, "account", "createAccount", "nothing"),
    ] {
        let data = who.data(document, json!({ "object": object, "id": made[field]["id"] })).await?;
        // Who sees some records of an object finds nothing, who sees none is told that there is no such object.
        let found = data["courierPeek"]["said"].as_str().unwrap_or_default();
        assert_eq!(found.replace("NOT_FOUND", "nothing"), said, "{object} of {:?}", who.name);
    }
    Ok(())
}

/// A query that refuses, fails, or does what it must not is null, and the rest of the document is answered.
async fn alone(tenant: &Tenant) -> anyhow::Result<()> {
    for (how, code, limit) in [
        ("write", "PLUGIN_FAULT", json!("phase")),
        ("lock", "PLUGIN_FAULT", json!("phase")),
        ("keep", "PLUGIN_FAULT", json!("phase")),
        ("leave", "PLUGIN_FAULT", json!("phase")),
        ("call", "PLUGIN_FAULT", json!("phase")),
        ("panic", "PLUGIN_FAULT", Value::Null),
        ("loop", "PLUGIN_FAULT", json!("fuel")),
        ("undeclared", "PLUGIN_FAULT", Value::Null),
        ("misfit", "PLUGIN_FAULT", Value::Null),
        ("refuse", "REFUSED", Value::Null),
    ] {
        let answer =
            asked(tenant, &format!("{{ it: courierAstray(input: {{ how: \"{how}\" }}) {{ said }} tags {{ nodes {{ name }} }} }}")).await?;
        let error = &answer["errors"][0];
        let extensions = &error["extensions"];
        assert_eq!((&answer["data"]["it"], &error["path"]), (&Value::Null, &json!(["it"])), "{how}: {answer}");
        assert_eq!((&extensions["code"], &extensions["limit"]), (&json!(code), &limit), "{how}: {answer}");
        assert_eq!(answer["data"]["tags"]["nodes"].as_array().map(Vec::len), Some(3), "{how}: {answer}");
        assert!(!answer.to_string().contains("own secret"), "{answer}");
    }
    let answer = asked(tenant, "{ courierAstray(input: { how: \"refuse\" }) { said } }").await?;
    let error = &answer["errors"][0];
    assert_eq!((&error["message"], &error["extensions"]["rule"]), (&json!("not today"), &json!("NOT_TODAY")), "{answer}");
    Ok(())
}

/// What is given is checked before anybody is asked; and it is no mutation.
async fn refused_before(tenant: &Tenant) -> anyhow::Result<()> {
    for document in [
        "{ courierPeek(input: { object: \"tag\", id: \"7\" }) { said } }",
        "{ courierAstray(input: { how: null }) { said } }",
        "{ courierAstray { said } }",
        "{ courierAstray(input: { how: \"a\", other: 1 }) { said } }",
        "{ courierAstray(input: { how: \"a\" }) { secret } }",
        "mutation { courierAstray(input: { how: \"a\" }) { said } }",
        "{ courierAsk(input: { what: \"setting\" }) { said } }",
    ] {
        let answer = asked(tenant, document).await?;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID", "{document}: {answer}");
    }
    Ok(())
}
