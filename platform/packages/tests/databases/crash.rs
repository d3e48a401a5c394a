//! The process ends at once at every step of a change: afterwards the change was made whole, or never.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use serde_json::json;
use tenon_catalog::Catalog;
use tenon_packages::{Change, Packages};
use tenon_store::{Database, Store, StoreConfig};
use tenon_value::TenantId;

use crate::house::{House, context_of, databases, files, map, now, path};

/// Tells a child of this test where it ends, on which data, of which tenant.
const CRASH: &str = "TENON_PACKAGES_TEST_CRASH";

fn changes() -> Vec<Change> {
    let text = |name: &str| Change::Create {
        path: path(&format!("deal.fields.{name}")),
        properties: map(json!({"type": "text", "unique": true, "label": {"en": name, "zh": name}})),
    };
    vec![text("one"), text("two"), Change::Retire(path("deal.fields.size"))]
}

/// What the child does: the same change, on a store that ends the process on the way.
async fn child(words: &str) {
    let words: Vec<&str> = words.split('\n').collect();
    let [point, data, tenant, url] = words.as_slice() else { panic!("{words:?}") };
    let database = if url.is_empty() { Database::Sqlite } else { Database::Postgres { url: (*url).to_owned() } };
    let store =
        Store::open(StoreConfig { crash_at: Some((*point).to_owned()), ..StoreConfig::new(Path::new(data), database) }).await.unwrap();
    let catalog = Arc::new(Catalog::new(store.clone()));
    let packages = Packages::new(store, Arc::clone(&catalog), now);
    let tenant: TenantId = tenant.parse().unwrap();
    let cx = context_of(&catalog, tenant).await;
    packages.change(&cx, changes()).await.unwrap();
}

#[tokio::test]
async fn a_crash_at_any_step_leaves_all_or_nothing() {
    #[expect(clippy::disallowed_methods, reason = "a child is told by its environment")]
    if let Ok(words) = std::env::var(CRASH) {
        child(&words).await;
        return;
    }
    for database in databases() {
        for point in tenon_store::crash_points() {
            let house = House::new(database.clone()).await;
            house.apply(files(false), &[]).await.unwrap();
            house.save_deals(&[("A", Some(1))]).await;
            let before = house.version().await;
            let url = if let Database::Postgres { url } = &database { url.as_str() } else { "" };
            let words = format!("{point}\n{}\n{}\n{url}", house.data.path().display(), house.tenant);
            let mut run = Command::new(std::env::current_exe().unwrap());
            let run = run.args(["--exact", "crash::a_crash_at_any_step_leaves_all_or_nothing"]).env(CRASH, words);
            let output = run.output().unwrap();
            assert!(
                *point == "settings" || !output.status.success(),
                "{point} was not reached: {}",
                String::from_utf8_lossy(&output.stdout)
            );
            let house = house.reopened(database.clone()).await;
            let model = house.cx().await.model;
            let deal = model.object_named("deal").unwrap();
            let done = model.version > before;
            assert_eq!(done, matches!(*point, "committed" | "settings"), "{point}");
            for (name, there) in [("one", done), ("two", done), ("size", !done)] {
                assert_eq!(deal.field_named(name).is_some(), there, "{point}: {name}");
            }
            if !done {
                house.change(changes()).await.unwrap();
            }
            assert!(house.store.doctor(&house.cx().await.model).await.unwrap().is_empty(), "{point}");
        }
    }
}
