//! Plugins in the save: they patch and refuse, on what is really stored and cannot move.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_diagnostics::{Classify, Kind};
use tenon_hooks::{Ask, Asked, By, Desk, Given, Grant, HookChange, HookError, Hooks, Operation, Phase, Reading, Refusal, Tree, Verdict};
use tenon_model::{Model, ObjectIx};
use tenon_query::{Batch, BatchMode, RecordInput, Write};
use tenon_records::{Mutation, Pipeline, Status, Step};
use tenon_value::{RecordId, Value};

use crate::house::{everywhere_with, text, told};

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
        assert_eq!(hooks.asked.load(Ordering::SeqCst) - before, 2, "all at once, and the sound ones again without the bad one");
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

/// Refuses whatever comes after an account of this id unless it sees that account.
struct Follower {
    first: RecordId,
}

#[async_trait]
impl Hooks for Follower {
    fn subscribes(&self, _: &Model, (_, phase, operation): (ObjectIx, Phase, Operation), _: &Tree) -> bool {
        phase == Phase::BeforeSave && operation == Operation::Create
    }

    async fn ask(&self, _: &OpContext, asked: Asked<'_>, _: &Tree, desk: &mut dyn Desk) -> Result<Vec<Verdict>, HookError> {
        let by = By { package: "p", grant: &Grant::Caller, itself: true };
        let given = desk.serve(by, Ask::Get(asked.object, self.first, Reading::Plain)).await.unwrap();
        let is_first = asked.changes.iter().all(|change| change.new.id == self.first);
        let sees = matches!(given, Given::Record(Some(_)));
        assert_eq!(asked.changes.len(), 1, "a step is asked about by itself");
        assert_ne!(is_first, sees, "before it is written it is not there, afterwards it is");
        Ok(vec![Verdict::Keep])
    }
}

#[test]
fn a_step_is_asked_about_after_the_step_before_it_was_written() {
    let first = RecordId::generate();
    everywhere_with(Arc::new(Follower { first }), async |house| {
        let step = |name: &str, id: Option<RecordId>| {
            let input = RecordInput { id, ..house.input("account", &[("name", text(name))]) };
            Step { write: Write::Create(house.ix("account"), input), answer: None }
        };
        let mutation = Mutation { steps: vec![step("a", Some(first)), step("b", None), step("c", None)], idempotency: None };
        house.pipeline.write(&house.cx, &house.policy, &mutation).await.unwrap();
        assert_eq!(house.count("account").await, 3);
    });
}

/// Tries to change the record behind the save's back while it is asked about it.
#[derive(Default)]
struct Meddler {
    told: Mutex<Vec<Kind>>,
    way: Mutex<Option<(Pipeline, Policy, Write)>>,
}

/// How long it tries.
const PATIENCE: Duration = Duration::from_millis(300);

#[async_trait]
impl Hooks for Meddler {
    fn subscribes(&self, _: &Model, (_, phase, operation): (ObjectIx, Phase, Operation), _: &Tree) -> bool {
        phase == Phase::BeforeSave && operation == Operation::Update
    }

    async fn ask(&self, cx: &OpContext, asked: Asked<'_>, _: &Tree, _: &mut dyn Desk) -> Result<Vec<Verdict>, HookError> {
        let (pipeline, policy, write) = self.way.lock().unwrap().take().unwrap();
        let mut cx = cx.clone();
        cx.deadline = Some(Instant::now() + PATIENCE);
        let done = pipeline.write(&cx, &policy, &Mutation { steps: vec![Step { write, answer: None }], idempotency: None }).await;
        self.told.lock().unwrap().push(done.unwrap_err().kind());
        Ok(vec![Verdict::Keep; asked.changes.len()])
    }
}

#[test]
fn a_record_that_hooks_are_asked_about_cannot_move() {
    let hooks = Arc::new(Meddler::default());
    everywhere_with(Arc::clone(&hooks) as Arc<dyn Hooks>, async |house| {
        let id = house.create("account", &[("name", text("A"))]).await;
        let behind = Write::Update(house.ix("account"), id, None, house.input("account", &[("code", text("x"))]));
        *hooks.way.lock().unwrap() =
            Some((Pipeline::new(house.store.clone(), Arc::new(tenon_hooks::NoHooks)), house.policy.clone(), behind));
        house.write(Write::Update(house.ix("account"), id, None, house.input("account", &[("size", Value::Int(7))]))).await.unwrap();
        let record = house.get("account", id).await;
        let (size, code) = (record.field(house.field("account", "size")), record.field(house.field("account", "code")));
        assert_eq!((size, code, record.version()), (&Value::Int(7), &Value::Null, 2));
        let told = std::mem::take(&mut *hooks.told.lock().unwrap());
        assert!(matches!(told[..], [Kind::Exhausted]), "it waits, and gives up: {told:?}");
    });
}
