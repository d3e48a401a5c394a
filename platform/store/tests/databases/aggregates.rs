//! Groups and measures: exact, and the same on both databases.

use tenon_model::Part;
use tenon_query::{
    Aggregate, AggregateOrder, Bucket, BucketUnit, ColumnRef, CompareOp, Deleted, Func, GroupKey, GroupRow, GroupTerm, Having, Hop,
    Measure, Params, Predicate, Sorting,
};
use tenon_store::StoreError;
use tenon_value::{Decimal, Value};

use crate::house::{House, decimal, houses, id, money};

fn text(text: &str) -> Value {
    Value::text(text)
}

fn count() -> Measure {
    Measure { func: Func::Count, column: None, relation: None, filter: None }
}

fn of(house: &House, func: Func, field: &str, part: Part) -> Measure {
    Measure { func, column: Some(ColumnRef { field: house.field("deal", field), part }), relation: None, filter: None }
}

fn key(house: &House, field: &str) -> GroupKey {
    GroupKey { hops: Vec::new(), term: GroupTerm::Column(ColumnRef::whole(house.field("deal", field))) }
}

fn aggregate(house: &House, keys: Vec<GroupKey>, measures: Vec<Measure>) -> Aggregate {
    Aggregate {
        table: house.table("deal"),
        filter: None,
        deleted: Deleted::Exclude,
        keys,
        measures,
        having: None,
        order: Vec::new(),
        first: None,
    }
}

fn shown(groups: &[GroupRow]) -> Vec<String> {
    let list = |values: &[Value]| {
        values
            .iter()
            .map(|value| match value {
                Value::Decimal(number) => number.to_string(),
                Value::Null => "-".to_owned(),
                Value::Int(number) => number.to_string(),
                Value::Text(text) => text.clone(),
                Value::Date(date) => date.to_string(),
                Value::DateTime(at) => at.to_string(),
                Value::Id(id) => id.as_u128().to_string(),
                other => format!("{other:?}"),
            })
            .collect::<Vec<_>>()
            .join(" ")
    };
    groups.iter().map(|group| format!("{}: {}", list(&group.keys), list(&group.measures))).collect()
}

async fn deals(house: &House) {
    house.insert("account", vec![house.record("account", 100, &[("name", text("Acme")), ("region", text("east"))])]).await;
    let deal = |number: u128, stage: &str, rate: &str, size: i64| {
        house.record(
            "deal",
            number,
            &[
                ("stage", text(stage)),
                ("rate", decimal(rate)),
                ("size", Value::Int(size)),
                ("amount", money(rate, "CNY", Some(rate))),
                ("account", id(100)),
            ],
        )
    };
    let mut tagged = deal(4, "lost", "-0.01", 7);
    tagged.set_field(house.field("deal", "tags"), Value::List(vec![text("hot"), text("cold")]));
    house
        .insert(
            "deal",
            vec![
                deal(1, "won", "9999999999999999.99", 1),
                deal(2, "won", "9999999999999999.98", 2),
                deal(3, "won", "0.05", 4),
                tagged,
                house.record("deal", 5, &[]),
            ],
        )
        .await;
}

#[tokio::test]
async fn sums_are_exact_beyond_eighteen_digits_and_means_round_half_up() {
    for house in houses().await {
        deals(&house).await;
        let measures = vec![
            count(),
            of(&house, Func::Sum, "rate", Part::Whole),
            of(&house, Func::Avg, "rate", Part::Whole),
            of(&house, Func::Min, "rate", Part::Whole),
            of(&house, Func::Max, "rate", Part::Whole),
            of(&house, Func::Sum, "size", Part::Whole),
            of(&house, Func::Avg, "size", Part::Whole),
            of(&house, Func::CountDistinct, "size", Part::Whole),
        ];
        let groups = house.groups(aggregate(&house, vec![key(&house, "stage")], measures), &Params::default()).await.unwrap();
        // Choices in declared order (open, won, lost), null last.
        let expected = [
            "won: 3 20000000000000000.02 6666666666666666.673333 0.05 9999999999999999.99 7 2.3333 3",
            "lost: 1 -0.01 -0.010000 -0.01 -0.01 7 7.0000 1",
            "-: 1 - - - - - - 0",
        ];
        assert_eq!(shown(&groups), expected);
    }
}

