//! Many at once: all or nothing, or all but the bad ones.

use tenon_diagnostics::InputPath;
use tenon_query::{Batch, BatchMode, Params, Predicate};
use tenon_records::{BATCH_SIZE_MAX, Status};
use tenon_value::Value;

use crate::house::{everywhere, problems, text, told};

#[test]
fn an_atomic_batch_reports_every_bad_row_and_writes_none() {
    everywhere(async |house| {
        let inputs = house.inputs(
            "account",
            &[&[("name", text("A"))], &[], &[("name", text("C")), ("code", text("1"))], &[("name", Value::Null), ("code", text("1"))]],
        );
        let error = house.batch("account", Batch::Create(inputs), BatchMode::Atomic).await.unwrap_err();
        let mut told: Vec<String> = problems(error).iter().map(told).collect();
        told.sort();
        let all = ["CONFLICT unique code inputs.3.code", "INVALID required name inputs.1.name", "INVALID required name inputs.3.name"];
        assert_eq!(told, all);
        assert_eq!(house.count("account").await, 0);
    });
}

#[test]
fn a_partial_batch_keeps_the_good_rows() {
    everywhere(async |house| {
        let inputs = house.inputs(
            "account",
            &[
                &[("name", text("A")), ("code", text("1"))],
                &[("code", text("2"))],
                &[("name", text("C")), ("code", text("1"))],
                // What has the same code before it is not written, so that one is in nobody's way.
                &[("name", text("D")), ("code", text("2"))],
            ],
        );
        let rows = house.batch("account", Batch::Create(inputs), BatchMode::Partial).await.unwrap();
        let statuses: Vec<_> = rows.iter().map(|row| (row.index, row.status)).collect();
        assert_eq!(statuses, [(0, Status::Created), (1, Status::Failed), (2, Status::Failed), (3, Status::Created)]);
        assert_eq!(told(&rows[1].problems[0]), "INVALID required name inputs.1.name");
        assert_eq!(told(&rows[2].problems[0]), "CONFLICT unique code inputs.2.code");
        assert_eq!(house.count("account").await, 2);
    });
}

#[test]
fn a_batch_has_a_size() {
    everywhere(async |house| {
        let input = house.input("account", &[("name", text("A"))]);
        let inputs = vec![input; BATCH_SIZE_MAX + 1];
        let error = house.batch("account", Batch::Create(inputs), BatchMode::Partial).await.unwrap_err();
        assert_eq!(problems(error).iter().map(told).collect::<Vec<_>>(), ["EXHAUSTED batch_size - "]);
    });
}

#[test]
fn a_filter_chooses_what_is_updated_and_deleted() {
    everywhere(async |house| {
        for (name, size) in [("A", 1), ("B", 2), ("C", 2)] {
            house.create("account", &[("name", text(name)), ("size", Value::Int(size))]).await;
        }
        let mut params = Params::default();
        let two = params.push(Value::Int(2));
        let filter = || Box::new((Predicate::equals(house.field("account", "size"), tenon_model::Part::Whole, two), params.clone()));
        let change = Box::new(house.input("account", &[("code", Value::Null), ("name", text("Z"))]));
        let rows = house.batch("account", Batch::UpdateWhere(filter(), change), BatchMode::Atomic).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.status).collect::<Vec<_>>(), [Status::Updated, Status::Updated]);
        let rows = house.batch("account", Batch::DeleteWhere(filter()), BatchMode::Atomic).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.status).collect::<Vec<_>>(), [Status::Deleted, Status::Deleted]);
        let rows = house.batch("account", Batch::RestoreWhere(filter()), BatchMode::Atomic).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.status).collect::<Vec<_>>(), [Status::Restored, Status::Restored]);
    });
}

#[test]
fn a_record_named_twice_in_one_call_is_a_mistake() {
    everywhere(async |house| {
        let id = house.create("account", &[("name", text("A"))]).await;
        let at = |index| (id, InputPath::default().key("ids").index(index));
        let mut change = house.input("account", &[("name", text("B"))]);
        change.path = InputPath::default();
        let error = house.batch("account", Batch::UpdateIds(vec![at(0), at(1)], Box::new(change)), BatchMode::Atomic).await.unwrap_err();
        assert_eq!(problems(error).iter().map(told).collect::<Vec<_>>(), ["INVALID duplicate_key_in_batch - ids.1"]);
    });
}
