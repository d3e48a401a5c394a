//! A version tried on a share of the callers: who has it, what is told of it, how it ends, and what is no matter for a trial.
//!
//! Who is on which side is found by asking, never by the rule that decides it.

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tenon_tests::{Tenant, TestServer};

use super::dealers::file as dealer;
use super::house::{Package, ask, install, put, rule, trusting, upload};

/// What `hello` 1.0.0 fills in for a deal that gets its proposal, and what 1.1.0 does.
const FORMER: &str = "follow up on the proposal";
const NEWER: &str = "write up the proposal now";
/// People who are asked at most until both sides are found: of a half that one side is missing has odds of 2 to the 39th.
const PEOPLE: usize = 40;
/// Faults within a minute after which a version is left alone.
const FAULTS: usize = 5;

/// `hello`, with some of its own words in the place of others of the same length.
fn reworded(version: &str, old: &str, new: &str) -> anyhow::Result<Package> {
    let manifest = "requires: { crm: \"^1.0\" }\ngrants: { records: { opportunity: { read: [stage, close_date], write: [next_step] } } }\n";
    let mut package = Package::of_plugin("hello", version, manifest)?;
    let component = package.files.get_mut("plugin.wasm").context("a component")?;
    let at = component.windows(old.len()).position(|window| window == old.as_bytes()).context("its words")?;
    ensure!(old.len() == new.len(), "the words differ in length");
    component[at..at + old.len()].copy_from_slice(new.as_bytes());
    Ok(package)
}

/// 1.1.0: other words, and a field more.
fn newer() -> anyhow::Result<Package> {
    let mut package = reworded("1.1.0", FORMER, NEWER)?;
    package.text(
        "objects/opportunity/object.yaml",
        "format: tenon/v1\nobject: opportunity\nfields:\n  hello_mood: { type: text, max: 50, label: { en: Mood, zh: 心情 } }\n",
    );
    Ok(package)
}

/// Who is answered by which version, for as long as one is tried.
struct Sides {
    newer: Tenant,
    former: Tenant,
}

/// What a deal of this caller says is next, or the code of why it was not saved.
async fn next(caller: &Tenant) -> anyhow::Result<String> {
    let document = r#"mutation { createOpportunity(input: { name: "Deal", stage: PROPOSAL }) { nextStep } }"#;
    let answer = caller.post("graphql", &json!({ "query": document }), &[]).await?.json()?;
    let code = answer["errors"][0]["extensions"]["code"].as_str();
    let said = answer["data"]["createOpportunity"]["nextStep"].as_str();
    Ok(code.or(said).with_context(|| format!("neither saved nor refused: {answer}"))?.to_owned())
}

/// Somebody of the lowest role, signed in.
async fn person(tenant: &Tenant, login: &str) -> anyhow::Result<Tenant> {
    let member = tenant.member(&format!("{login}@mail.example"), &["sales_rep"]).await?;
    Ok(Tenant { cookie: Some(member.cookie), ..tenant.clone() })
}

/// Finds somebody on each side, among people of the lowest role.
async fn sides(tenant: &Tenant, newer: &str) -> anyhow::Result<Sides> {
    let (mut of_newer, mut of_former) = (None, None);
    for number in 0..PEOPLE {
        let person = person(tenant, &format!("first-{number}")).await?;
        match next(&person).await? {
            said if said == newer => of_newer = Some(person),
            said if said == FORMER => of_former = Some(person),
            said => anyhow::bail!("neither version says `{said}`"),
        }
        if let (Some(newer), Some(former)) = (&of_newer, &of_former) {
            return Ok(Sides { newer: newer.clone(), former: former.clone() });
        }
    }
    anyhow::bail!("all of {PEOPLE} are on one side")
}

/// A package as it is listed.
async fn hello(tenant: &Tenant) -> anyhow::Result<Value> {
    let list = "{ packages { name version previous state grants { key } canary { percent versions { version health { state } usage { calls faults } } }
        failures { version } logs { level version } } }";
    let listed = tenant.metadata(list, json!({})).await?;
    let found = listed["packages"].as_array().into_iter().flatten().find(|one| one["name"] == "hello").cloned();
    found.context("the package is listed")
}

