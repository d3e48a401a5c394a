//! A change of the model is live when it is answered, without restart, and for that tenant only. (How soon: `cargo xtask bench`.)

use serde_json::json;
use tenon_tests::{Database, Setting, Tenant, TestServer};

use crate::both::on;

const CREATE: &str = r#"mutation { createObject(input: {
    name: "store_visit", label: { en: "Store visit", zh: "巡店" },
    fields: [
        { name: "shop", type: text, required: true, unique: true, label: { en: "Shop", zh: "门店" } },
        { name: "mark", type: choice, label: { en: "Mark", zh: "评级" }, options: [{ name: "good", label: { en: "Good", zh: "好" } }, { name: "poor", label: { en: "Poor", zh: "差" } }] },
        { name: "score", type: integer, label: { en: "Score", zh: "得分" } },
    ],
}) { name label graphql { plural } } }"#;

const MAPPING: &str = "format: tenon/v1\nmapping: store_visit\nmatch: shop\ncolumns:\n  shop: shop\n  mark: mark\n  score: score\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_object_is_live_at_once_on_sqlite() {
    on(Database::Sqlite, Vec::new(), a_new_object_is_live).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_object_is_live_at_once_on_postgres() {
    on(Database::Postgres, Vec::new(), a_new_object_is_live).await;
}

async fn a_new_object_is_live(server: &TestServer, _: &Setting) -> anyhow::Result<()> {
    let tenant = server.tenant(None, None, None).await?;
    let other = server.tenant(None, None, None).await?;
    tenant.metadata(CREATE, json!({})).await?;

    let empty = tenant.data("{ storeVisits { totalCount { value } } }", json!({})).await?;
    assert_eq!(empty, json!({ "storeVisits": { "totalCount": { "value": 0 } } }));
    let (report, errors) =
        tenant.import("store_visit", MAPPING, ("visits.csv", "shop,mark,score\n南京路店,好,9\n淮海路店,差,4\n".as_bytes()), false).await?;
    assert_eq!((&report["created"], errors.lines().count()), (&json!(2), 1), "{report} {errors}");
    queried_filtered_grouped(&tenant).await?;

    let answer = other.post("graphql", &json!({ "query": "{ storeVisits { nodes { id } } }" }), &[]).await?.json()?;
    assert_eq!(answer["errors"][0]["extensions"]["rule"], "graphql/validation", "the other tenant sees it: {answer}");
    Ok(())
}

async fn queried_filtered_grouped(tenant: &Tenant) -> anyhow::Result<()> {
    let data = tenant
        .data(
            r#"{ good: storeVisits(filter: { mark: { eq: GOOD }, shop: { contains: "南京" } }) { nodes { shop mark score } }
                 storeVisitsAggregate(groupBy: [{ mark: true }]) { key { mark } count sum { score } } }"#,
            json!({}),
        )
        .await?;
    let expected = json!({
        "good": { "nodes": [{ "shop": "南京路店", "mark": "GOOD", "score": 9 }] },
        "storeVisitsAggregate": [{ "key": { "mark": "GOOD" }, "count": 1, "sum": { "score": 9 } }, { "key": { "mark": "POOR" }, "count": 1, "sum": { "score": 4 } }],
    });
    assert_eq!(data, expected);
    Ok(())
}
