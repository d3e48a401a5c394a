//! The process ends at every step of a change of metadata: afterwards everything is there, or nothing is.

use std::process::Command;

use tenon_store::{Database, Store, StoreConfig, StoreError, crash_points};
use tenon_value::{TenantId, Value};

use crate::house::{House, databases, model, now};

const CHANGED: &str = "  code: { type: text, unique: true, label: { en: Code, zh: 代码 } }\n  region:";
const TOLD: &str = "TENON_TEST_CRASH";

fn changed() -> String {
    include_str!("model.yaml").replace("  region:", CHANGED)
}

/// Does what the child process is for; nothing where it is not one.
#[tokio::test]
async fn the_child_that_is_killed() {
    #[expect(clippy::disallowed_methods, reason = "the parent tells the child what to do")]
    let Ok(told) = std::env::var(TOLD) else { return };
    let [point, data, tenant, url] = told.split('|').collect::<Vec<_>>().try_into().unwrap();
    let database = if url.is_empty() { Database::Sqlite } else { Database::Postgres { url: url.to_owned() } };
    let config = StoreConfig { crash_at: Some(point.to_owned()), ..StoreConfig::new(data, database) };
    let store = Store::open(config).await.unwrap();
    let tenant: TenantId = tenant.parse().unwrap();
    let (before, after) = (model(tenant, 1, include_str!("model.yaml")), model(tenant, 2, &changed()));
    let mut tx = store.metadata_begin(tenant).await.unwrap();
    tx.put_elements(&tenon_value::Name::known("tenant"), &[]).await.unwrap();
    tx.put_settings(&after.settings).await.unwrap();
    tx.put_physical(after.objects[0].id, "o_1").await.unwrap();
    tx.shape(Some(&before), &after).await.unwrap();
    tx.journal(now(), &serde_json::json!({})).await.unwrap();
    tx.commit(after.version).await.unwrap();
}

#[tokio::test]
async fn a_change_cut_short_at_any_step_leaves_all_or_nothing() {
    for database in databases() {
        let url = if let Database::Postgres { url } = &database { url.clone() } else { String::new() };
        for point in crash_points() {
            let mut house = House::new(database.clone()).await;
            house.insert("account", vec![house.record("account", 1, &[("name", Value::text("A"))])]).await;
            let told = format!("{point}|{}|{}|{url}", house.data.path().display(), house.tenant);
            let child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "crash::the_child_that_is_killed"])
                .env(TOLD, told)
                .output()
                .unwrap();
            assert!(!child.status.success(), "{point}: {}", String::from_utf8_lossy(&child.stdout));

            // A server that lost its client ends the transaction by itself, in its own time.
            let version = loop {
                match house.store.metadata_begin(house.tenant).await {
                    Ok(tx) => break tx.version().0,
                    Err(error @ StoreError::Busy) => assert!(error.is_retryable()),
                    Err(other) => panic!("{point}: {other:?}"),
                }
            };
            assert_eq!(version, if *point == "committed" { 2 } else { 1 }, "{point}");
            if version == 2 {
                house.model = model(house.tenant, 2, &changed());
            }
            let findings = house.store.doctor(&house.model).await.unwrap();
            assert!(findings.is_empty(), "{point}: {findings:?}");
            house.insert("account", vec![house.record("account", 2, &[("name", Value::text("B"))])]).await;
        }
    }
}
