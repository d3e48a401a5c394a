//! The same rows, the same random reads: both databases give the same answer, and a plain scan in Rust agrees.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tenon_model::Part;
use tenon_query::{
    Aggregate, ColumnRef, CompareOp, Cursor, Deleted, Direction, Func, GroupKey, GroupTerm, Measure, Order, Output, Params, Predicate,
    Select, SetOp, Slot, SortBy, Sorting, Window,
};
use tenon_value::{Decimal, Value};

use crate::house::{House, houses, numbers};

/// A row: rate in cents, size, name, tags as bits; none where it is empty.
type Cells = (Option<i64>, Option<i64>, Option<String>, u8);

/// A random condition, still without places for its values.
#[derive(Clone, Debug)]
enum Condition {
    Rate(CompareOp, i64),
    Size(CompareOp, i64),
    Name(CompareOp, String),
    Tags(SetOp, u8),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

const CODES: [&str; 3] = ["hot", "cold", "warm"];

fn codes(bits: u8) -> Vec<Value> {
    CODES.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1).map(|(_, code)| Value::text(*code)).collect()
}

fn op() -> impl Strategy<Value = CompareOp> {
    prop::sample::select(vec![CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Lte, CompareOp::Gt, CompareOp::Gte])
}

fn condition() -> impl Strategy<Value = Condition> {
    let name = prop::sample::select(vec!["a", "B", "b", "é", "贝", "z%"]).prop_map(str::to_owned);
    let leaf = prop_oneof![
        (op(), -40_i64..40).prop_map(|(op, tenths)| Condition::Rate(op, tenths)),
        (op(), -3_i64..3).prop_map(|(op, size)| Condition::Size(op, size)),
        (op(), name).prop_map(|(op, name)| Condition::Name(op, name)),
        (prop::sample::select(vec![SetOp::HasAny, SetOp::HasAll, SetOp::HasNone]), 0_u8..8)
            .prop_map(|(op, bits)| Condition::Tags(op, bits)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|condition| Condition::Not(Box::new(condition))),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Condition::All),
            prop::collection::vec(inner, 0..3).prop_map(Condition::Any),
        ]
    })
}

fn holds(condition: &Condition, (rate, size, name, tags): &Cells) -> bool {
    fn compare<T: Ord>(op: CompareOp, left: Option<T>, right: T) -> bool {
        let Some(left) = left else { return op == CompareOp::Ne };
        match op {
            CompareOp::Eq => left == right,
            CompareOp::Ne => left != right,
            CompareOp::Lt => left < right,
            CompareOp::Lte => left <= right,
            CompareOp::Gt => left > right,
            CompareOp::Gte => left >= right,
        }
    }
    match condition {
        // Cents against tenths of a cent.
        Condition::Rate(op, tenths) => compare(*op, rate.map(|cents| cents * 10), *tenths),
        Condition::Size(op, wanted) => compare(*op, *size, *wanted),
        Condition::Name(op, wanted) => compare(*op, name.as_deref(), wanted.as_str()),
        Condition::Tags(SetOp::HasAny, bits) => tags & bits != 0,
        Condition::Tags(SetOp::HasAll, bits) => tags & bits == *bits,
        Condition::Tags(SetOp::HasNone, bits) => tags & bits == 0,
        Condition::Not(inner) => !holds(inner, &(*rate, *size, name.clone(), *tags)),
        Condition::All(all) => all.iter().all(|inner| holds(inner, &(*rate, *size, name.clone(), *tags))),
        Condition::Any(any) => any.iter().any(|inner| holds(inner, &(*rate, *size, name.clone(), *tags))),
    }
}

fn lower(house: &House, condition: &Condition, params: &mut Params) -> Predicate {
    let mut compare = |field: &str, op: CompareOp, value: Value| {
        let column = ColumnRef { field: house.field("deal", field), part: Part::Whole };
        Predicate::Compare { column, op, with: params.push(value) }
    };
    match condition {
        Condition::Rate(op, tenths) => compare("rate", *op, Value::Decimal(Decimal::new(i128::from(*tenths), 3))),
        Condition::Size(op, size) => compare("size", *op, Value::Int(*size)),
        Condition::Name(op, name) => compare("name", *op, Value::text(name.clone())),
        Condition::Tags(op, bits) => {
            Predicate::Set { field: house.field("deal", "tags"), op: *op, codes: params.push(Value::List(codes(*bits))) }
        }
        Condition::Not(inner) => Predicate::Not(Box::new(lower(house, inner, params))),
        Condition::All(all) => Predicate::All(all.iter().map(|inner| lower(house, inner, params)).collect()),
        Condition::Any(any) => Predicate::Any(any.iter().map(|inner| lower(house, inner, params)).collect()),
    }
}

fn rows() -> Vec<Cells> {
    let names = [None, Some("a"), Some("B"), Some("b"), Some("é"), Some("贝"), Some("z%")];
    (0..42_i64)
        .map(|at| {
            let rate = (at % 5 != 0).then_some(at % 7 - 3);
            let size = (at % 3 != 0).then_some(at % 4 - 2);
            let name = names.iter().cycle().nth(usize::try_from(at).unwrap()).copied().flatten().map(str::to_owned);
            (rate, size, name, u8::try_from(at % 8).unwrap())
        })
        .collect()
}

