//! Plugins in the save: they patch and refuse, outside the transaction, on what is really stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use tenon_context::OpContext;
use tenon_hooks::{HookChange, HookError, Hooks, Operation, Phase, Refusal, Verdict};
use tenon_model::{Model, ObjectIx};
use tenon_query::{Batch, BatchMode, Write};
use tenon_records::{Mutation, Status, Step};
use tenon_value::Value;

use crate::house::{everywhere_with, text, told};

/// Sets `size` of accounts to the length of their names; refuses the name `bad`.
#[derive(Default)]
struct Measure {
    asked: AtomicUsize,
}

#[async_trait]
impl Hooks for Measure {
    fn subscribes(&self, model: &Model, object: ObjectIx, phase: Phase, operation: Operation) -> bool {
        phase.has(operation) && model.object(object).is_some_and(|object| object.name.as_str() == "account")
    }

    async fn before_save(
        &self,
        cx: &OpContext,
        object: ObjectIx,
        _: Operation,
        changes: &[HookChange<'_>],
    ) -> Result<Vec<Verdict>, HookError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let object = cx.model.object(object).unwrap();
        let (name, size) = (object.field_named("name").unwrap().ix, object.field_named("size").unwrap().ix);
        let verdict = |change: &HookChange<'_>| match change.new.field(name).as_text() {
            Some("bad") => Verdict::Refuse(vec![Refusal {
                package: "p".to_owned(),
                rule: Some("BAD".to_owned()),
                message: "no".to_owned(),
                field: Some("name".to_owned()),
            }]),
            Some(name) => Verdict::Patch(vec![(size, Value::Int(i64::try_from(name.len()).unwrap()))]),
            None => Verdict::Keep,
        };
        Ok(changes.iter().map(verdict).collect())
    }
}

#[test]
fn a_hook_patches_and_refuses() {
    let hooks = Arc::new(Measure::default());
    everywhere_with(Arc::clone(&hooks) as Arc<dyn Hooks>, async |house| {
        let id = house.create("account", &[("name", text("four"))]).await;
        assert_eq!(house.value("account", id, "size").await, Value::Int(4));
        let problems = house.problems(Write::Create(house.ix("account"), house.input("account", &[("name", text("bad"))]))).await;
        assert_eq!(problems.iter().map(told).collect::<Vec<_>>(), ["REFUSED BAD name input.name"]);
        let rows = house.inputs("account", &[&[("name", text("a"))], &[("name", text("bad"))], &[("name", text("ccc"))]]);
        let before = hooks.asked.load(Ordering::SeqCst);
        let rows = house.batch("account", Batch::Create(rows), BatchMode::Partial).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.status).collect::<Vec<_>>(), [Status::Created, Status::Failed, Status::Created]);
        assert_eq!(hooks.asked.load(Ordering::SeqCst) - before, 1, "all rows of a save are asked about at once");
        assert_eq!(house.value("account", rows[2].id.unwrap(), "size").await, Value::Int(3));
    });
}

#[test]
fn an_unchanged_record_is_not_asked_about() {
    let hooks = Arc::new(Measure::default());
    everywhere_with(Arc::clone(&hooks) as Arc<dyn Hooks>, async |house| {
        let id = house.create("account", &[("name", text("four"))]).await;
        let before = hooks.asked.load(Ordering::SeqCst);
        let (_, status) = house.one(Write::Update(house.ix("account"), id, None, house.input("account", &[("name", text("four"))]))).await;
        assert_eq!((status, hooks.asked.load(Ordering::SeqCst)), (Status::Unchanged, before));
    });
}

#[test]
fn steps_of_one_document_are_asked_about_together() {
    let hooks = Arc::new(Measure::default());
    everywhere_with(Arc::clone(&hooks) as Arc<dyn Hooks>, async |house| {
        let before = hooks.asked.load(Ordering::SeqCst);
        let step =
            |name: &str| Step { write: Write::Create(house.ix("account"), house.input("account", &[("name", text(name))])), answer: None };
        let mutation = Mutation { steps: vec![step("a"), step("bb"), step("ccc")], idempotency: None };
        house.pipeline.write(&house.cx, &house.policy, &mutation).await.unwrap();
        assert_eq!((house.count("account").await, hooks.asked.load(Ordering::SeqCst) - before), (3, 1));
    });
}
