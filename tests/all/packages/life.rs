//! One package from its upload to its purge.

use serde_json::{Value, json};
use tenon_tests::{Tenant, TestServer};

use super::house::{Package, ask, install, rule, trusting, upload};

const LIST: &str = "{ packages { name version previous state health { state message } grants { key says } versions { version } } }";
const WON: &str = r#"mutation { createOpportunity(input: { name: "Deal", stage: WON }) { id } }"#;

async fn package(tenant: &Tenant, name: &str) -> anyhow::Result<Value> {
    let listed = tenant.metadata(LIST, json!({})).await?;
    Ok(listed["packages"].as_array().into_iter().flatten().find(|one| one["name"] == name).cloned().unwrap_or_default())
}

/// The rule of what becomes of a deal that is won without a close date.
async fn won(tenant: &Tenant) -> anyhow::Result<String> {
    let answer = tenant.post("graphql", &json!({ "query": WON }), &[]).await?.json()?;
    Ok(answer["errors"][0]["extensions"]["rule"].as_str().unwrap_or("saved").to_owned())
}

pub(super) async fn from_upload_to_purge(server: TestServer, tenant: Tenant, other: Tenant) -> anyhow::Result<TestServer> {
    plugin(&tenant, &other).await?;
    let visit = metadata(&tenant, &other).await?;
    upgrade(&tenant, &visit).await?;
    // What is installed is there after a restart, before anybody asks for it.
    let server = server.restart(&[], trusting).await?;
    let (tenant, other) = (server.serve(&tenant), server.serve(&other));
    assert_eq!(won(&tenant).await?, "CLOSE_DATE_MISSING");
    assert_eq!(won(&other).await?, "saved");
    going(&tenant, &visit).await?;
    audited(&tenant).await?;
    Ok(server)
}

/// A plugin is asked in the tenant that consented to it, and nowhere else.
async fn plugin(tenant: &Tenant, other: &Tenant) -> anyhow::Result<()> {
    let file = Package::hello("1.0.0")?.signed();
    assert_eq!(upload(tenant, file.clone()).await?.status, 201);
    assert_eq!(package(tenant, "hello").await?["state"], "uploaded");
    assert_eq!(won(tenant).await?, "saved", "uploading puts nothing in force");

    let plan = tenant.metadata("mutation { planPackage(package: \"hello\") { from to grants { key says new } } }", json!({})).await?;
    let asked = json!([
        { "key": "records.opportunity.read", "says": "stage, close_date", "new": true },
        { "key": "records.opportunity.write", "says": "next_step", "new": true },
        { "key": "hook.before_save.opportunity", "says": "create, update", "new": true },
    ]);
    assert_eq!(plan["planPackage"], json!({ "from": null, "to": "1.0.0", "grants": asked }));
    let refused = ask(tenant, "mutation { installPackage(package: \"hello\") { version } }").await?;
    assert_eq!((rule(&refused), &refused["errors"][0]["extensions"]["code"]), ("package/grants", &json!("REFUSED")), "{refused}");
    assert_eq!(won(tenant).await?, "saved");

    let installing = "mutation { installPackage(package: \"hello\", grants: [
        \"records.opportunity.read\", \"records.opportunity.write\", \"hook.before_save.opportunity\"]) { package } }";
    let dry = tenant.post("metadata", &json!({ "query": installing, "extensions": { "dryRun": true } }), &[]).await?.json()?;
    assert_eq!((&dry["errors"], won(tenant).await?.as_str()), (&Value::Null, "saved"), "{dry}");
    tenant.metadata(installing, json!({})).await?;
    assert_eq!(won(tenant).await?, "CLOSE_DATE_MISSING");
    assert_eq!(won(other).await?, "saved");
    let listed = package(tenant, "hello").await?;
    assert_eq!((&listed["state"], &listed["health"]["state"]), (&json!("installed"), &json!("well")), "{listed}");

    for (verb, then) in [("disable", "saved"), ("enable", "CLOSE_DATE_MISSING")] {
        tenant.metadata(&format!("mutation {{ {verb}Package(package: \"hello\") {{ package }} }}"), json!({})).await?;
        assert_eq!(won(tenant).await?, then, "{verb}");
    }
    install(tenant, Package::hello("1.0.1")?.signed()).await?;
    assert_eq!(package(tenant, "hello").await?["previous"], "1.0.0");
    let used = tenant.metadata("{ packages { name usage { calls faults } } }", json!({})).await?;
    let hello = used["packages"].as_array().into_iter().flatten().find(|one| one["name"] == "hello").cloned().unwrap_or_default();
    assert_eq!(hello["usage"], json!({ "calls": 2, "faults": 0 }));
    Ok(())
}

