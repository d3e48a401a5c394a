//! One record: defaults, rules, versions, money, numbers.

use tenon_model::system;
use tenon_query::{OneWrite, RecordKey, Write};
use tenon_records::Status;
use tenon_value::{Decimal, Money, Value};

use crate::house::{detail, everywhere, text, told};

fn money(amount: &str, currency: &str) -> Value {
    Value::Money(Money { amount: amount.parse().unwrap(), currency: currency.to_owned(), base: None })
}

#[test]
fn a_new_record_has_its_defaults_and_version_one() {
    everywhere(async |house| {
        let id = house.create("deal", &[("name", text("First"))]).await;
        let deal = house.get("deal", id).await;
        assert_eq!(deal.version(), 1);
        assert_eq!(*deal.field(house.field("deal", "stage")), text("open"));
        assert_eq!(*deal.field(house.field("deal", "is_key")), Value::Bool(false));
        assert_eq!(*deal.field(system::CREATED_AT), Value::DateTime(house.cx.now));
        assert_eq!(*deal.relation(system::CREATED_BY), Value::Ref("api_key".to_owned(), house.cx.principal.id));
        assert!(deal.relation(system::OWNER).is_null());
    });
}

#[test]
fn null_is_not_absent_and_takes_no_default() {
    everywhere(async |house| {
        let id = house.create("deal", &[("name", text("First")), ("stage", Value::Null), ("is_key", Value::Null)]).await;
        assert_eq!(house.value("deal", id, "stage").await, Value::Null);
        assert_eq!(house.value("deal", id, "is_key").await, Value::Bool(false));
    });
}

#[test]
fn numbers_of_a_series_follow_each_other() {
    everywhere(async |house| {
        for expected in ["D-2026-0001", "D-2026-0002"] {
            let id = house.create("deal", &[("name", text(expected))]).await;
            assert_eq!(house.value("deal", id, "number").await, text(expected));
        }
    });
}

#[test]
fn an_unchanged_save_makes_no_version() {
    everywhere(async |house| {
        let id = house.create("deal", &[("name", text("First")), ("amount", money("10.00", "EUR"))]).await;
        let same = house.input("deal", &[("name", text("First")), ("amount", money("10.00", "EUR")), ("is_key", Value::Bool(false))]);
        let (_, status) = house.one(Write::Update(house.ix("deal"), id, None, same)).await;
        assert_eq!((status, house.get("deal", id).await.version()), (Status::Unchanged, 1));
        let other = house.input("deal", &[("name", text("Second"))]);
        let (_, status) = house.one(Write::Update(house.ix("deal"), id, Some(1), other)).await;
        assert_eq!((status, house.get("deal", id).await.version()), (Status::Updated, 2));
    });
}

#[test]
fn a_stale_version_is_a_conflict_that_says_what_changed() {
    everywhere(async |house| {
        let id = house.create("account", &[("name", text("A"))]).await;
        house.one(Write::Update(house.ix("account"), id, Some(1), house.input("account", &[("size", Value::Int(3))]))).await;
        let problems =
            house.problems(Write::Update(house.ix("account"), id, Some(1), house.input("account", &[("name", text("B"))]))).await;
        assert_eq!(problems.iter().map(told).collect::<Vec<_>>(), ["CONFLICT version - expectedVersion"]);
        assert_eq!(detail(&problems[0], "currentVersion"), 2);
        assert_eq!(detail(&problems[0], "expectedVersion"), 1);
        assert_eq!(detail(&problems[0], "changedFields"), serde_json::json!(["size"]));
        assert_eq!(detail(&problems[0], "by")["kind"], "API_KEY");
        assert_eq!(house.value("account", id, "name").await, text("A"));
    });
}

#[test]
fn a_missing_record_is_not_found_and_a_missing_target_a_bad_reference() {
    everywhere(async |house| {
        let nobody = tenon_value::RecordId::generate();
        let problems =
            house.problems(Write::Update(house.ix("account"), nobody, None, house.input("account", &[("name", text("B"))]))).await;
        assert_eq!(told(&problems[0]), "NOT_FOUND - - id");
        let input = house.with_one(
            "deal",
            "account",
            house.input("deal", &[("name", text("D"))]),
            OneWrite::Connect(house.ix("account"), RecordKey::Id(nobody)),
        );
        let problems = house.problems(Write::Create(house.ix("deal"), input)).await;
        assert_eq!(problems.iter().map(told).collect::<Vec<_>>(), ["INVALID reference account input.account"]);
        assert_eq!(house.count("deal").await, 0);
    });
}

#[test]
fn a_taken_key_names_the_record_that_has_it() {
    everywhere(async |house| {
        let first = house.create("account", &[("name", text("A")), ("code", text("X1"))]).await;
        let problems =
            house.problems(Write::Create(house.ix("account"), house.input("account", &[("name", text("B")), ("code", text("x1"))]))).await;
        assert_eq!(told(&problems[0]), "CONFLICT unique code input.code");
        assert_eq!(detail(&problems[0], "existing"), first.to_string());
    });
}

