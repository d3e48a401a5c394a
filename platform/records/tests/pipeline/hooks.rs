//! Plugins in the save: they patch and refuse, outside the transaction, on what is really stored.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_hooks::{Asked, Desk, HookChange, HookError, Hooks, Operation, Phase, Refusal, Tree, Verdict};
use tenon_model::{Model, ObjectIx};
use tenon_query::{Batch, BatchMode, Write};
use tenon_records::{Mutation, Pipeline, Status, Step};
use tenon_value::Value;

use crate::house::{everywhere_with, problems, text, told};

/// Sets `size` of accounts to the length of their names; refuses the name `bad`.
#[derive(Default)]
struct Measure {
    asked: AtomicUsize,
}

#[async_trait]
impl Hooks for Measure {
    fn subscribes(&self, model: &Model, (object, phase, operation): (ObjectIx, Phase, Operation), _: &Tree) -> bool {
        phase == Phase::BeforeSave && phase.has(operation) && model.object(object).is_some_and(|object| object.name.as_str() == "account")
    }

    async fn ask(&self, cx: &OpContext, asked: Asked<'_>, _: &Tree, _: &mut dyn Desk) -> Result<Vec<Verdict>, HookError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let object = cx.model.object(asked.object).unwrap();
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
        Ok(asked.changes.iter().map(verdict).collect())
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

/// Changes the record behind the save's back, as often as it is told.
struct Meddler {
    times: usize,
    asked: AtomicUsize,
    way: OnceLock<(Pipeline, Policy, Write)>,
}

#[async_trait]
impl Hooks for Meddler {
    fn subscribes(&self, _: &Model, (_, phase, operation): (ObjectIx, Phase, Operation), _: &Tree) -> bool {
        phase == Phase::BeforeSave && operation == Operation::Update && self.way.get().is_some()
    }

    async fn ask(&self, cx: &OpContext, asked: Asked<'_>, _: &Tree, _: &mut dyn Desk) -> Result<Vec<Verdict>, HookError> {
        let count = self.asked.fetch_add(1, Ordering::SeqCst);
        if count < self.times {
            let (pipeline, policy, write) = self.way.get().unwrap();
            let mut write = write.clone();
            if let Write::Update(_, _, _, input) = &mut write {
                input.fields[0].1 = text(&format!("other {count}"));
            }
            pipeline.write(cx, policy, &Mutation { steps: vec![Step { write, answer: None }], idempotency: None }).await.unwrap();
        }
        Ok(vec![Verdict::Keep; asked.changes.len()])
    }
}

fn meddled(times: usize) -> (Arc<Meddler>, Vec<String>) {
    let hooks = Arc::new(Meddler { times, asked: AtomicUsize::new(0), way: OnceLock::new() });
    let (seen, told_all) = (Arc::clone(&hooks), std::sync::Mutex::new(Vec::new()));
    crate::house::on_sqlite(Arc::clone(&hooks) as Arc<dyn Hooks>, async |house| {
        let id = house.create("account", &[("name", text("A"))]).await;
        let behind = Write::Update(house.ix("account"), id, None, house.input("account", &[("code", text("x"))]));
        seen.way.set((Pipeline::new(house.store.clone(), Arc::new(tenon_hooks::NoHooks)), house.policy.clone(), behind)).ok().unwrap();
        let outcome = house.write(Write::Update(house.ix("account"), id, None, house.input("account", &[("size", Value::Int(7))]))).await;
        let record = house.get("account", id).await;
        let values = format!(
            "{:?} {:?} {}",
            record.field(house.field("account", "size")),
            record.field(house.field("account", "code")),
            record.version()
        );
        let mut told_all = told_all.lock().unwrap();
        told_all.push(values);
        told_all.extend(outcome.err().map(problems).into_iter().flatten().map(|problem| told(&problem)));
    });
    (hooks, told_all.into_inner().unwrap())
}

#[test]
fn a_record_that_moves_is_shown_to_the_hooks_again() {
    let (hooks, told) = meddled(2);
    assert_eq!(told, ["Int(7) Text(\"other 1\") 4"]);
    assert_eq!(hooks.asked.load(Ordering::SeqCst), 3);
}

#[test]
fn a_record_that_never_stands_still_is_a_conflict() {
    let (_, told) = meddled(100);
    assert_eq!(told[1..], ["CONFLICT version - "]);
    assert!(told[0].starts_with("Null"), "nothing of it is written: {told:?}");
}