/// Installs an uploaded version for a share.
async fn try_out(tenant: &Tenant, version: &str, share: i64) -> anyhow::Result<Value> {
    ask(tenant, &format!("mutation {{ installPackage(package: \"hello\", version: \"{version}\", canary: {share}) {{ package }} }}")).await
}

pub(super) async fn tried(server: TestServer, tenant: Tenant, other: Tenant) -> anyhow::Result<TestServer> {
    for one in [&tenant, &other] {
        install(one, Package::hello("1.0.0")?.signed()).await?;
    }
    assert_eq!(upload(&tenant, newer()?.signed()).await?.status, 201);
    refused(&tenant).await?;
    let sides = begun(&tenant, &other).await?;
    // It is as it was after a restart, for the same people.
    let server = server.restart(&[], trusting).await?;
    let (tenant, other) = (server.serve(&tenant), server.serve(&other));
    let sides = Sides { newer: server.serve(&sides.newer), former: server.serve(&sides.former) };
    ended(&tenant, &sides).await?;
    broken(&tenant).await?;
    assert_eq!(next(&other).await?, FORMER, "another tenant has what it had");
    assert_eq!(hello(&other).await?["version"], "1.0.0");
    not_additive(&tenant).await?;
    Ok(server)
}

/// Who may not, no share, nothing to promote.
async fn refused(tenant: &Tenant) -> anyhow::Result<()> {
    let rep = person(tenant, "rep").await?;
    for document in [
        "mutation { installPackage(package: \"hello\", version: \"1.1.0\", canary: 50) { package } }",
        "mutation { promotePackage(package: \"hello\") { package } }",
    ] {
        let answer = ask(&rep, document).await?;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{document}: {answer}");
    }
    for share in [0, 100, -1, 1_000] {
        assert_eq!(rule(&try_out(tenant, "1.1.0", share).await?), "package/canary-share", "{share}");
    }
    assert_eq!(rule(&try_out(tenant, "1.0.0", 50).await?), "package/canary-steps", "a version beside itself");
    let promoted = ask(tenant, "mutation { promotePackage(package: \"hello\") { package } }").await?;
    assert_eq!(rule(&promoted), "package/no-canary", "{promoted}");
    assert_eq!(next(tenant).await?, FORMER);
    Ok(())
}

