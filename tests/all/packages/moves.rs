//! The life of a package with its plugin in it: told when it is installed, it moves its data when it is upgraded, and is told when
//! it goes. What it does not say well to is not done.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tenon_server::ServeConfig;
use tenon_tests::{Tenant, TestServer};

use super::house::{Package, rule, trusting, upload};

/// How long a job may take in a test.
pub(super) const PATIENCE: Duration = Duration::from_secs(240);
const HOURS: &str = "  hours: { type: integer, label: { en: Hours, zh: 小时 } }\n";
const MINUTES: &str = "  minutes: { type: integer, label: { en: Minutes, zh: 分钟 } }\n";
const DECIMAL: &str = "  hours: { type: decimal, scale: 2, label: { en: Hours, zh: 小时 } }\n";

fn patient(config: &mut ServeConfig) {
    trusting(config);
    config.plugin_budgets.faults_per_minute = usize::MAX;
    config.plugin_budgets.job.wall = Duration::from_secs(120);
    config.plugin_budgets.tree_wall = Duration::from_secs(120);
}

/// `tests/plugins/guests/src/mover.rs`: this version, what is wrong with it, what things have.
fn mover(version: &str, mode: &str, fields: &[&str]) -> anyhow::Result<Vec<u8>> {
    let grants = format!(
        "platform: \">=0.1 <2.0\"\nrequires: {{ crm: \"^1.0\" }}\nsettings: {{ mode: {{ type: text, default: \"{mode}\" }} }}\n\
         grants:\n  records: {{ mover_thing: {{ read: \"*\", write: \"*\" }} }}\n  \
         http: {{ shop: {{ host: \"127.0.0.1:9\", methods: [GET], paths: [\"/v1/*\"] }} }}\n"
    );
    let mut package = Package::of_plugin("mover", version, &grants)?;
    package.text(
        "objects/mover_thing/object.yaml",
        &format!(
            "format: tenon/v1\nobject: mover_thing\nlabel: {{ en: Thing, zh: 物件 }}\nfields:\n  \
             name: {{ type: text, required: true, max: 100, label: {{ en: Name, zh: 名称 }} }}\n  \
             seen: {{ type: datetime, label: {{ en: Seen, zh: 已见 }} }}\n{}",
            fields.concat()
        ),
    );
    Ok(package.signed())
}

/// Uploads a version and asks for it, with everything consented to: the answer, errors or not.
async fn put(tenant: &Tenant, file: Vec<u8>) -> anyhow::Result<Value> {
    let uploaded = upload(tenant, file).await?;
    ensure!(uploaded.status == 201, "{}", String::from_utf8_lossy(&uploaded.body));
    again(tenant, uploaded.json()?["version"].as_str().unwrap_or_default()).await
}

