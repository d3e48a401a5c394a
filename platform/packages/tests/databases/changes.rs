//! Plans, applies, sessions, settings.

use serde_json::json;
use tenon_catalog::Catalog;
use tenon_diagnostics::Classify;
use tenon_model::ModelVersion;
use tenon_packages::{Change, Draft, Op, SettingsChange};
use tenon_store::{Database, Store, StoreConfig};
use tenon_value::JsonMap;

use crate::house::{House, databases, files, map, path};

#[tokio::test]
async fn a_new_tenant_has_the_base_package_and_an_object_with_chinese_labels_is_live_at_once() {
    for database in databases() {
        let house = House::new(database).await;
        assert!(house.cx().await.model.object_named("opportunity").is_some());
        let changes = vec![
            Change::Create { path: path("visit"), properties: map(json!({"label": {"zh": "拜访记录"}})) },
            Change::Create { path: path("visit.fields.title"), properties: map(json!({"type": "text", "label": {"zh": "标题"}})) },
        ];
        house.change(changes).await.unwrap();
        let model = house.cx().await.model;
        let visit = model.object_named("visit").unwrap();
        assert_eq!(visit.label.zh.as_deref(), Some("拜访记录"));
        assert!(visit.table.starts_with("o_"), "{}", visit.table);
        assert_eq!(house.store.row_count(&model, visit.ix).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn applying_twice_and_pulling_are_empty_plans() {
    for database in databases() {
        let house = House::new(database).await;
        let base = house.version().await;
        let applied = house.apply(files(false), &[]).await.unwrap();
        assert_eq!(applied.version, ModelVersion(base.0 + 1));
        let cx = house.cx().await;
        for prune in [false, true] {
            let again = house.packages.plan(&cx, files(prune)).await.unwrap();
            assert!(again.is_empty(), "{:?}", again.operations);
            let files = house.packages.pull(house.tenant, "tenant", None).await.unwrap();
            let pulled = house.packages.plan(&cx, Draft::Files { files, prune }).await.unwrap();
            assert!(pulled.is_empty() && pulled.errors().next().is_none(), "{pulled:?}");
        }
        assert_eq!(house.version().await, applied.version);
    }
}

#[tokio::test]
async fn a_plan_whose_base_moved_is_stale() {
    for database in databases() {
        let house = House::new(database).await;
        let cx = house.cx().await;
        let plan = house.packages.plan(&cx, files(false)).await.unwrap();
        house.change(vec![Change::Retire(path("campaign.views.all"))]).await.unwrap();
        let error = house.packages.apply(&cx, &plan.hash, &[]).await.unwrap_err();
        assert_eq!(error.problem().rule.as_deref(), Some("plan_stale"));
        let unknown = house.packages.apply(&cx, "no such plan", &[]).await.unwrap_err();
        assert_eq!(unknown.problem().rule.as_deref(), Some("plan_stale"));
    }
}

#[tokio::test]
async fn a_rename_keeps_the_column() {
    for database in databases() {
        let house = House::new(database).await;
        house.apply(files(false), &[]).await.unwrap();
        let column =
            |model: &tenon_model::Model, name: &str| model.object_named("deal").unwrap().field_named(name).unwrap().columns.clone();
        let before = column(&house.cx().await.model, "size");
        let rename = Change::Update { path: path("deal.fields.size"), properties: JsonMap::new(), rename: Some("volume".to_owned()) };
        assert_eq!(house.change(vec![rename]).await.unwrap(), [(Op::Rename, "deal.fields.volume".to_owned())]);
        let model = house.cx().await.model;
        assert_eq!(column(&model, "volume"), before);
        let names: Vec<_> = model
            .object_named("deal")
            .unwrap()
            .fields
            .iter()
            .skip(tenon_model::system::FIELDS)
            .map(|field| field.name.to_string())
            .collect();
        assert_eq!(names, ["name", "volume"]);
    }
}

#[tokio::test]
async fn a_renamed_object_takes_its_parts_along_and_keeps_its_old_name_for_a_while() {
    for database in databases() {
        let house = House::new(database).await;
        house.apply(files(false), &[]).await.unwrap();
        house.save_deals(&[("A", Some(1))]).await;
        let before = house.cx().await.model.object_named("deal").unwrap().table.clone();
        let rename = Change::Update { path: path("deal"), properties: JsonMap::new(), rename: Some("sale".to_owned()) };
        let plan = house.packages.plan(&house.cx().await, Draft::Changes(vec![rename.clone()])).await.unwrap();
        assert_eq!(plan.operations.iter().map(|one| (one.op, one.api.word())).collect::<Vec<_>>(), [(Op::Rename, "deprecating")]);
        house.change(vec![rename]).await.unwrap();
        let model = house.cx().await.model;
        let sale = model.object_named("sale").unwrap();
        assert_eq!(sale.aliases.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["deal"]);
        assert_eq!((&sale.table, house.store.row_count(&model, sale.ix).await.unwrap()), (&before, 1));
        assert!(sale.field_named("size").is_some() && sale.relation_named("tags").is_some());
        assert!(house.store.doctor(&model).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_is_destructive_needs_to_be_confirmed() {
    for database in databases() {
        let house = House::new(database).await;
        house.apply(files(false), &[]).await.unwrap();
        let retire = || Draft::Changes(vec![Change::Retire(path("deal"))]);
        let error = house.apply(retire(), &[]).await.unwrap_err();
        assert_eq!(error.problem().rule.as_deref(), Some("confirm"));
        house.apply(retire(), &["deal".to_owned()]).await.unwrap();
        assert!(house.cx().await.model.object_named("deal").is_none());
        house.change(vec![Change::Restore(path("deal"))]).await.unwrap();
        assert!(house.cx().await.model.object_named("deal").unwrap().relation_named("account").is_some());
    }
}

#[tokio::test]
async fn a_session_is_carried_out_whole_or_not_at_all() {
    for database in databases() {
        let house = House::new(database).await;
        let before = house.version().await;
        let mut session = house.packages.session(house.cx().await);
        session.change(vec![Change::Create { path: path("visit"), properties: map(json!({"label": {"en": "Visit"}})) }]).await.unwrap();
        let wrong = Change::Create { path: path("visit.fields.title"), properties: map(json!({"type": "texxt", "label": {"en": "T"}})) };
        let error = session.change(vec![wrong]).await.unwrap_err();
        assert_eq!(error.problems().as_slice().first().unwrap().rule.as_deref(), Some("metadata/unknown-type"));
        session.abandon().await.unwrap();
        assert_eq!(house.version().await, before);
        assert!(house.cx().await.model.object_named("visit").is_none());
    }
}

#[tokio::test]
async fn settings_are_part_of_the_model_and_checked() {
    for database in databases() {
        let house = House::new(database).await;
        let before = house.version().await;
        let mut session = house.packages.session(house.cx().await);
        let wrong = SettingsChange { zone: Some("Nowhere/City".to_owned()), ..SettingsChange::default() };
        assert_eq!(session.settings(&wrong).await.unwrap_err().problem().rule.as_deref(), Some("zone"));
        session.abandon().await.unwrap();
        let mut session = house.packages.session(house.cx().await);
        session.settings(&SettingsChange { zone: Some("Europe/Berlin".to_owned()), ..SettingsChange::default() }).await.unwrap();
        session.finish().await.unwrap();
        let model = house.cx().await.model;
        assert_eq!(model.settings.zone, "Europe/Berlin");
        assert_eq!(model.version, ModelVersion(before.0 + 1));
    }
}

#[tokio::test]
async fn two_tenants_do_not_see_each_other() {
    for database in databases() {
        let (here, there) = (House::new(database.clone()).await, House::new(database).await);
        let before = there.version().await;
        here.apply(files(false), &[]).await.unwrap();
        assert_eq!(there.version().await, before);
        assert!(there.cx().await.model.object_named("deal").is_none());
    }
}

#[tokio::test]
async fn a_change_is_live_on_every_node_within_a_second() {
    for database in databases().into_iter().filter(|database| *database != Database::Sqlite) {
        let house = House::new(database.clone()).await;
        let elsewhere = tempfile::tempdir().unwrap();
        let other = Catalog::new(Store::open(StoreConfig::new(elsewhere.path(), database)).await.unwrap());
        assert!(other.model(house.tenant).await.unwrap().object_named("deal").is_none());
        let version = house.apply(files(false), &[]).await.unwrap().version;
        let live = async {
            while other.model(house.tenant).await.unwrap().version < version {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(1), live).await.unwrap();
        assert!(other.reload(house.tenant, version).await.unwrap().object_named("deal").is_some());
    }
}
