//! Computed fields of a plugin: made anew where what they are made of changes, nobody else's to write, and no save fails by them.

use serde_json::{Value, json};
use tenon_server::ServeConfig;
use tenon_tests::{Tenant, TestServer};

use super::house::{Courier, install, trusting};

const MANIFEST: &str = "platform: \">=0.1 <2.0\"
requires: { crm: \"^1.0\" }
settings: { days: { type: integer } }
grants:
  records:
    tag: { read: [name], write: [name] }
    account: { read: [name, employee_count, courier_size], write: [courier_size, courier_odd] }
  http:
    shop: { host: \"127.0.0.1:9\", methods: [GET, POST], paths: [\"/v1/*\"] }
    closed: { host: \"127.0.0.1:9\", methods: [GET], paths: [\"/v1/*\"] }
  secrets:
    shop_key: { use: [hmac, verify] }
    api_key: { for: shop, header: Authorization }
";
const FIELDS: &str = "format: tenon/v1
object: account
fields:
  courier_size: { type: text, max: 50, label: { en: Size, zh: 规模 } }
  courier_odd: { type: text, max: 200, label: { en: Odd, zh: 其他 } }
";

fn patient(config: &mut ServeConfig) {
    trusting(config);
    config.plugin_budgets.faults_per_minute = usize::MAX;
    config.plugin_budgets.computed.wall = std::time::Duration::from_secs(120);
}

const CREATE: &str = "mutation($input: CreateAccountInput!) { createAccount(input: $input) { id courierSize courierOdd } }";
const UPDATE: &str = "mutation($id: ID!, $input: UpdateAccountInput!) { updateAccount(id: $id, input: $input) { courierSize courierOdd } }";

async fn created(tenant: &Tenant, input: Value) -> anyhow::Result<Value> {
    Ok(tenant.data(CREATE, json!({ "input": input })).await?["createAccount"].clone())
}

async fn updated(tenant: &Tenant, id: &Value, input: Value) -> anyhow::Result<Value> {
    Ok(tenant.data(UPDATE, json!({ "id": id, "input": input })).await?["updateAccount"].clone())
}

async fn calls(tenant: &Tenant) -> anyhow::Result<Value> {
    let all = tenant.metadata("{ packages { name usage { calls } } }", json!({})).await?;
    let own = all["packages"].as_array().into_iter().flatten().find(|one| one["name"] == "courier").cloned();
    Ok(own.unwrap_or_default()["usage"]["calls"].clone())
}

pub(super) async fn computed(courier: Courier, server: TestServer, tenant: Tenant, other: Tenant) -> anyhow::Result<TestServer> {
    let server = server.restart(&[], patient).await?;
    let (tenant, other) = (server.serve(&tenant), server.serve(&other));
    let before = tenant.data("mutation { createAccount(input: { name: \"Old\", employeeCount: 7 }) { id } }", json!({})).await?;
    let mut package = courier.package("1.0.0", MANIFEST)?;
    package.text("objects/account/object.yaml", FIELDS);
    install(&tenant, package.signed()).await?;
    anew(&tenant).await?;
    never_in_the_way(&tenant).await?;
    for_who_may_not_see_it(&tenant).await?;
    // What was there before gets its own with its next change of what it is made of.
    let old = &before["createAccount"]["id"];
    let read = tenant.data("query($id: ID!) { account(id: $id) { courierSize } }", json!({ "id": old })).await?;
    assert_eq!(read["account"]["courierSize"], Value::Null);
    assert_eq!(updated(&tenant, old, json!({ "employeeCount": 8 })).await?["courierSize"], "small");
    let elsewhere = other.post("graphql", &json!({ "query": "{ accounts { nodes { courierSize } } }" }), &[]).await?.json()?;
    assert_eq!(elsewhere["errors"][0]["extensions"]["code"], "INVALID", "another tenant has no such field");
    Ok(server)
}

async fn anew(tenant: &Tenant) -> anyhow::Result<()> {
    // One is made of another before it; what was not granted is not seen.
    let works = created(tenant, json!({ "name": "Works", "employeeCount": 120, "website": "https://works.example" })).await?;
    assert_eq!((&works["courierSize"], &works["courierOdd"]), (&json!("large"), &json!("large, nowhere")));
    let id = &works["id"];
    assert_eq!(
        updated(tenant, id, json!({ "employeeCount": 7 })).await?,
        json!({ "courierSize": "small", "courierOdd": "small, nowhere" })
    );
    // Nobody asks about what it is not made of.
    let asked = calls(tenant).await?;
    updated(tenant, id, json!({ "industry": null, "shortName": "W" })).await?;
    assert_eq!(calls(tenant).await?, asked);
    // Who writes it writes nothing.
    assert_eq!(updated(tenant, id, json!({ "courierSize": "mine" })).await?["courierSize"], "small");
    let found = tenant.data("{ accounts(filter: { courierSize: { eq: \"small\" } }) { nodes { name } } }", json!({})).await?;
    assert_eq!(found["accounts"]["nodes"], json!([{ "name": "Works" }]), "it is stored as any field");
    assert_eq!(updated(tenant, id, json!({ "employeeCount": null })).await?["courierSize"], Value::Null);
    Ok(())
}

/// A field that cannot be computed is empty, and all else is as it would be.
async fn never_in_the_way(tenant: &Tenant) -> anyhow::Result<()> {
    for how in ["panic", "read", "write", "misfit", "decline", "loop"] {
        let made = created(tenant, json!({ "name": how, "employeeCount": 7 })).await?;
        assert_eq!((&made["courierSize"], &made["courierOdd"]), (&json!("small"), &Value::Null), "{how}");
    }
    let document = "mutation { createAccounts(inputs: [{ name: \"a\", employeeCount: 1 }, { name: \"decline\" }, { name: \"b\" }]) {
        created nodes { courierSize courierOdd } } }";
    let many = tenant.data(document, json!({})).await?["createAccounts"].clone();
    let (first, second, third) = (json!("small, nowhere"), Value::Null, json!("no size, nowhere"));
    let odd: Vec<&Value> = many["nodes"].as_array().into_iter().flatten().map(|node| &node["courierOdd"]).collect();
    assert_eq!((&many["created"], odd), (&json!(3), vec![&first, &second, &third]), "{many}");
    let told = tenant.metadata("{ packages { name logs { message } } }", json!({})).await?.to_string();
    assert!(told.contains("not today") && told.contains("limit `fuel`") && told.contains("limit `phase`"), "{told}");
    let tags = tenant.data("{ tags { nodes { name } } }", json!({})).await?;
    assert_eq!(tags["tags"]["nodes"], json!([]), "nothing was written");
    Ok(())
}

/// Computed with the package's rights, whoever saves; shown by the rights of who reads.
async fn for_who_may_not_see_it(tenant: &Tenant) -> anyhow::Result<()> {
    let roles = [
        ("roles/counter.yaml", "format: tenon/v1\nrole: counter\nlabel: { en: Counter, zh: 点数员 }\n"),
        (
            "objects/account/access.yaml",
            "format: tenon/v1\nobject: account\nroles:\n  \
         counter: { can: [create, read, update], fields: { name: write, employee_count: write } }\n",
        ),
    ];
    tenant.apply(&roles.map(|(path, text)| (path.to_owned(), text.to_owned()))).await?;
    let counter = tenant.with_roles(&["counter"]).await?;
    let made = counter.data("mutation { createAccount(input: { name: \"Counted\", employeeCount: 120 }) { id } }", json!({})).await?;
    let id = &made["createAccount"]["id"];
    for document in [
        "{ accounts { nodes { courierSize } } }".to_owned(),
        "{ accounts(filter: { courierSize: { eq: \"large\" } }) { nodes { name } } }".to_owned(),
        format!("mutation {{ updateAccount(id: {id}, input: {{ courierSize: \"mine\" }}) {{ id }} }}"),
    ] {
        let answer = counter.post("graphql", &json!({ "query": document }), &[]).await?.json()?;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID", "{document}: {answer}");
    }
    let read = "query($id: ID!) { account(id: $id) { courierSize courierOdd } }";
    let all = tenant.data(read, json!({ "id": id })).await?["account"].clone();
    assert_eq!(all, json!({ "courierSize": "large", "courierOdd": "large, nowhere" }));
    let change = "mutation($id: ID!) { updateAccount(id: $id, input: { employeeCount: 7 }) { name } }";
    counter.data(change, json!({ "id": id })).await?;
    assert_eq!(tenant.data(read, json!({ "id": id })).await?["account"]["courierSize"], "small");
    Ok(())
}