#[tokio::test]
async fn medians_and_percentiles_lie_between_their_neighbours() {
    for house in houses().await {
        let sizes = [1, 2, 4, 10];
        let records = sizes.iter().enumerate().map(|(at, size)| {
            house.record("deal", at as u128 + 1, &[("size", Value::Int(*size)), ("stage", text(if at < 3 { "open" } else { "won" }))])
        });
        house.insert("deal", records.collect()).await;
        let share = |text: &str| Func::Percentile(text.parse::<Decimal>().unwrap());
        let measures = |house: &House| {
            vec![
                of(house, Func::Median, "size", Part::Whole),
                of(house, share("0.9"), "size", Part::Whole),
                of(house, share("0"), "size", Part::Whole),
                of(house, share("1"), "size", Part::Whole),
                of(house, Func::Median, "rate", Part::Whole),
            ]
        };
        // By hand: places 0.9 × 3 = 2.7 → 4 + 0.7 × 6 = 8.2.
        let all = house.groups(aggregate(&house, vec![], measures(&house)), &Params::default()).await.unwrap();
        assert_eq!(shown(&all), [": 3.0000 8.2000 1.0000 10.0000 -"]);
        let by = house.groups(aggregate(&house, vec![key(&house, "stage")], measures(&house)), &Params::default()).await.unwrap();
        assert_eq!(shown(&by), ["open: 2.0000 3.6000 1.0000 4.0000 -", "won: 10.0000 10.0000 10.0000 10.0000 -"]);
    }
}

