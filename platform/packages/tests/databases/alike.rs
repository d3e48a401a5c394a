//! What tenants have alike is in memory once, until one of them changes his own.

use std::sync::Arc;

use serde_json::json;
use tenon_catalog::Catalog;
use tenon_model::{Model, Settings};
use tenon_packages::Change;
use tenon_store::NewTenant;
use tenon_value::Uuid;

use crate::house::{House, databases, map, now, path};

/// The objects that two models have in common, by name.
fn shared(one: &Model, other: &Model) -> Vec<String> {
    let alike = one.objects.iter().filter(|here| other.objects.iter().any(|there| Arc::ptr_eq(here, there)));
    alike.map(|object| object.name.to_string()).collect()
}

#[tokio::test]
async fn tenants_share_the_objects_they_have_alike_and_whoever_changes_one_has_his_own() {
    for database in databases() {
        let house = House::new(database).await;
        let name = format!("t{}", Uuid::now_v7().simple());
        let new = NewTenant { name, sandbox: false, settings: Settings::default(), created_at: now() };
        let other = house.store.tenant_create(&new).await.unwrap().id;
        house.packages.install_base(other).await.unwrap();
        // As after a start: both are loaded from the store.
        let catalog = Catalog::new(house.store.clone());
        let (here, there) = (catalog.model(house.tenant).await.unwrap(), catalog.model(other).await.unwrap());
        assert_eq!(shared(&here, &there).len(), here.objects.len());
        let field =
            Change::Create { path: path("campaign.fields.slogan"), properties: map(json!({"type": "text", "label": {"en": "Slogan"}})) };
        house.change(vec![field]).await.unwrap();
        let newest = house.version().await;
        let (here, there) = (catalog.reload(house.tenant, newest).await.unwrap(), catalog.model(other).await.unwrap());
        let common = shared(&here, &there);
        assert!(!common.contains(&"campaign".to_owned()) && common.contains(&"account".to_owned()), "{common:?}");
        assert!(here.object_named("campaign").unwrap().field_named("slogan").is_some());
        assert!(there.object_named("campaign").unwrap().field_named("slogan").is_none());
    }
}