async fn fill(house: &House, rows: &[Cells]) {
    let records = rows.iter().zip(1..).map(|((rate, size, name, tags), number)| {
        let tags = codes(*tags);
        let values = [
            ("rate", rate.map_or(Value::Null, |cents| Value::Decimal(Decimal::new(i128::from(cents), 2)))),
            ("size", size.map_or(Value::Null, Value::Int)),
            ("name", name.clone().map_or(Value::Null, Value::Text)),
            ("tags", if tags.is_empty() { Value::Null } else { Value::List(tags) }),
        ];
        house.record("deal", number, &values)
    });
    house.insert("deal", records.collect()).await;
}

fn order(house: &House, sortings: [Sorting; 2]) -> Vec<Order> {
    let by = |field: &str, part, sorting| Order { by: SortBy::Column { field: house.field("deal", field), part }, sorting };
    vec![by("rate", Part::Whole, sortings[0]), by("name", Part::Fold, sortings[1]), by("id", Part::Whole, Sorting::Asc)]
}

/// All rows of a condition, page by page.
async fn paged(house: &House, condition: &Condition, sortings: [Sorting; 2], size: i64, direction: Direction) -> Vec<u128> {
    let (mut seen, mut at): (Vec<u128>, Option<tenon_query::Row>) = (Vec::new(), None);
    loop {
        let mut params = Params::default();
        let filter = lower(house, condition, &mut params);
        let cursor = at.as_ref().map(|row| Cursor {
            nulls: row.values.iter().enumerate().filter(|(_, value)| value.is_null()).fold(0, |nulls, (place, _)| nulls | 1 << place),
            values: row.values.iter().map(|value| params.push(value.clone())).collect(),
        });
        let (after, before) = if direction == Direction::Forward { (cursor, None) } else { (None, cursor) };
        let window = Window::Page { size: params.push(Value::Int(size)), direction, after, before, exact_ends: false };
        let output = Output { slots: vec![Slot::OrderTerm(0), Slot::OrderTerm(1), Slot::OrderTerm(2)], ..Output::default() };
        let select = Select {
            table: house.table("deal"),
            filter: Some(filter),
            deleted: Deleted::Exclude,
            order: order(house, sortings),
            window,
            output,
            count: None,
        };
        let page = house.select(select, &params).await;
        if direction == Direction::Forward {
            seen.extend(numbers(&page));
            at = page.rows.last().cloned();
            if !page.has_next {
                return seen;
            }
        } else {
            seen.splice(0..0, numbers(&page));
            at = page.rows.first().cloned();
            if !page.has_previous {
                return seen;
            }
        }
    }
}

async fn grouped(house: &House, condition: &Condition) -> Vec<String> {
    let mut params = Params::default();
    let filter = lower(house, condition, &mut params);
    let of = |func, field: &str| Measure { func, column: Some(ColumnRef::whole(house.field("deal", field))), relation: None, filter: None };
    let functions =
        [Func::Count, Func::CountDistinct, Func::Sum, Func::Avg, Func::Min, Func::Max, Func::Median, Func::Percentile(Decimal::new(37, 2))];
    let measures = functions.into_iter().flat_map(|func| [of(func, "rate"), of(func, "size")]).collect();
    let keys = vec![GroupKey { hops: Vec::new(), term: GroupTerm::Column(ColumnRef::whole(house.field("deal", "name"))) }];
    let plan = Aggregate {
        table: house.table("deal"),
        filter: Some(filter),
        deleted: Deleted::Exclude,
        keys,
        measures,
        having: None,
        order: Vec::new(),
        first: None,
    };
    house.groups(plan, &params).await.unwrap().iter().map(|group| format!("{group:?}")).collect()
}

#[test]
fn both_databases_answer_random_reads_alike() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let rows = rows();
    let houses = runtime.block_on(async {
        let houses = houses().await;
        for house in &houses {
            fill(house, &rows).await;
        }
        houses
    });
    let sorting = || prop::sample::select(vec![Sorting::Asc, Sorting::Desc, Sorting::AscNullsFirst, Sorting::DescNullsFirst]);
    let plans = (condition(), sorting(), sorting(), 1_i64..30);
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let checked = runner.run(&plans, |(condition, first, second, size)| {
        runtime.block_on(async {
            let expected: Vec<u128> =
                rows.iter().zip(1..).filter(|(cells, _)| holds(&condition, cells)).map(|(_, number)| number).collect();
            let (mut orders, mut groups) = (Vec::new(), Vec::new());
            for house in &houses {
                let forward = paged(house, &condition, [first, second], size, Direction::Forward).await;
                prop_assert_eq!(&forward, &paged(house, &condition, [first, second], size, Direction::Backward).await);
                let mut found = forward.clone();
                found.sort_unstable();
                prop_assert_eq!(&found, &expected);
                orders.push(forward);
                groups.push(grouped(house, &condition).await);
            }
            prop_assert!(orders.windows(2).all(|pair| pair[0] == pair[1]), "{:?}", orders);
            prop_assert!(groups.windows(2).all(|pair| pair[0] == pair[1]), "{:?}", groups);
            Ok(())
        })
    });
    checked.unwrap();
}