#[tokio::test]
async fn nothing_makes_one_group_without_keys_and_none_with() {
    for house in houses().await {
        let one = house
            .groups(
                aggregate(
                    &house,
                    vec![],
                    vec![count(), of(&house, Func::Sum, "rate", Part::Whole), of(&house, Func::Median, "rate", Part::Whole)],
                ),
                &Params::default(),
            )
            .await;
        assert_eq!(shown(&one.unwrap()), [": 0 - -"]);
        let none = house.groups(aggregate(&house, vec![key(&house, "stage")], vec![count()]), &Params::default()).await;
        assert!(none.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_row_counts_in_each_group_of_its_set_and_over_hops() {
    for house in houses().await {
        deals(&house).await;
        let tags = GroupKey { hops: Vec::new(), term: GroupTerm::Element(house.field("deal", "tags")) };
        let groups = house.groups(aggregate(&house, vec![tags], vec![count()]), &Params::default()).await.unwrap();
        assert_eq!(shown(&groups), ["hot: 1", "cold: 1", "-: 4"]);
        let hop = |table| vec![Hop { relation: house.relation("deal", "account"), table }];
        let region = GroupTerm::Column(ColumnRef::whole(house.field("account", "region")));
        let groups = house
            .groups(
                aggregate(&house, vec![GroupKey { hops: hop(house.table("account")), term: region.clone() }], vec![count()]),
                &Params::default(),
            )
            .await;
        assert_eq!(shown(&groups.unwrap()), ["east: 4", "-: 1"]);
        let hidden = house.table_of("account", Predicate::no());
        let groups =
            house.groups(aggregate(&house, vec![GroupKey { hops: hop(hidden), term: region }], vec![count()]), &Params::default()).await;
        assert_eq!(shown(&groups.unwrap()), ["-: 5"]);
        let record = GroupKey { hops: Vec::new(), term: GroupTerm::Relation(house.relation("deal", "account")) };
        let groups = house.groups(aggregate(&house, vec![record], vec![count()]), &Params::default()).await;
        assert_eq!(shown(&groups.unwrap()), ["100: 4", "-: 1"]);
    }
}

#[tokio::test]
async fn filters_having_order_and_first_choose_groups() {
    for house in houses().await {
        deals(&house).await;
        let mut params = Params::default();
        let (one, small) = (params.push(Value::Int(1)), params.push(decimal("1")));
        let mut little = count();
        little.filter = Some(Predicate::Compare { column: ColumnRef::whole(house.field("deal", "rate")), op: CompareOp::Lt, with: small });
        let mut plan = aggregate(&house, vec![key(&house, "stage")], vec![count(), little]);
        plan.order = vec![AggregateOrder::Measure(0, Sorting::Asc), AggregateOrder::Key(0, Sorting::Desc)];
        assert_eq!(shown(&house.groups(plan.clone(), &params).await.unwrap()), ["lost: 1 1", "-: 1 0", "won: 3 1"]);
        plan.having = Some(Having::Compare { measure: 0, op: CompareOp::Gt, with: one });
        assert_eq!(shown(&house.groups(plan.clone(), &params).await.unwrap()), ["won: 3 1"]);
        plan.having = Some(Having::Not(Box::new(Having::IsNull(0))));
        plan.first = Some(one);
        assert_eq!(shown(&house.groups(plan, &params).await.unwrap()), ["lost: 1 1"]);
    }
}

#[tokio::test]
async fn a_sum_of_money_without_a_rate_is_refused() {
    for house in houses().await {
        deals(&house).await;
        house.insert("deal", vec![house.record("deal", 9, &[("amount", money("5.00", "XXX", None)), ("stage", text("open"))])]).await;
        let plan = aggregate(&house, vec![key(&house, "stage")], vec![of(&house, Func::Sum, "amount", Part::Base)]);
        let refused = house.groups(plan.clone(), &Params::default()).await;
        assert!(matches!(refused, Err(StoreError::CurrencyRateMissing { rows: 1 })), "{refused:?}");
        let currency = GroupTerm::Column(ColumnRef { field: house.field("deal", "amount"), part: Part::Currency });
        let plan =
            aggregate(&house, vec![GroupKey { hops: Vec::new(), term: currency }], vec![of(&house, Func::Sum, "amount", Part::Amount)]);
        let groups = house.groups(plan, &Params::default()).await.unwrap();
        assert_eq!(shown(&groups), ["CNY: 20000000000000000.01", "XXX: 5.00", "-: -"]);
    }
}

fn bucket(house: &House, field: &str, unit: BucketUnit, zone: &str, sunday: bool) -> GroupKey {
    let bucket = Bucket { unit, zone: zone.to_owned(), sunday, fiscal_start: 4 };
    GroupKey { hops: Vec::new(), term: GroupTerm::Bucket(ColumnRef::whole(house.field("deal", field)), bucket) }
}

#[tokio::test]
async fn buckets_begin_on_local_days() {
    for house in houses().await {
        let records = [
            ("2026-01-01", "2026-03-29T00:30:00Z"),
            ("2026-02-28", "2026-03-29T01:30:00Z"),
            ("2024-02-29", "2026-10-25T00:30:00Z"),
            ("1969-12-31", "2026-10-25T01:30:00Z"),
        ];
        let records = records.iter().enumerate().map(|(at, (day, moment))| {
            house.record(
                "deal",
                at as u128 + 1,
                &[("close_date", Value::Date(day.parse().unwrap())), ("next_call", Value::DateTime(moment.parse().unwrap()))],
            )
        });
        house.insert("deal", records.collect()).await;
        let cases = [
            (BucketUnit::Day, false, vec!["1969-12-31: 1", "2024-02-29: 1", "2026-01-01: 1", "2026-02-28: 1"]),
            (BucketUnit::Week, false, vec!["1969-12-29: 1", "2024-02-26: 1", "2025-12-29: 1", "2026-02-23: 1"]),
            (BucketUnit::Week, true, vec!["1969-12-28: 1", "2024-02-25: 1", "2025-12-28: 1", "2026-02-22: 1"]),
            (BucketUnit::Month, false, vec!["1969-12-01: 1", "2024-02-01: 1", "2026-01-01: 1", "2026-02-01: 1"]),
            (BucketUnit::Quarter, false, vec!["1969-10-01: 1", "2024-01-01: 1", "2026-01-01: 2"]),
            (BucketUnit::Year, false, vec!["1969-01-01: 1", "2024-01-01: 1", "2026-01-01: 2"]),
            (BucketUnit::FiscalQuarter, false, vec!["1969-10-01: 1", "2024-01-01: 1", "2026-01-01: 2"]),
            (BucketUnit::FiscalYear, false, vec!["1969-04-01: 1", "2023-04-01: 1", "2025-04-01: 2"]),
        ];
        for (unit, sunday, expected) in cases {
            let plan = aggregate(&house, vec![bucket(&house, "close_date", unit, "UTC", sunday)], vec![count()]);
            assert_eq!(shown(&house.groups(plan, &Params::default()).await.unwrap()), expected, "{unit:?}");
        }
        // Berlin: clocks go forward on 29 March at 01:00 UTC, back on 25 October at 01:00 UTC.
        let plan = aggregate(&house, vec![bucket(&house, "next_call", BucketUnit::Hour, "Europe/Berlin", false)], vec![count()]);
        let expected =
            ["2026-03-29T00:00:00.000Z: 1", "2026-03-29T01:00:00.000Z: 1", "2026-10-25T00:00:00.000Z: 1", "2026-10-25T01:00:00.000Z: 1"];
        assert_eq!(shown(&house.groups(plan, &Params::default()).await.unwrap()), expected);
        // 01:30 UTC is still the day before in New York, and 07:00 in Kathmandu (+05:45).
        let plan = aggregate(&house, vec![bucket(&house, "next_call", BucketUnit::Day, "America/New_York", false)], vec![count()]);
        assert_eq!(shown(&house.groups(plan, &Params::default()).await.unwrap()), ["2026-03-28: 2", "2026-10-24: 2"]);
        let plan = aggregate(&house, vec![bucket(&house, "next_call", BucketUnit::Hour, "Asia/Kathmandu", false)], vec![count()]);
        let expected =
            ["2026-03-29T00:15:00.000Z: 1", "2026-03-29T01:15:00.000Z: 1", "2026-10-25T00:15:00.000Z: 1", "2026-10-25T01:15:00.000Z: 1"];
        assert_eq!(shown(&house.groups(plan, &Params::default()).await.unwrap()), expected);
    }
}
