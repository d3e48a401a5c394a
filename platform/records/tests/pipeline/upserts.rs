//! Find by key, else make.

use tenon_diagnostics::InputPath;
use tenon_query::{Batch, BatchMode, ExternalId, OnMatch, OneWrite, RecordInput, RecordKey, Target, Write};
use tenon_records::Status;
use tenon_value::Value;

use crate::house::{House, everywhere, problems, text, told};

fn outside(house: &House, index: usize, key: &str, name: &str) -> RecordInput {
    let external_ids = vec![ExternalId { system: "erp".to_owned(), key: Some(key.to_owned()) }];
    let path = InputPath::default().key("inputs").index(index);
    RecordInput { external_ids, path, ..house.input("account", &[("name", text(name))]) }
}

async fn upsert(house: &House, rows: Vec<RecordInput>, on_match: OnMatch) -> Vec<Status> {
    let rows = house.batch("account", Batch::Upsert(Target::External, rows, on_match), BatchMode::Partial).await.unwrap();
    rows.iter().map(|row| row.status).collect()
}

#[test]
fn the_second_time_nothing_changes() {
    everywhere(async |house| {
        let rows = || vec![outside(&house, 0, "1", "A"), outside(&house, 1, "2", "B")];
        assert_eq!(upsert(&house, rows(), OnMatch::Update).await, [Status::Created, Status::Created]);
        assert_eq!(upsert(&house, rows(), OnMatch::Update).await, [Status::Unchanged, Status::Unchanged]);
        assert_eq!(upsert(&house, rows(), OnMatch::Skip).await, [Status::Skipped, Status::Skipped]);
        let changed = vec![outside(&house, 0, "1", "A"), outside(&house, 1, "2", "B2"), outside(&house, 2, "3", "C")];
        assert_eq!(upsert(&house, changed, OnMatch::Update).await, [Status::Unchanged, Status::Updated, Status::Created]);
        assert_eq!(house.count("account").await, 3);
    });
}

#[test]
fn a_deleted_match_is_restored() {
    everywhere(async |house| {
        let key = Target::Unique(house.key("account", "code"));
        let input = || house.input("account", &[("name", text("A")), ("code", text("K"))]);
        let (id, _) = house.one(Write::Upsert(house.ix("account"), key, input())).await;
        house.one(Write::Delete(house.ix("account"), id, None)).await;
        assert_eq!(house.one(Write::Upsert(house.ix("account"), key, input())).await, (id, Status::Restored));
        assert!(house.is_live("account", id).await);
    });
}

#[test]
fn required_fields_are_asked_of_new_records_only() {
    everywhere(async |house| {
        let key = Target::Unique(house.key("account", "code"));
        house.create("account", &[("name", text("A")), ("code", text("K"))]).await;
        let input = |code: &str| house.input("account", &[("code", text(code)), ("size", Value::Int(4))]);
        assert_eq!(house.one(Write::Upsert(house.ix("account"), key, input("k"))).await.1, Status::Updated);
        let problems = house.problems(Write::Upsert(house.ix("account"), key, input("new"))).await;
        assert_eq!(problems.iter().map(told).collect::<Vec<_>>(), ["INVALID required name input.name"]);
    });
}

#[test]
fn equal_keys_in_one_call_are_a_mistake() {
    everywhere(async |house| {
        let rows = vec![outside(&house, 0, "1", "A"), outside(&house, 1, "1", "B")];
        let error = house.batch("account", Batch::Upsert(Target::External, rows, OnMatch::Update), BatchMode::Atomic).await.unwrap_err();
        assert_eq!(problems(error).iter().map(told).collect::<Vec<_>>(), ["INVALID duplicate_key_in_batch - inputs.1"]);
        assert_eq!(house.count("account").await, 0);
    });
}

#[test]
fn two_at_the_same_time_make_one_record() {
    everywhere(async |house| {
        let key = Target::Unique(house.key("account", "code"));
        let write =
            || house.one(Write::Upsert(house.ix("account"), key, house.input("account", &[("name", text("A")), ("code", text("K"))])));
        let (first, second, third) = tokio::join!(write(), write(), write());
        assert_eq!((first.0, first.0), (second.0, third.0));
        let created = [first.1, second.1, third.1].into_iter().filter(|status| *status == Status::Created).count();
        assert_eq!((created, house.count("account").await), (1, 1));
    });
}

#[test]
fn a_key_may_lead_over_a_relation() {
    everywhere(async |house| {
        let key = Target::Unique(house.key("deal", "by_account_and_name"));
        let account = house.create("account", &[("name", text("A")), ("code", text("K"))]).await;
        let code = house.key("account", "code");
        let deal = |code_text: &str| {
            let connect = OneWrite::Connect(house.ix("account"), RecordKey::Unique(code, vec![text(code_text)]));
            house.with_one("deal", "account", house.input("deal", &[("name", text("D"))]), connect)
        };
        let (first, status) = house.one(Write::Upsert(house.ix("deal"), key, deal("K"))).await;
        assert_eq!((status, house.to("deal", first, "account").await), (Status::Created, Some(account)));
        assert_eq!(house.one(Write::Upsert(house.ix("deal"), key, deal("k"))).await, (first, Status::Unchanged));
        let problems = house.problems(Write::Upsert(house.ix("deal"), key, deal("nobody"))).await;
        assert_eq!(problems.iter().map(told).collect::<Vec<_>>(), ["INVALID reference account input.account"]);
        let problems = house.problems(Write::Upsert(house.ix("deal"), key, house.input("deal", &[("name", text("D"))]))).await;
        assert_eq!(problems.iter().map(told).collect::<Vec<_>>(), ["INVALID required account input.account"]);
    });
}