/// A half of the people has the new code, all have the new field, and both versions are told of.
async fn begun(tenant: &Tenant, other: &Tenant) -> anyhow::Result<Sides> {
    let begun = try_out(tenant, "1.1.0", 50).await?;
    assert_eq!(begun["errors"], Value::Null, "{begun}");
    let sides = sides(tenant, NEWER).await?;
    for _ in 0..3 {
        assert_eq!(next(&sides.newer).await?, NEWER);
        assert_eq!(next(&sides.former).await?, FORMER);
    }
    assert_eq!(next(other).await?, FORMER);
    let made =
        tenant.data(r#"mutation { createOpportunity(input: { name: "Pump", helloMood: "sunny" }) { helloMood } }"#, json!({})).await?;
    assert_eq!(made["createOpportunity"]["helloMood"], "sunny", "what it brings is there for all");
    let listed = hello(tenant).await?;
    assert_eq!((&listed["version"], &listed["previous"], &listed["canary"]["percent"]), (&json!("1.1.0"), &json!("1.0.0"), &json!(50)));
    let versions = listed["canary"]["versions"].as_array().cloned().unwrap_or_default();
    let told: Vec<_> = versions.iter().map(|one| (&one["version"], &one["health"]["state"], &one["usage"]["faults"])).collect();
    assert_eq!(told, [(&json!("1.1.0"), &json!("well"), &json!(0)), (&json!("1.0.0"), &json!("well"), &json!(0))]);
    assert!(versions.iter().all(|one| one["usage"]["calls"].as_i64().is_some_and(|calls| calls >= 4)), "{listed}");
    assert_eq!(hello(&sides.newer).await?["canary"], Value::Null, "who may not install does not see it");

    // One trial at a time.
    assert_eq!(upload(tenant, Package::hello("1.2.0")?.signed()).await?.status, 201);
    for document in [
        "mutation { installPackage(package: \"hello\", version: \"1.2.0\") { package } }",
        "mutation { installPackage(package: \"hello\", version: \"1.2.0\", canary: 10) { package } }",
        "mutation { installPackage(package: \"hello\", version: \"1.1.0\") { package } }",
    ] {
        let answer = ask(tenant, document).await?;
        assert_eq!((rule(&answer), &answer["errors"][0]["extensions"]["code"]), ("package/canary", &json!("CONFLICT")), "{document}");
    }
    // Neither of the two versions can be thrown away.
    for version in ["1.0.0", "1.1.0"] {
        let thrown = tenant.request("DELETE", &format!("packages/hello/{version}")).send(tenant.address).await?;
        assert_eq!(thrown.status, 409, "{version}");
    }
    Ok(sides)
}

/// Switched off and on, rolled back, begun again and promoted.
async fn ended(tenant: &Tenant, sides: &Sides) -> anyhow::Result<()> {
    assert_eq!((next(&sides.newer).await?.as_str(), next(&sides.former).await?.as_str()), (NEWER, FORMER), "after a restart");
    let plain = r#"mutation { createOpportunity(input: { name: "Deal", stage: PROPOSAL }) { nextStep } }"#;
    tenant.metadata("mutation { disablePackage(package: \"hello\") { version } }", json!({})).await?;
    for person in [&sides.newer, &sides.former] {
        assert_eq!(person.data(plain, json!({})).await?["createOpportunity"]["nextStep"], Value::Null);
    }
    tenant.metadata("mutation { enablePackage(package: \"hello\") { version } }", json!({})).await?;
    assert_eq!((next(&sides.newer).await?.as_str(), next(&sides.former).await?.as_str()), (NEWER, FORMER), "switched on again");

    let back = "mutation { rollbackPackage(package: \"hello\", confirm: [\"opportunity.fields.hello_mood\"]) { version } }";
    tenant.metadata(back, json!({})).await?;
    for person in [&sides.newer, &sides.former] {
        assert_eq!(next(person).await?, FORMER, "rolled back");
    }
    let listed = hello(tenant).await?;
    assert_eq!((&listed["version"], &listed["canary"]), (&json!("1.0.0"), &Value::Null));

    let again = try_out(tenant, "1.1.0", 50).await?;
    assert_eq!(again["errors"], Value::Null, "{again}");
    assert_eq!((next(&sides.newer).await?.as_str(), next(&sides.former).await?.as_str()), (NEWER, FORMER), "the same people");
    tenant.metadata("mutation { promotePackage(package: \"hello\") { version } }", json!({})).await?;
    for person in [&sides.newer, &sides.former] {
        assert_eq!(next(person).await?, NEWER, "promoted");
    }
    let listed = hello(tenant).await?;
    assert_eq!((&listed["version"], &listed["previous"], &listed["canary"]), (&json!("1.1.0"), &json!("1.0.0"), &Value::Null));
    let trail = tenant.metadata("{ audit(filter: { kinds: [\"package_changed\"] }, first: 100) { nodes { facts } } }", json!({})).await?;
    let facts: Vec<&Value> = trail["audit"]["nodes"].as_array().into_iter().flatten().map(|one| &one["facts"]).collect();
    assert!(facts.iter().any(|one| one["did"] == "upgraded" && one["canary"] == 50), "{facts:?}");
    assert!(facts.iter().any(|one| one["did"] == "promoted" && one["canary"].is_null()), "{facts:?}");
    Ok(())
}

/// A version that fails again and again is left alone, and the one before goes on.
async fn broken(tenant: &Tenant) -> anyhow::Result<()> {
    // It sets a field that there is not.
    let mut failing = reworded("1.3.0", "next_step", "next_stop")?;
    failing.text("objects/opportunity/object.yaml", std::str::from_utf8(&newer()?.files["objects/opportunity/object.yaml"])?);
    assert_eq!(upload(tenant, failing.signed()).await?.status, 201);
    let begun = try_out(tenant, "1.3.0", 50).await?;
    assert_eq!(begun["errors"], Value::Null, "{begun}");
    let (mut failed, mut well) = (None, None);
    for number in 0..PEOPLE {
        let person = person(tenant, &format!("second-{number}")).await?;
        match next(&person).await?.as_str() {
            "PLUGIN_FAULT" => failed = Some(person),
            NEWER => well = Some(person),
            said => anyhow::bail!("neither version says `{said}`"),
        }
        if failed.is_some() && well.is_some() {
            break;
        }
    }
    let (failed, well) = (failed.context("somebody has the new version")?, well.context("somebody has the one before")?);
    for _ in 0..=FAULTS {
        assert_eq!(next(&failed).await?, "PLUGIN_FAULT");
    }
    assert_eq!(next(&well).await?, NEWER);
    let listed = hello(tenant).await?;
    let versions = listed["canary"]["versions"].as_array().cloned().unwrap_or_default();
    let told: Vec<_> = versions.iter().map(|one| (&one["version"], &one["health"]["state"])).collect();
    assert_eq!(told, [(&json!("1.3.0"), &json!("broken")), (&json!("1.1.0"), &json!("well"))], "{listed}");
    assert_eq!((&versions[0]["usage"]["faults"], &versions[1]["usage"]["faults"]), (&json!(FAULTS), &json!(0)), "{listed}");
    let failures = listed["failures"].as_array().cloned().unwrap_or_default();
    assert!(failures.len() == FAULTS && failures.iter().all(|one| one["version"] == "1.3.0"), "{listed}");
    let faults: Vec<&Value> = listed["logs"].as_array().into_iter().flatten().filter(|one| one["level"] == "fault").collect();
    assert!(faults.len() == FAULTS && faults.iter().all(|one| one["version"] == "1.3.0"), "{listed}");
    // Taken out in the middle of its trial, nobody is asked.
    tenant.metadata("mutation { uninstallPackage(package: \"hello\") { version } }", json!({})).await?;
    let plain = r#"mutation { createOpportunity(input: { name: "Deal", stage: PROPOSAL }) { nextStep } }"#;
    for person in [&failed, &well] {
        assert_eq!(person.data(plain, json!({})).await?["createOpportunity"]["nextStep"], Value::Null);
    }
    Ok(())
}

/// An upgrade that retires something is for all or for nobody.
async fn not_additive(tenant: &Tenant) -> anyhow::Result<()> {
    install(tenant, newer_as("1.4.0")?.signed()).await?;
    assert_eq!(upload(tenant, Package::hello("1.5.0")?.signed()).await?.status, 201);
    let retiring = try_out(tenant, "1.5.0", 50).await?;
    let extensions = &retiring["errors"][0]["extensions"];
    assert_eq!((rule(&retiring), &extensions["steps"]), ("package/canary-steps", &json!(["opportunity.fields.hello_mood"])), "{retiring}");
    assert_eq!((&hello(tenant).await?["version"], next(tenant).await?.as_str()), (&json!("1.4.0"), NEWER));
    Ok(())
}

fn newer_as(version: &str) -> anyhow::Result<Package> {
    let mut package = reworded(version, FORMER, NEWER)?;
    package.files.extend(newer()?.files.into_iter().filter(|(path, _)| path.starts_with("objects/")));
    Ok(package)
}

/// An upgrade that moves data is for all or for nobody: `examples/06-an-isv-package`.
pub(super) async fn moving(server: TestServer, tenant: Tenant, _: Tenant) -> anyhow::Result<TestServer> {
    let server = server.restart(&[], super::dealers::trusting).await?;
    let tenant = server.serve(&tenant);
    put(&tenant, dealer("1.0.0")?).await?;
    assert_eq!(upload(&tenant, dealer("1.1.0")?).await?.status, 201);
    let planned = tenant
        .metadata("mutation { planPackage(package: \"dealer\") { grants { key } metadata { operations { path } } } }", json!({}))
        .await?;
    let list = |value: &Value, key: &str| value.as_array().into_iter().flatten().map(|one| one[key].clone()).collect::<Vec<_>>();
    let plan = &planned["planPackage"];
    let document = "mutation ($grants: [String!]!, $confirm: [String!]!) {
        installPackage(package: \"dealer\", grants: $grants, confirm: $confirm, canary: 10, runTests: false) { package } }";
    let variables = json!({ "grants": list(&plan["grants"], "key"), "confirm": list(&plan["metadata"]["operations"], "path") });
    let refused = tenant.post("metadata", &json!({ "query": document, "variables": variables }), &[]).await?.json()?;
    let steps = refused["errors"][0]["extensions"]["steps"].as_array().cloned().unwrap_or_default();
    assert_eq!(rule(&refused), "package/canary-steps", "{refused}");
    assert!(steps.contains(&json!("lifecycle.upgrade")), "{refused}");
    Ok(server)
}
