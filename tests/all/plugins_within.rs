//! Plugins inside the transaction: what they read and write stands or falls with the save; on both databases, with a
//! second tenant beside that must not notice.

use serde_json::{Value, json};
use tenon_tests::{Database, Setting, Tenant, TestServer};

use crate::both::{on_as, on_both};

/// How often each fault is provoked: the long form is `xtask soak plugins`.
const REPETITIONS: usize = 20;

/// What a save is asked to do, and the limit that it crosses (none: a fault without one): the list that `soak plugins` has, too.
fn faults() -> anyhow::Result<Vec<(String, Option<String>)>> {
    let listed = std::fs::read_to_string(Setting::repository().join("tests/plugins/guests/src/unruly/faults.json"))?;
    let listed: Vec<Value> = serde_json::from_str(&listed)?;
    let text = |one: &Value, key: &str| one[key].as_str().map(str::to_owned);
    Ok(listed.iter().map(|one| (text(one, "wish").unwrap_or_default(), text(one, "limit"))).collect())
}

async fn with_unruly(database: Database, test: impl AsyncFnOnce(&TestServer) -> anyhow::Result<()>) {
    with_plugins(database, &["unruly"], test).await;
}

async fn with_plugins(database: Database, names: &[&str], test: impl AsyncFnOnce(&TestServer) -> anyhow::Result<()>) {
    let setting = Setting::read();
    let components = names.iter().map(|name| setting.component(name).unwrap()).collect();
    let configure = |config: &mut tenon_server::ServeConfig| {
        config.plugins = components;
        let budgets = &mut config.plugin_budgets;
        // The machine may be busy, and one plugin faults here more often than any breaker allows.
        budgets.faults_per_minute = usize::MAX;
        budgets.tree_wall = std::time::Duration::from_secs(30);
        budgets.before.wall = std::time::Duration::from_secs(30);
        budgets.within.wall = std::time::Duration::from_secs(30);
    };
    on_as(database, configure, test).await;
}

