//! Failed calls of a plugin: told to who looks after packages, given whole to who may take records out, and run again elsewhere, byte for
//! byte; to nobody else, and of no other tenant.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tenon_plugin_host::{PluginHost, Trace};
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

const FAILURES: &str = "{ packages { name failures { id version phase about operation limit message request } } }";
const TRACE: &str = "query ($package: String!, $id: ID!) { packageTrace(package: $package, id: $id) }";

fn patient(config: &mut ServeConfig) {
    trusting(config);
    config.plugin_budgets.faults_per_minute = usize::MAX;
    config.plugin_budgets.query.wall = std::time::Duration::from_secs(120);
    config.plugin_budgets.query.fuel = 200_000_000;
}

async fn failures(tenant: &Tenant) -> anyhow::Result<Vec<Value>> {
    let all = tenant.metadata(FAILURES, json!({})).await?;
    let one = all["packages"].as_array().into_iter().flatten().find(|one| one["name"] == "courier");
    Ok(one.and_then(|one| one["failures"].as_array()).cloned().unwrap_or_default())
}

/// The code and the rule of what is refused.
async fn refused(tenant: &Tenant, id: &str) -> anyhow::Result<(String, String)> {
    let asked = json!({ "query": TRACE, "variables": { "package": "courier", "id": id } });
    let answer: Value = tenant.post("metadata", &asked, &[]).await?.json()?;
    let told = &answer["errors"][0]["extensions"];
    ensure!(!answer.to_string().contains("tenon/trace"), "something was given: {answer}");
    Ok((told["code"].as_str().unwrap_or_default().to_owned(), told["rule"].as_str().unwrap_or_default().to_owned()))
}

pub(super) async fn elsewhere(server: TestServer, tenant: Tenant, other: Tenant) -> anyhow::Result<TestServer> {
    let server = server.restart(&[], patient).await?;
    let (tenant, other) = (server.serve(&tenant), server.serve(&other));
    let component = std::fs::read(tenon_tests::Setting::read().component("courier")?)?;
    for tenant in [&tenant, &other] {
        install(tenant, Courier::InRust.package("1.0.0", MANIFEST)?.signed()).await?;
    }
    tenant.data("mutation { createTag(input: { name: \"alpha\" }) { id } }", json!({})).await?;
    tenant.data("{ courierTagged(input: { starts: \"al\" }) { total } }", json!({})).await?;
    assert_eq!(failures(&tenant).await?, [Value::Null; 0], "what went well is not kept");

    let kinds = [("panic", None), ("loop", Some("fuel")), ("write", Some("phase")), ("misfit", None)];
    for (how, _) in kinds {
        let document = format!("{{ courierAstray(input: {{ how: \"{how}\" }}) {{ said }} }}");
        tenant.post("graphql", &json!({ "query": document }), &[("x-request-id".to_owned(), format!("astray-{how}"))]).await?;
    }
    let kept = failures(&tenant).await?;
    assert_eq!(kept.len(), kinds.len(), "{kept:?}");
    let host = PluginHost::new()?;
    for ((how, limit), failure) in kinds.into_iter().zip(&kept) {
        assert_eq!(failure["phase"], "query");
        assert_eq!((&failure["about"], &failure["version"], &failure["operation"]), (&json!("astray"), &json!("1.0.0"), &Value::Null));
        assert_eq!((&failure["limit"], &failure["request"]), (&json!(limit), &json!(format!("astray-{how}"))), "{failure}");
        let given = tenant.metadata(TRACE, json!({ "package": "courier", "id": failure["id"] })).await?;
        let trace = Trace::read(given["packageTrace"].as_str().context("a trace")?)?;
        let again = host.player(&component, &trace)?.play(&trace).await?;
        assert!(again.same_component && again.differences.is_empty(), "{how}: {:?}", again.differences);
        assert_eq!(again.fuel, trace.spent, "{how}");
    }

    let id = kept[0]["id"].as_str().context("an id")?;
    for_nobody_else(&tenant, &other, id).await?;
    // The audit trail has each that was given, and none that was refused.
    let trail = tenant.metadata("{ audit(first: 100) { nodes { kind facts } } }", json!({})).await?;
    let noted = trail["audit"]["nodes"].as_array().into_iter().flatten().filter(|one| one["kind"] == "package_call_read");
    let noted: Vec<&Value> = noted.map(|one| &one["facts"]["about"]).collect();
    assert_eq!(noted, vec!["astray"; kinds.len()]);
    // They are kept in memory: a server that is started anew has none.
    let server = server.restart(&[], patient).await?;
    assert_eq!(failures(&server.serve(&tenant)).await?, [Value::Null; 0]);
    assert_eq!(refused(&server.serve(&tenant), id).await?, ("NOT_FOUND".to_owned(), "package/no-trace".to_owned()));
    Ok(server)
}

async fn for_nobody_else(tenant: &Tenant, other: &Tenant, id: &str) -> anyhow::Result<()> {
    let role = "format: tenon/v1\nrole: installer\nlabel: { en: Installer, zh: 安装员 }\nspecial: [packages]\n";
    tenant.apply(&[("roles/installer.yaml".to_owned(), role.to_owned())]).await?;
    let (lowest, installer) = (tenant.with_roles(&["employee"]).await?, tenant.with_roles(&["installer"]).await?);
    assert_eq!(failures(&lowest).await?, [Value::Null; 0]);
    assert_eq!(refused(&lowest, id).await?, ("FORBIDDEN".to_owned(), "packages".to_owned()));
    assert_eq!(failures(&installer).await?.len(), 4, "who installs is told that it fails, not with what");
    assert_eq!(refused(&installer, id).await?, ("FORBIDDEN".to_owned(), "export".to_owned()));
    assert_eq!(failures(other).await?, [Value::Null; 0]);
    for wrong in [id, "", "0", &"f".repeat(10_000)] {
        assert_eq!(refused(other, wrong).await?, ("NOT_FOUND".to_owned(), "package/no-trace".to_owned()));
    }
    Ok(())
}