#[test]
fn an_id_of_the_client_is_used_once_and_the_same_request_again_is_no_conflict() {
    everywhere(async |house| {
        let id = tenon_value::RecordId::generate();
        let mut input = house.input("account", &[("name", text("A"))]);
        input.id = Some(id);
        assert_eq!(house.one(Write::Create(house.ix("account"), input.clone())).await, (id, Status::Created));
        assert_eq!(house.one(Write::Create(house.ix("account"), input.clone())).await, (id, Status::Created));
        assert_eq!((house.count("account").await, house.get("account", id).await.version()), (1, 1));
        input.fields = vec![(house.field("account", "name"), text("B"))];
        let problems = house.problems(Write::Create(house.ix("account"), input)).await;
        assert_eq!(told(&problems[0]), "CONFLICT id id input.id");
    });
}

#[test]
fn money_is_worth_what_the_rate_of_the_day_says() {
    everywhere(async |house| {
        let usd = house.create("currency", &[("code", text("USD"))]).await;
        for (date, rate) in [("2026-01-01", "7.000000"), ("2026-03-01", "7.250000"), ("2026-12-01", "9.000000")] {
            let fields = [("date", Value::Date(date.parse().unwrap())), ("rate", Value::Decimal(rate.parse::<Decimal>().unwrap()))];
            let input = house.input("exchange_rate", &fields);
            let input = house.with_one("exchange_rate", "currency", input, OneWrite::Connect(house.ix("currency"), RecordKey::Id(usd)));
            house.one(Write::Create(house.ix("exchange_rate"), input)).await;
        }
        let base = async |amount: &str, currency: &str| {
            let id = house.create("deal", &[("name", text(currency)), ("amount", money(amount, currency))]).await;
            let Value::Money(money) = house.value("deal", id, "amount").await else { panic!("money") };
            money.base.map(|base| base.to_string())
        };
        // 10.01 × 7.25 = 72.5725, half-up at two places.
        assert_eq!(base("10.01", "USD").await.as_deref(), Some("72.57"));
        assert_eq!(base("10.01", "CNY").await.as_deref(), Some("10.01"));
        assert_eq!(base("10.01", "EUR").await, None);
    });
}

#[test]
fn a_tree_has_no_circle() {
    everywhere(async |house| {
        let top = house.create("account", &[("name", text("top"))]).await;
        let under = |parent| {
            house.with_one(
                "account",
                "parent",
                house.input("account", &[("name", text("below"))]),
                OneWrite::Connect(house.ix("account"), RecordKey::Id(parent)),
            )
        };
        let (middle, _) = house.one(Write::Create(house.ix("account"), under(top))).await;
        let (low, _) = house.one(Write::Create(house.ix("account"), under(middle))).await;
        for parent in [top, middle, low] {
            let problems = house.problems(Write::Update(house.ix("account"), top, None, under(parent))).await;
            assert_eq!(told(&problems[0]), "INVALID cycle parent input.parent");
        }
        house.one(Write::Update(house.ix("account"), low, None, under(top))).await;
        assert_eq!(house.to("account", low, "parent").await, Some(top));
    });
}

#[test]
fn a_dry_run_leaves_nothing() {
    everywhere(async |mut house| {
        house.cx.dry_run = true;
        let (_, status) = house.one(Write::Create(house.ix("account"), house.input("account", &[("name", text("A"))]))).await;
        assert_eq!((status, house.count("account").await), (Status::Created, 0));
    });
}

#[test]
fn who_has_no_right_finds_nothing_and_writes_nothing() {
    everywhere(async |mut house| {
        let id = house.create("account", &[("name", text("A"))]).await;
        house.cx.principal.roles.clear();
        house.policy = tenon_access::Policy::resolve(&house.cx.model, &house.cx.principal);
        let writes = [
            Write::Create(house.ix("account"), house.input("account", &[("name", text("B"))])),
            Write::Update(house.ix("account"), id, None, house.input("account", &[("name", text("B"))])),
            Write::Delete(house.ix("account"), id, None),
            Write::Destroy(house.ix("account"), id),
        ];
        for write in writes {
            assert_eq!(house.problems(write).await.iter().map(told).collect::<Vec<_>>(), ["NOT_FOUND - - "]);
        }
    });
}

#[test]
fn what_the_system_sets_cannot_be_written() {
    everywhere(async |house| {
        let number = house.field("deal", "number");
        let mut input = house.input("deal", &[("name", text("D"))]);
        input.fields.push((number, text("D-1")));
        input.fields.push((tenon_model::system::VERSION, Value::Int(7)));
        let problems = house.problems(Write::Create(house.ix("deal"), input)).await;
        assert_eq!(
            problems.iter().map(told).collect::<Vec<_>>(),
            ["INVALID read_only number input.number", "INVALID read_only version input.version"]
        );
    });
}

#[test]
fn records_within_records_have_a_depth() {
    everywhere(async |house| {
        let mut input = house.input("account", &[("name", text("0"))]);
        for level in 1..6 {
            let outer = house.input("account", &[("name", text(&level.to_string()))]);
            input = house.with_one("account", "parent", outer, OneWrite::Create(house.ix("account"), Box::new(input)));
        }
        let problems = house.problems(Write::Create(house.ix("account"), input)).await;
        assert_eq!(problems.iter().map(told).collect::<Vec<_>>(), ["EXHAUSTED nesting - "]);
        assert_eq!(house.count("account").await, 0);
    });
}