/// Asks for a version that was uploaded.
async fn again(tenant: &Tenant, version: &str) -> anyhow::Result<Value> {
    let planning = format!(
        "mutation {{ planPackage(package: \"mover\", version: \"{version}\") {{ grants {{ key }} metadata {{ operations {{ path }} }} }} }}"
    );
    let plan = tenant.metadata(&planning, json!({})).await?["planPackage"].clone();
    let list = |value: &Value, key: &str| value.as_array().into_iter().flatten().map(|one| one[key].clone()).collect::<Vec<_>>();
    let installing = "mutation ($version: String!, $grants: [String!]!, $confirm: [String!]!) {
        installPackage(package: \"mover\", version: $version, grants: $grants, confirm: $confirm) { version moves } }";
    let grants = list(&plan["grants"], "key");
    let variables = json!({ "version": version, "grants": grants, "confirm": list(&plan["metadata"]["operations"], "path") });
    tenant.post("metadata", &json!({ "query": installing, "variables": variables }), &[]).await?.json()
}

/// The job that an upgrade has left.
fn moves(answer: &Value) -> anyhow::Result<String> {
    let job = answer["data"]["installPackage"]["moves"].as_str();
    Ok(job.with_context(|| format!("no job: {answer}"))?.to_owned())
}

/// A job once it has ended.
pub(super) async fn ended(tenant: &Tenant, job: &str) -> anyhow::Result<Value> {
    let began = Instant::now();
    loop {
        let job = tenant.request("GET", &format!("jobs/{job}")).send(tenant.address).await?.json()?;
        if ["DONE", "FAILED", "CANCELLED"].iter().any(|state| job["state"] == *state) {
            return Ok(job);
        }
        ensure!(began.elapsed() < PATIENCE, "it stays {job}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn things(tenant: &Tenant, filter: &str) -> anyhow::Result<Value> {
    let counting = format!("{{ moverThings(filter: {{ {filter} }}) {{ totalCount {{ value }} }} }}");
    Ok(tenant.data(&counting, json!({})).await?["moverThings"]["totalCount"]["value"].clone())
}

/// Makes things of one, two, three … hours.
async fn make(tenant: &Tenant, count: usize, name: &str) -> anyhow::Result<()> {
    let inputs: Vec<Value> = (1..=count).map(|hours| json!({ "name": format!("{name} {hours:03}"), "hours": hours % 9 })).collect();
    let making = "mutation ($inputs: [CreateMoverThingInput!]!) { createMoverThings(inputs: $inputs) { created } }";
    tenant.data(making, json!({ "inputs": inputs })).await.map(drop)
}

async fn state(tenant: &Tenant) -> anyhow::Result<Value> {
    let all = tenant.metadata("{ model { version } packages { name version state } }", json!({})).await?;
    let own = all["packages"].as_array().into_iter().flatten().find(|one| one["name"] == "mover").cloned().unwrap_or_default();
    Ok(json!([all["model"]["version"], own["state"], own["version"]]))
}

async fn set(tenant: &Tenant, mode: &str) -> anyhow::Result<()> {
    let setting = "mutation ($mode: JSON!) { setPackageSetting(package: \"mover\", name: \"mode\", value: $mode) { version } }";
    tenant.metadata(setting, json!({ "mode": mode })).await.map(drop)
}

pub(super) async fn told_and_moved(server: TestServer, tenant: Tenant, other: Tenant) -> anyhow::Result<TestServer> {
    let server = server.restart(&[], patient).await?;
    let (tenant, other) = (server.serve(&tenant), server.serve(&other));
    installs(&tenant).await?;
    upgrades(&tenant).await?;
    portions(&tenant).await?;
    shapes(&tenant).await?;
    goes_back(&tenant).await?;
    goes(&tenant).await?;
    let unknown = other.post("graphql", &json!({ "query": "{ moverThings { nodes { id } } }" }), &[]).await?.json()?;
    assert_eq!(rule(&unknown), "graphql/validation");
    Ok(server)
}

/// What does not install well is not there, and neither is what it wrote.
async fn installs(tenant: &Tenant) -> anyhow::Result<()> {
    let model = state(tenant).await?[0].clone();
    for (version, mode, code, said) in [
        ("1.0.1", "refuse_install", "REFUSED", "MOVER"),
        ("1.0.2", "break_install", "PLUGIN_FAULT", ""),
        ("1.0.3", "call_out", "PLUGIN_FAULT", ""),
    ] {
        let answer = put(tenant, mover(version, mode, &[HOURS])?).await?;
        let error = &answer["errors"][0];
        assert_eq!((&error["extensions"]["code"], rule(&answer)), (&json!(code), said), "{mode}: {answer}");
        assert_eq!((&error["path"], &error["extensions"]["moment"]), (&json!(["installPackage"]), &json!("install")), "{answer}");
        assert_eq!(state(tenant).await?, json!([model, "uploaded", version]), "{mode}");
        let unknown = tenant.post("graphql", &json!({ "query": "{ moverThings { nodes { id } } }" }), &[]).await?.json()?;
        assert_eq!(rule(&unknown), "graphql/validation", "{mode}: {unknown}");
    }
    let done = put(tenant, mover("1.0.4", "", &[HOURS])?).await?;
    assert_eq!((&done["errors"], &done["data"]["installPackage"]["moves"]), (&Value::Null, &Value::Null), "{done}");
    let read = tenant.data("{ moverThings { nodes { name seen createdBy { kind display } } } }", json!({})).await?;
    let seed = &read["moverThings"]["nodes"][0];
    assert_eq!((&seed["name"], &seed["createdBy"]), (&json!("seed"), &json!({ "kind": "PLUGIN", "display": "mover" })), "{read}");
    assert!(seed["seen"].is_string(), "its own hooks are asked about it: {read}");
    Ok(())
}

/// What cannot be moved at once is not upgraded; what can is, in the same transaction.
async fn upgrades(tenant: &Tenant) -> anyhow::Result<()> {
    make(tenant, 3, "small").await?;
    let before = state(tenant).await?;
    for (version, mode, code) in [("1.1.0", "refuse_upgrade", "REFUSED"), ("1.1.1", "break_upgrade", "PLUGIN_FAULT")] {
        let answer = put(tenant, mover(version, mode, &[HOURS, MINUTES])?).await?;
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!((&extensions["code"], &extensions["moment"]), (&json!(code), &json!("upgrade")), "{answer}");
        assert_eq!(state(tenant).await?, before, "{mode}");
        let unknown = tenant.post("graphql", &json!({ "query": "{ moverThings { nodes { minutes } } }" }), &[]).await?.json()?;
        assert_eq!(rule(&unknown), "graphql/validation", "{mode}: {unknown}");
    }
    tenant.metadata("mutation { disablePackage(package: \"mover\") { version } }", json!({})).await?;
    let off = put(tenant, mover("1.1.2", "", &[HOURS, MINUTES])?).await?;
    assert_eq!(rule(&off), "package/switched-off", "{off}");
    tenant.metadata("mutation { enablePackage(package: \"mover\") { version } }", json!({})).await?;
    let done = again(tenant, "1.1.2").await?;
    assert_eq!((&done["errors"], &done["data"]["installPackage"]["moves"]), (&Value::Null, &Value::Null), "{done}");
    let read = tenant.data("{ moverThings(orderBy: [{ name: ASC }]) { nodes { name hours minutes } } }", json!({})).await?;
    let thing = |name: &str, hours: Value, minutes: i64| json!({ "name": name, "hours": hours, "minutes": minutes });
    let expected = [
        thing("seed", Value::Null, 0),
        thing("small 001", json!(1), 60),
        thing("small 002", json!(2), 120),
        thing("small 003", json!(3), 180),
    ];
    assert_eq!(read["moverThings"]["nodes"], json!(expected));
    Ok(())
}

/// What does not fit into one step goes on as a job; until it has ended well there is no further upgrade.
async fn portions(tenant: &Tenant) -> anyhow::Result<()> {
    make(tenant, 250, "large").await?;
    let job = moves(&put(tenant, mover("1.1.3", "refuse_later", &[HOURS, MINUTES])?).await?)?;
    let failed = ended(tenant, &job).await?;
    assert_eq!((&failed["state"], &failed["error"]["rule"]), (&json!("FAILED"), &json!("MOVER")), "{failed}");
    assert_eq!(things(tenant, "minutes: { isNull: true }").await?, json!(150), "the first step was part of the upgrade");
    let early = put(tenant, mover("1.1.4", "", &[HOURS, MINUTES])?).await?;
    let told = early["errors"][0]["message"].as_str().unwrap_or_default();
    assert!(rule(&early) == "package/moving" && told.contains(&job), "{early}");
    set(tenant, "well").await?;
    let retried = tenant.request("POST", &format!("jobs/{job}/retry")).send(tenant.address).await?;
    assert!(retried.status < 300, "{}", retried.status);
    let done = ended(tenant, &job).await?;
    assert_eq!((&done["state"], &done["done"]), (&json!("DONE"), &json!(2)), "two steps beside the first: {done}");
    assert_eq!(things(tenant, "minutes: { isNull: true }").await?, json!(0));
    let wrong = "name: { eq: \"large 250\" }, minutes: { ne: 420 }";
    assert_eq!(things(tenant, wrong).await?, json!(0), "250 is 7 above a multiple of 9");
    let done = again(tenant, "1.1.4").await?;
    assert_eq!(done["errors"], Value::Null, "{done}");
    Ok(())
}

/// An upgrade with a change of shape in it moves its data after that.
async fn shapes(tenant: &Tenant) -> anyhow::Result<()> {
    make(tenant, 2, "shaped").await?;
    let job = moves(&put(tenant, mover("1.2.0", "", &[DECIMAL, MINUTES])?).await?)?;
    let done = ended(tenant, &job).await?;
    assert_eq!((&done["state"], &done["done"]), (&json!("DONE"), &json!(1)), "all of it came after: {done}");
    let read = tenant.data("{ moverThings(filter: { name: { eq: \"shaped 002\" } }) { nodes { hours minutes } } }", json!({})).await?;
    assert_eq!(read["moverThings"]["nodes"], json!([{ "hours": "2.00", "minutes": 120 }]));
    Ok(())
}

/// A rollback calls off what is still to be moved.
async fn goes_back(tenant: &Tenant) -> anyhow::Result<()> {
    make(tenant, 101, "back").await?;
    set(tenant, "refuse_later").await?;
    let job = moves(&put(tenant, mover("1.2.1", "", &[DECIMAL, MINUTES])?).await?)?;
    assert_eq!(ended(tenant, &job).await?["state"], "FAILED");
    let back = "mutation { rollbackPackage(package: \"mover\") { version } }";
    tenant.metadata(back, json!({})).await?;
    assert_eq!(ended(tenant, &job).await?["state"], "CANCELLED");
    assert_eq!((&state(tenant).await?[2], things(tenant, "minutes: { isNull: true }").await?), (&json!("1.2.0"), json!(1)));
    set(tenant, "well").await?;
    let done = again(tenant, "1.2.1").await?;
    assert_eq!((&done["errors"], things(tenant, "minutes: { isNull: true }").await?), (&Value::Null, json!(0)), "{done}");
    Ok(())
}

/// Told that it goes, it goes; kept records are moved when a newer version is installed over them.
async fn goes(tenant: &Tenant) -> anyhow::Result<()> {
    set(tenant, "stay").await?;
    let gone = "mutation { uninstallPackage(package: \"mover\") { version } }";
    tenant.metadata(gone, json!({})).await?;
    assert_eq!((&state(tenant).await?[1], things(tenant, "name: { eq: \"farewell\" }").await?), (&json!("kept"), json!(0)));
    let trail = tenant.metadata("{ audit(filter: { kinds: [\"package_changed\"] }, first: 100) { nodes { facts } } }", json!({})).await?;
    let facts = |one: &Value| one["facts"]["moment"] == "uninstall" && one["facts"]["message"] == "do not leave me";
    assert!(trail["audit"]["nodes"].as_array().into_iter().flatten().any(facts), "{trail}");

    make(tenant, 1, "kept").await?;
    let done = put(tenant, mover("1.2.2", "well", &[DECIMAL, MINUTES])?).await?;
    assert_eq!(done["errors"], Value::Null, "{done}");
    assert_eq!((things(tenant, "name: { eq: \"seed\" }").await?, things(tenant, "minutes: { isNull: true }").await?), (json!(2), json!(0)));
    set(tenant, "well").await?;
    tenant.metadata(gone, json!({})).await?;
    assert_eq!(things(tenant, "name: { eq: \"farewell\" }").await?, json!(1));
    Ok(())
}