/// Its objects, fields and rights are the tenant's from then on; the id of a record made with them.
async fn metadata(tenant: &Tenant, other: &Tenant) -> anyhow::Result<String> {
    install(tenant, Package::visits("1.0.0", "", "  score: { type: integer, label: { en: Score, zh: 分数 } }\n").signed()).await?;
    let rep = tenant.with_roles(&["sales_rep"]).await?;
    let made =
        rep.data(r#"mutation { createAcmeVisitsVisit(input: { subject: "Plant tour", score: 7 }) { id subject } }"#, json!({})).await?;
    let visit = made["createAcmeVisitsVisit"]["id"].as_str().unwrap_or_default().to_owned();
    tenant.data(r#"mutation { createOpportunity(input: { name: "Pump", acmeVisitsMood: "sunny" }) { id } }"#, json!({})).await?;
    let unknown = other.post("graphql", &json!({ "query": "{ acmeVisitsVisits { nodes { id } } }" }), &[]).await?.json()?;
    assert_eq!(rule(&unknown), "graphql/validation");

    // Who may not install sees what is in force, and no more.
    let seen = rep.metadata(LIST, json!({})).await?;
    let names: Vec<&Value> = seen["packages"].as_array().into_iter().flatten().map(|one| &one["name"]).collect();
    assert_eq!(names, ["crm", "hello", "acme_visits"]);
    assert!(seen["packages"][1]["grants"] == json!([]) && seen["packages"][1]["versions"] == json!([]), "{seen}");
    for document in [
        "mutation { planPackage(package: \"hello\") { hash } }",
        "mutation { installPackage(package: \"hello\") { version } }",
        "mutation { rollbackPackage(package: \"hello\") { version } }",
        "mutation { disablePackage(package: \"hello\") { version } }",
        "mutation { enablePackage(package: \"hello\") { version } }",
        "mutation { uninstallPackage(package: \"hello\") { version } }",
    ] {
        let refused = ask(&rep, document).await?;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{document}: {refused}");
    }
    assert_eq!(upload(&rep, Package::hello("1.0.2")?.signed()).await?.status, 403);
    let forgotten = rep.request("DELETE", "packages/hello/1.0.0").send(rep.address).await?;
    assert_eq!(forgotten.status, 403);
    Ok(visit)
}

/// An upgrade retires what it drops and adds what it brings; a rollback turns it round; no value is lost.
async fn upgrade(tenant: &Tenant, visit: &str) -> anyhow::Result<()> {
    let grants = "grants: { records: { account: { read: [name] } } }\n";
    let newer = Package::visits("1.1.0", grants, "  remark: { type: text, label: { en: Remark, zh: 备注 } }\n").signed();
    assert_eq!(upload(tenant, newer.clone()).await?.status, 201);
    let plan = "mutation { planPackage(package: \"acme_visits\") { from to grants { key new } metadata { operations { path op risk } } } }";
    let planned = tenant.metadata(plan, json!({})).await?["planPackage"].clone();
    assert_eq!((&planned["from"], &planned["to"]), (&json!("1.0.0"), &json!("1.1.0")));
    assert_eq!(planned["grants"], json!([{ "key": "records.account.read", "new": true }]));
    let steps = planned["metadata"]["operations"].as_array().cloned().unwrap_or_default();
    let retiring = json!({ "path": "acme_visits_visit.fields.score", "op": "retire", "risk": "destructive" });
    assert!(steps.len() == 2 && steps.contains(&retiring), "{planned}");

    let consenting = "mutation { installPackage(package: \"acme_visits\", grants: [\"records.account.read\"]) { version } }";
    assert_eq!(rule(&ask(tenant, consenting).await?), "confirm");
    install(tenant, newer).await?;
    let read = |fields: &str| format!("{{ acmeVisitsVisit(id: \"{visit}\") {{ {fields} }} }}");
    let data = tenant.data(&read("subject remark"), json!({})).await?;
    assert_eq!(data["acmeVisitsVisit"], json!({ "subject": "Plant tour", "remark": null }));

    // The same file again, and something older, signed though it is.
    install(tenant, Package::visits("1.1.0", grants, "  remark: { type: text, label: { en: Remark, zh: 备注 } }\n").signed()).await?;
    let older = ask(tenant, "mutation { installPackage(package: \"acme_visits\", version: \"1.0.0\") { version } }").await?;
    assert_eq!(rule(&older), "package/older", "{older}");
    let used = tenant.request("DELETE", "packages/acme_visits/1.0.0").send(tenant.address).await?;
    assert_eq!((used.status, &used.json()?["rule"]), (409, &json!("package/in-use")));

    let back =
        "mutation { rollbackPackage(package: \"acme_visits\", confirm: [\"acme_visits_visit.fields.remark\"]) { operations { path op } } }";
    tenant.metadata(back, json!({})).await?;
    let data = tenant.data(&read("subject score"), json!({})).await?;
    assert_eq!(data["acmeVisitsVisit"], json!({ "subject": "Plant tour", "score": 7 }));
    Ok(())
}

/// Uninstalled, its records stay readable; purged, its metadata is retired; installed again, everything is back.
async fn going(tenant: &Tenant, visit: &str) -> anyhow::Result<()> {
    let mut needing = Package::visits("1.0.0", "", "");
    needing.files.retain(|path, _| path == "package.yaml");
    needing.text("package.yaml", "format: tenon/v1\npackage: acme_more\npublisher: acme\nversion: 1.0.0\nlabel: { en: More, zh: 更多 }\nrequires: { acme_visits: \"^1.0\" }\n");
    install(tenant, needing.signed()).await?;
    let keep = "mutation { uninstallPackage(package: \"acme_visits\") { version } }";
    assert_eq!(rule(&ask(tenant, keep).await?), "package/required-by");
    tenant.metadata("mutation { uninstallPackage(package: \"acme_more\") { version } }", json!({})).await?;
    tenant.metadata(keep, json!({})).await?;
    assert_eq!(package(tenant, "acme_visits").await?["state"], "kept");
    let one = format!("{{ acmeVisitsVisit(id: \"{visit}\") {{ subject score }} }}");
    let there = json!({ "acmeVisitsVisit": { "subject": "Plant tour", "score": 7 } });
    assert_eq!(tenant.data(&one, json!({})).await?, there);
    assert_eq!(rule(&ask(tenant, keep).await?), "package/not-installed");

    let again = Package::visits("1.2.0", "", "  score: { type: integer, label: { en: Score, zh: 分数 } }\n").signed();
    install(tenant, again.clone()).await?;
    let purge = "mutation { uninstallPackage(package: \"acme_visits\", purge: true) { version } }";
    assert_eq!(rule(&ask(tenant, purge).await?), "confirm");
    let confirmed = "mutation { uninstallPackage(package: \"acme_visits\", purge: true, confirm: [
        \"acme_visits_visit\", \"acme_visits_visit.fields.subject\", \"acme_visits_visit.fields.score\",
        \"acme_visits_visit.relations.account\", \"opportunity.fields.acme_visits_mood\"]) { version } }";
    let purged = ask(tenant, confirmed).await?;
    assert_eq!(purged["errors"], Value::Null, "{purged}");
    let gone = tenant.post("graphql", &json!({ "query": one }), &[]).await?.json()?;
    assert_eq!(rule(&gone), "graphql/validation");
    tenant.metadata("mutation { uninstallPackage(package: \"hello\") { version } }", json!({})).await?;
    assert_eq!(won(tenant).await?, "saved");
    // Taken out, it still does not come back as it was before.
    let older = ask(tenant, "mutation { installPackage(package: \"hello\", version: \"1.0.0\") { version } }").await?;
    assert_eq!(rule(&older), "package/older", "{older}");
    install(tenant, again).await?;
    assert_eq!(tenant.data(&one, json!({})).await?, there);
    Ok(())
}

/// Every change of a package is in the trail.
async fn audited(tenant: &Tenant) -> anyhow::Result<()> {
    let asked = "{ audit(filter: { kinds: [\"package_changed\"] }, first: 100) { nodes { facts } } }";
    let trail = tenant.metadata(asked, json!({})).await?;
    let entries = trail["audit"]["nodes"].as_array().into_iter().flatten();
    let did: Vec<&str> = entries.filter_map(|one| one["facts"]["did"].as_str()).collect();
    for word in ["installed", "upgraded", "rolled_back", "disabled", "enabled", "uninstalled", "purged"] {
        assert!(did.contains(&word), "{word} in {did:?}");
    }
    Ok(())
}
