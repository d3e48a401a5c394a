//! Changes of objects that have records.

use serde_json::json;
use tenon_diagnostics::Classify;
use tenon_packages::{Change, Draft, Operation, PackagesError, Risk};
use tenon_value::{Json, JsonMap};

use crate::house::{House, databases, files, map, path};

fn update(field: &str, properties: Json) -> Vec<Change> {
    vec![Change::Update { path: path(&format!("deal.fields.{field}")), properties: map(properties), rename: None }]
}

/// What a plan says of its only step, and that the same change is refused or done accordingly.
async fn planned(house: &House, changes: Vec<Change>) -> Operation {
    let plan = house.packages.plan(&house.cx().await, Draft::Changes(changes.clone())).await.unwrap();
    let [step] = plan.operations.as_slice() else { panic!("{plan:?}") };
    let outcome = house.change(changes).await;
    match step.risk {
        Risk::Blocked => assert_eq!(outcome.unwrap_err().problem().rule.as_deref(), Some("metadata/blocked")),
        _ if step.needs_confirmation() => assert!(matches!(outcome.unwrap_err(), PackagesError::Unconfirmed(_))),
        _ => drop(outcome.unwrap()),
    }
    step.clone()
}

#[tokio::test]
async fn what_records_do_not_keep_is_counted_and_blocked_until_they_do() {
    for database in databases() {
        let house = House::new(database).await;
        house.apply(files(false), &[]).await.unwrap();
        house.save_deals(&[("A", Some(1)), ("B", None), ("a", Some(1))]).await;
        let required = planned(&house, update("size", json!({"required": true}))).await;
        assert_eq!((required.rows, required.violations, required.risk), (Some(3), Some(1), Risk::Blocked));
        // Text is unique folded: "A" and "a" are one value, and so are 1 and 1.
        let unique = planned(&house, update("name", json!({"unique": true}))).await;
        assert_eq!((unique.violations, unique.risk), (Some(1), Risk::Blocked));
        let unique = planned(&house, update("size", json!({"unique": true}))).await;
        assert_eq!((unique.violations, unique.risk), (Some(1), Risk::Blocked));
        let typed = planned(&house, update("size", json!({"type": "text"}))).await;
        assert_eq!((typed.risk, typed.api.word(), typed.rows), (Risk::Job, "breaking", Some(3)));
        let typed = planned(&house, update("size", json!({"type": "date"}))).await;
        assert_eq!((typed.risk, typed.rows), (Risk::Blocked, None), "numbers are no days");
        let fine = planned(&house, update("name", json!({"max": 20}))).await;
        assert_eq!(fine.risk, Risk::Instant);
    }
}

#[tokio::test]
async fn a_field_added_to_an_object_with_records_is_there_at_once() {
    for database in databases() {
        let house = House::new(database).await;
        house.apply(files(false), &[]).await.unwrap();
        house.save_deals(&[("A", Some(1))]).await;
        let add =
            |name: &str, properties: Json| vec![Change::Create { path: path(&format!("deal.fields.{name}")), properties: map(properties) }];
        let step = planned(&house, add("note", json!({"type": "text", "label": {"en": "Note", "zh": "备注"}}))).await;
        assert_eq!(step.risk, Risk::Instant);
        let step = planned(&house, add("code", json!({"type": "text", "required": true, "label": {"en": "Code", "zh": "编码"}}))).await;
        assert_eq!((step.risk, step.violations), (Risk::Blocked, Some(1)));
        let step = planned(&house, add("serial", json!({"type": "text", "unique": true, "label": {"en": "Serial", "zh": "序号"}}))).await;
        assert_eq!(step.risk, Risk::Instant);
        house.save_deals(&[("B", None)]).await;
        assert_eq!(
            house.store.row_count(&house.cx().await.model, house.cx().await.model.object_named("deal").unwrap().ix).await.unwrap(),
            2
        );
    }
}

#[tokio::test]
async fn a_renamed_field_keeps_its_values_and_so_does_a_restored_one() {
    for database in databases() {
        let house = House::new(database).await;
        house.apply(files(false), &[]).await.unwrap();
        house.save_deals(&[("A", Some(41)), ("B", None)]).await;
        let rename = Change::Update { path: path("deal.fields.size"), properties: JsonMap::new(), rename: Some("volume".to_owned()) };
        house.change(vec![rename]).await.unwrap();
        house.change(vec![Change::Retire(path("deal.fields.volume"))]).await.unwrap();
        let step = house.change(vec![Change::Restore(path("deal.fields.volume"))]).await;
        step.unwrap();
        // One of the two has a value: exactly one stands in the way of `required`.
        let step = planned(&house, update("volume", json!({"required": true}))).await;
        assert_eq!(step.violations, Some(1));
    }
}

#[tokio::test]
async fn retiring_says_how_many_records_are_concerned() {
    for database in databases() {
        let house = House::new(database).await;
        house.apply(files(false), &[]).await.unwrap();
        house.save_deals(&[("A", Some(41)), ("B", None)]).await;
        let plan = |target: &str| Draft::Changes(vec![Change::Retire(path(target))]);
        let cx = house.cx().await;
        let rows = async |target| house.packages.plan(&cx, plan(target)).await.unwrap().operations.first().unwrap().rows;
        assert_eq!(rows("deal.fields.size").await, Some(1));
        assert_eq!(rows("deal").await, Some(2));
        let error = house.apply(plan("deal"), &[]).await.unwrap_err();
        assert!(matches!(error, PackagesError::Unconfirmed(_)));
    }
}