on_both! { with_unruly:
    every_fault_is_named_and_leaves_nothing => faults_on_sqlite, faults_on_postgres;
    what_a_plugin_writes_stands_with_the_save => writes_on_sqlite, writes_on_postgres;
    a_removal_can_be_refused_and_followed => removals_on_sqlite, removals_on_postgres;
    a_plugin_that_is_skipped_leaves_nothing => skipped_on_sqlite, skipped_on_postgres;
    a_plugin_reads_as_its_caller => callers_on_sqlite, callers_on_postgres;
    fresh_memory_holds_nothing_of_another_tenant => memory_on_sqlite, memory_on_postgres;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_answer_each_other_are_stopped() {
    for database in [Database::Sqlite, Database::Postgres] {
        with_plugins(database, &["unruly", "clerk"], async |server| {
            let tenant = server.tenant(None, None, None).await?;
            for _ in 0..REPETITIONS {
                let answer = create(&tenant, "after pong").await?;
                let extensions = &answer["errors"][0]["extensions"];
                assert_eq!((&extensions["code"], &extensions["limit"]), (&json!("PLUGIN_FAULT"), &json!("recursion")), "{answer}");
            }
            assert_eq!(all(&tenant).await?, nothing());
            Ok(())
        })
        .await;
    }
}

async fn create(tenant: &Tenant, name: &str) -> anyhow::Result<Value> {
    let body = json!({
        "query": "mutation($name: String) { createOpportunity(input: { name: $name }) { id nextStep version } }",
        "variables": { "name": name },
    });
    tenant.post("graphql", &body, &[]).await?.json()
}

async fn all(tenant: &Tenant) -> anyhow::Result<Value> {
    tenant.data("{ opportunities { nodes { name } } tags(orderBy: { name: ASC }) { nodes { name } } }", json!({})).await
}

fn nothing() -> Value {
    json!({ "opportunities": { "nodes": [] }, "tags": { "nodes": [] } })
}

async fn every_fault_is_named_and_leaves_nothing(server: &TestServer) -> anyhow::Result<()> {
    let (tenant, beside) = (server.tenant(None, None, None).await?, server.tenant(None, None, None).await?);
    for (wish, limit) in faults()? {
        for _ in 0..REPETITIONS {
            let answer = create(&tenant, &wish).await?;
            let extensions = &answer["errors"][0]["extensions"];
            assert_eq!((&extensions["code"], extensions["limit"].as_str()), (&json!("PLUGIN_FAULT"), limit.as_deref()), "{wish}: {answer}");
            assert_eq!(extensions["package"], json!("unruly@1.0.0"), "{wish}: {answer}");
            assert!(!answer.to_string().contains("secret"), "{wish}: {answer}");
        }
        assert_eq!(all(&tenant).await?, nothing(), "{wish}");
    }
    let fine = create(&beside, "fine").await?;
    assert_eq!(fine["data"]["createOpportunity"]["nextStep"], json!("call 1 of 1"), "{fine}");
    Ok(())
}

async fn what_a_plugin_writes_stands_with_the_save(server: &TestServer) -> anyhow::Result<()> {
    let tenant = server.tenant(None, None, None).await?;
    let expected = [
        ("after write", "tags: 1"),
        ("after told", "INVALID NOT_FOUND CONFLICT 2"),
        ("after words", "1 2 true false vip 1 0 true 3"),
        ("after conflict", "CONFLICT"),
        ("limits", "true 20 0 8"),
        ("slow", "call 1 of 1"),
        ("fill memory", "filled"),
        ("dirty memory", "clean"),
        ("read", "tags: made by unruly new twice"),
    ];
    for (wish, words) in expected {
        let answer = create(&tenant, wish).await?;
        // What a plugin writes after the save is in the answer of the save.
        assert_eq!(
            answer["data"]["createOpportunity"]["nextStep"],
            json!(if wish == "slow" { Value::Null } else { json!(words) }),
            "{wish}: {answer}"
        );
    }
    let refused = create(&tenant, "after refuse").await?;
    let extensions = &refused["errors"][0]["extensions"];
    assert_eq!(
        (&extensions["code"], &extensions["rule"], &extensions["package"]),
        (&json!("REFUSED"), &json!("NOT_LIKE_THIS"), &json!("unruly")),
        "{refused}"
    );
    let data = tenant.data(r#"{ opportunities(filter: { name: { eq: "after refuse" } }) { nodes { id } } }"#, json!({})).await?;
    assert_eq!(data, json!({ "opportunities": { "nodes": [] } }));
    // History tells through which door each version came.
    let history = r#"{ opportunities(filter: { name: { eq: "after write" } }) { nodes { version history { nodes { version via } } } } }"#;
    let data = tenant.data(history, json!({})).await?;
    let versions = &data["opportunities"]["nodes"][0]["history"]["nodes"];
    assert_eq!(*versions, json!([{ "version": 2, "via": "plugin" }, { "version": 1, "via": "graphql" }]), "{data}");
    // A dry run runs them, and leaves nothing.
    let dry = json!({ "query": r#"mutation { createOpportunity(input: { name: "after write" }) { nextStep } }"#, "extensions": { "dryRun": true } });
    let answer = tenant.post("graphql", &dry, &[]).await?.json()?;
    assert!(
        answer["errors"][0]["extensions"]["rule"] == json!("unique") || answer["errors"][0]["extensions"]["code"] == json!("PLUGIN_FAULT"),
        "the tag is there already: {answer}"
    );
    // In a batch, the rows that are refused are set aside.
    let batch = r#"mutation { createOpportunities(mode: PARTIAL, inputs: [{ name: "a" }, { name: "after refuse" }, { name: "b" }]) { created failed results { status } } }"#;
    let data = tenant.data(batch, json!({})).await?;
    assert_eq!((&data["createOpportunities"]["created"], &data["createOpportunities"]["failed"]), (&json!(2), &json!(1)), "{data}");
    Ok(())
}

async fn a_removal_can_be_refused_and_followed(server: &TestServer) -> anyhow::Result<()> {
    let tenant = server.tenant(None, None, None).await?;
    for (name, outcome) in [
        ("keep", "REFUSED"),
        ("after write", "PLUGIN_FAULT"),
        ("panic early", "PLUGIN_FAULT"),
        ("panic late", "PLUGIN_FAULT"),
        ("plain", ""),
    ] {
        let created = create(&tenant, name).await?;
        let id = created["data"]["createOpportunity"]["id"].as_str().unwrap_or_default().to_owned();
        for mutation in ["deleteOpportunity", "destroyOpportunity"] {
            if outcome.is_empty() && mutation == "destroyOpportunity" {
                continue;
            }
            let body = json!({ "query": format!("mutation($id: ID!) {{ {mutation}(id: $id) {{ id }} }}"), "variables": { "id": id } });
            let answer = tenant.post("graphql", &body, &[]).await?.json()?;
            assert_eq!(answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default(), outcome, "{name} {mutation}: {answer}");
        }
    }
    let data = all(&tenant).await?;
    assert_eq!(data["tags"]["nodes"], json!([{ "name": "gone plain" }, { "name": "made by unruly" }]), "{data}");
    Ok(())
}

async fn a_plugin_that_is_skipped_leaves_nothing(server: &TestServer) -> anyhow::Result<()> {
    let tenant = server.tenant(None, None, None).await?;
    let data = tenant.data(r#"mutation { createAccount(input: { name: "after panic" }) { name } }"#, json!({})).await?;
    assert_eq!(data, json!({ "createAccount": { "name": "after panic" } }), "the save goes on");
    assert_eq!(all(&tenant).await?["tags"]["nodes"], json!([]), "what the plugin wrote does not");
    Ok(())
}

/// The lowest role: what it may not do, no plugin does for it.
async fn a_plugin_reads_as_its_caller(server: &TestServer) -> anyhow::Result<()> {
    let admin = server.tenant(None, None, None).await?;
    admin.data(r#"mutation { createTag(input: { name: "secret plan" }) { id } }"#, json!({})).await?;
    let answer = create(&admin, "read").await?;
    assert_eq!(answer["data"]["createOpportunity"]["nextStep"], json!("tags: secret plan"), "{answer}");
    let beside = server.tenant(None, None, None).await?;
    let answer = create(&beside, "read").await?;
    assert_eq!(answer["data"]["createOpportunity"]["nextStep"], json!("tags:"), "another tenant's tags are not there: {answer}");
    Ok(())
}

async fn fresh_memory_holds_nothing_of_another_tenant(server: &TestServer) -> anyhow::Result<()> {
    let (one, other) = (server.tenant(None, None, None).await?, server.tenant(None, None, None).await?);
    for _ in 0..REPETITIONS {
        // All at once, so that instances lie where others have lain.
        let (filled, _, dirty) =
            tokio::try_join!(create(&one, "fill memory"), create(&one, "fill memory"), create(&other, "dirty memory"))?;
        assert_eq!(filled["data"]["createOpportunity"]["nextStep"], json!("filled"), "{filled}");
        for looked in [dirty, create(&other, "dirty memory").await?] {
            assert_eq!(looked["data"]["createOpportunity"]["nextStep"], json!("clean"), "{looked}");
        }
    }
    Ok(())
}
