//! Rows found by why they may be seen: whatever the policy, the order, the page and the end it is read from, they are the rows
//! that a plain filter gives; and what is kept beside references stays right whatever happens to their targets.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tenon_compiler::{SourceFile, assemble, read};
use tenon_context::{ActorKind, OpContext, OpContextParts, Principal, Standing, Via};
use tenon_model::{Fact, Model, ModelVersion, Physical, Settings, Verb, system};
use tenon_query::{
    Action, Aggregate, Answer, AuthorizedTable, ColumnRef, CompareOp, Cursor, Deleted, Direction, Func, GroupKey, GroupTerm, Measure,
    Order, Output, Param, Params, Predicate, Read, RefOp, Select, Slot, SortBy, Sorting, Window,
};
use tenon_store::{RowWrite, Share, StoreError};
use tenon_value::{Date, Locale, Name, RecordId, RequestId, TenantId, Uuid, Value};

use crate::house::{House, by_hand, databases, id, now, numbers};

const OBJECTS: &str = include_str!("fans.yaml");
const ROLE: &str = "format: tenon/v1\nrole: rep\nlabel: { en: Rep, zh: 销售 }\n";
const ACCESS: &str = "format: tenon/v1\nobject: deal\nroles:\n  rep:\n    can: [read]\n    rows: { read: \"owner == me || owner.team in my.teams || account.territory in my.territories || account.kind == 'gold'\" }
    fields: { '*': read }\nsharing:\n  key: { label: { en: Key, zh: 重点 }, rows: \"is_key || stage == 'won'\", to: { roles: [rep] }, rights: [read] }\n";
const NOTES: &str = "format: tenon/v1\nobject: note\nroles:\n  rep:\n    can: [read]\n    rows: { read: \"owner == me || account.territory in my.territories\" }\n    fields: { '*': read }\n";

/// Teams, territories, users, accounts and deals have numbers of their own hundred.
const TEAM: u128 = 100;
const TERRITORY: u128 = 200;
const USER: u128 = 300;
const ACCOUNT: u128 = 400;
const DEAL: u128 = 1_000;

fn model(tenant: TenantId) -> Arc<Model> {
    let mut files: Vec<SourceFile> =
        OBJECTS.split("\n---\n").enumerate().map(|(at, text)| SourceFile::new(format!("objects/o{at}/object.yaml"), text)).collect();
    files.push(SourceFile::new("roles/rep.yaml".to_owned(), ROLE));
    files.push(SourceFile::new("objects/deal/access.yaml".to_owned(), ACCESS));
    files.push(SourceFile::new("objects/note/access.yaml".to_owned(), NOTES));
    let layer = read(&Name::known("tenant"), &files);
    assert!(layer.diagnostics.is_empty(), "{:#?}", layer.diagnostics);
    let assembled = assemble(tenant, ModelVersion(1), &Settings::default(), &[layer.layer], &Physical::default());
    Arc::new(assembled.model.unwrap_or_else(|| panic!("{:#?}", assembled.diagnostics)))
}

async fn all() -> Vec<House> {
    let mut all = Vec::new();
    for database in databases() {
        all.push(House::of(database, model).await);
    }
    all
}

/// Somebody in these teams and territories.
#[derive(Clone, Debug)]
struct Who {
    me: u128,
    teams: Vec<u128>,
    territories: Vec<u128>,
}

#[expect(clippy::disallowed_methods, reason = "a test makes its own context")]
fn cx(house: &House, who: &Who) -> OpContext {
    let list = |numbers: &[u128]| Value::List(numbers.iter().map(|number| id(*number)).collect());
    let facts = [(Fact::Me, id(who.me)), (Fact::Teams, list(&who.teams)), (Fact::Territories, list(&who.territories))];
    let principal = Principal {
        standing: Arc::new(Standing::from_iter(facts)),
        ..Principal::new(ActorKind::User, Uuid::from_u128(who.me), "Somebody".to_owned())
    };
    OpContext::assume(OpContextParts {
        model: Arc::clone(&house.model),
        principal,
        now: now(),
        deadline: None,
        request: RequestId::generate(),
        locale: Locale::En,
        via: Via::Graphql,
    })
}

/// The ways of a policy, a bit each; the last asks for something beside.
const WAYS: u8 = 8;

fn way(house: &House, object: &str, way: u8) -> Predicate {
    let literal = |value: Value| Param::Literal(house.model.literal(&value).unwrap());
    let over = |relation: &str, target: &str, holds: Predicate| Predicate::ToOne {
        relation: house.relation(object, relation),
        table: house.table(target),
        holds: Box::new(holds),
    };
    let among = |object: &str, relation: &str, fact| Predicate::Ref {
        relation: house.relation(object, relation),
        op: RefOp::In(Param::Mine(fact)),
    };
    let equals = |object: &str, field: &str, value: Value| Predicate::Compare {
        column: ColumnRef::whole(house.field(object, field)),
        op: CompareOp::Eq,
        with: literal(value),
    };
    let mine = Predicate::Ref { relation: system::OWNER, op: RefOp::Eq(Param::Mine(Fact::Me)) };
    match way {
        0 => mine,
        1 if object == "deal" => over("owner", "user", among("user", "team", Fact::Teams)),
        2 => over("account", "account", among("account", "territory", Fact::Territories)),
        3 if object == "deal" => equals(object, "is_key", Value::Bool(true)),
        4 if object == "deal" => equals(object, "stage", Value::text("won")),
        5 if object == "deal" => over("account", "account", equals("account", "kind", Value::text("gold"))),
        6 => Predicate::Shared { with: vec![Param::Mine(Fact::Me), Param::Mine(Fact::Teams)], right: Verb::Read },
        7 if object == "deal" => Predicate::All(vec![
            Predicate::Not(Box::new(equals(object, "is_key", Value::Bool(true)))),
            over("owner", "user", among("user", "team", Fact::Teams)),
        ]),
        _ => mine,
    }
}

fn policy(house: &House, object: &str, bits: u8) -> Predicate {
    Predicate::Any((0..WAYS).filter(|at| bits >> at & 1 == 1).map(|at| way(house, object, at)).collect())
}

#[expect(clippy::disallowed_methods, reason = "a test decides for itself")]
fn under(house: &House, object: &str, rows: Option<Predicate>) -> AuthorizedTable {
    AuthorizedTable::assume(house.object(object).ix, Action::Read, rows.map(Arc::new))
}

async fn answer(house: &House, cx: &OpContext, read: Read, params: &Params) -> Answer {
    let prepared = house.store.prepare(&house.model, read).unwrap();
    house.store.read(cx, &prepared, params).await.unwrap_or_else(|error| panic!("{error:?}: {:#?}", prepared.statements()))
}

/// How a list is read.
#[derive(Clone, Debug)]
struct Way {
    object: &'static str,
    size: i64,
    direction: Direction,
    sorting: Sorting,
    /// Deals of this stage only.
    stage: Option<&'static str>,
}

fn order(house: &House, way: &Way) -> Vec<Order> {
    let by = |field, sorting| Order { by: SortBy::Column { field, part: tenon_model::Part::Whole }, sorting };
    match way.object {
        "deal" => vec![by(house.field("deal", "close_date"), way.sorting), by(system::ID, Sorting::Asc)],
        _ => vec![by(system::ID, way.sorting)],
    }
}

/// All rows page by page, and how many there are said to be: by policy, or by the same as a plain filter.
async fn paged(house: &House, who: &Who, rows: &Predicate, way: &Way, plain: bool) -> (Vec<u128>, (u64, bool)) {
    let cx = cx(house, who);
    let (mut seen, mut at, mut counted): (Vec<u128>, Option<tenon_query::Row>, _) = (Vec::new(), None, None);
    loop {
        let mut params = Params::default();
        let stage = way.stage.filter(|_| way.object == "deal").map(|stage| Predicate::Compare {
            column: ColumnRef::whole(house.field("deal", "stage")),
            op: CompareOp::Eq,
            with: params.push(Value::text(stage)),
        });
        let cursor = at.as_ref().map(|row| Cursor {
            nulls: row.values.iter().enumerate().filter(|(_, value)| value.is_null()).fold(0, |nulls, (place, _)| nulls | 1 << place),
            values: row.values.iter().map(|value| params.push(value.clone())).collect(),
        });
        let forward = way.direction == Direction::Forward;
        let (after, before) = if forward { (cursor, None) } else { (None, cursor) };
        let order = order(house, way);
        let slots = (0..u8::try_from(order.len()).unwrap()).map(Slot::OrderTerm).collect();
        let select = Select {
            table: under(house, way.object, (!plain).then(|| rows.clone())),
            filter: Predicate::and(plain.then(|| rows.clone()), stage),
            deleted: Deleted::Exclude,
            order,
            window: Window::Page { size: params.push(Value::Int(way.size)), direction: way.direction, after, before, exact_ends: true },
            output: Output { slots, ..Output::default() },
            count: Some(params.push(Value::Int(30))),
        };
        let Answer::Page(page) = answer(house, &cx, Read::Select(select), &params).await else { panic!("a page") };
        counted = counted.or(page.count);
        let more = if forward { page.has_next } else { page.has_previous };
        if forward {
            seen.extend(numbers(&page));
            at = page.rows.last().cloned();
        } else {
            seen.splice(0..0, numbers(&page));
            at = page.rows.first().cloned();
        }
        if !more {
            return (seen, counted.unwrap());
        }
    }
}

async fn grouped(house: &House, who: &Who, rows: &Predicate, plain: bool) -> Vec<String> {
    let mut params = Params::default();
    let since =
        Predicate::Compare { column: ColumnRef::whole(house.field("deal", "close_date")), op: CompareOp::Gte, with: params.push(day(2)) };
    let count = Measure { func: Func::Count, column: None, relation: None, filter: None };
    let plan = Aggregate {
        table: under(house, "deal", (!plain).then(|| rows.clone())),
        filter: Predicate::and(plain.then(|| rows.clone()), Some(since)),
        deleted: Deleted::Exclude,
        keys: vec![GroupKey { hops: Vec::new(), term: GroupTerm::Column(ColumnRef::whole(house.field("deal", "stage"))) }],
        measures: vec![count],
        having: None,
        order: Vec::new(),
        first: None,
    };
    let Answer::Groups(groups) = answer(house, &cx(house, who), Read::Aggregate(plan), &params).await else { panic!("groups") };
    groups.iter().map(|group| format!("{group:?}")).collect()
}

fn day(number: i32) -> Value {
    Value::Date(Date::from_days(20_000 + number))
}

/// Numbers that look random and are the same each time.
fn chance(seed: u128, below: u128) -> u128 {
    (seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 17) % below
}

fn maybe(seed: u128, base: u128, below: u128) -> Value {
    if chance(seed, 6) == 0 { Value::Null } else { id(base + chance(seed + 7, below)) }
}

fn account(house: &House, number: u128, seed: u128) -> tenon_query::Record {
    let kind = if chance(seed, 4) == 0 { Value::text("gold") } else { Value::Null };
    house.record(
        "account",
        ACCOUNT + number,
        &[("name", Value::text(format!("A{number}"))), ("kind", kind), ("territory", maybe(seed, TERRITORY, 4))],
    )
}

fn user(house: &House, number: u128, seed: u128) -> tenon_query::Record {
    house.record("user", USER + number, &[("name", Value::text("U")), ("team", maybe(seed, TEAM, 4))])
}

fn deal(house: &House, number: u128, seed: u128) -> tenon_query::Record {
    let stages = ["open", "won", "lost"];
    let stage = *stages.get(usize::try_from(chance(seed, 3)).unwrap()).unwrap();
    let close = if chance(seed + 3, 5) == 0 { Value::Null } else { day(i32::try_from(chance(seed + 4, 6)).unwrap()) };
    let values = [
        ("name", Value::text("D")),
        ("stage", Value::text(stage)),
        ("is_key", Value::Bool(chance(seed + 5, 9) == 0)),
        ("close_date", close),
        ("owner", maybe(seed + 6, USER, 8)),
        ("account", maybe(seed + 8, ACCOUNT, 12)),
    ];
    house.record("deal", DEAL + number, &values)
}

const DEALS: u128 = 150;

async fn fill(house: &House) {
    house.insert("team", (0..4).map(|at| house.record("team", TEAM + at, &[("name", Value::text("T"))])).collect()).await;
    house.insert("territory", (0..4).map(|at| house.record("territory", TERRITORY + at, &[("name", Value::text("R"))])).collect()).await;
    house.insert("user", (0..8).map(|at| user(house, at, at)).collect()).await;
    house.insert("account", (0..12).map(|at| account(house, at, at * 31)).collect()).await;
    house.insert("deal", (0..DEALS).map(|at| deal(house, at, at * 17)).collect()).await;
    let notes = (0..60).map(|at| {
        house.record(
            "note",
            5_000 + at,
            &[("name", Value::text("N")), ("owner", maybe(at, USER, 8)), ("account", maybe(at * 5, ACCOUNT, 12))],
        )
    });
    house.insert("note", notes.collect()).await;
    let mut tx = house.store.begin(&house.cx()).await.unwrap();
    for at in (0..DEALS).step_by(11) {
        let with = Uuid::from_u128(if at % 2 == 0 { USER + at % 8 } else { TEAM + at % 4 });
        let until =
            (at % 3 == 0).then(|| if at % 6 == 0 { "2020-01-01T00:00:00.000Z" } else { "2030-01-01T00:00:00.000Z" }.parse().unwrap());
        tx.share_put(&house.table("deal"), RecordId(Uuid::from_u128(DEAL + at)), &share(with, until)).await.unwrap();
    }
    tx.commit().await.unwrap();
}

fn share(with: Uuid, until: Option<tenon_value::DateTime>) -> Share {
    Share { with, with_kind: "user".to_owned(), rights: Vec::new(), until }
}

/// Targets change, go, come back and go for good; references change.
async fn stir(house: &House) {
    let one = |object: &'static str, old: tenon_query::Record, new: tenon_query::Record| async move {
        house.write(object, &[RowWrite::Update { old, new }]).await.unwrap();
    };
    let versioned = |mut record: tenon_query::Record, version: i64| {
        record.set_field(system::VERSION, Value::Int(version));
        record
    };
    for number in 0..4 {
        one("user", versioned(user(house, number, number), 1), user(house, number, number + 50)).await;
        let (was, is) = (account(house, number, number * 31), account(house, number, number * 31 + 500));
        one("account", versioned(was, 1), is).await;
    }
    for number in 4..8 {
        let was = account(house, number, number * 31);
        let mut gone = was.clone();
        gone.set_field(system::DELETED_AT, Value::DateTime(now()));
        one("account", versioned(was.clone(), 1), gone.clone()).await;
        match number {
            4 | 5 => one("account", versioned(gone, 2), was).await,
            6 => house.write("account", &[RowWrite::Destroy(versioned(gone, 2))]).await.unwrap(),
            _ => {}
        }
    }
    for number in (0..DEALS).step_by(7) {
        one("deal", versioned(deal(house, number, number * 17), 1), deal(house, number, number * 23 + 1)).await;
    }
}

#[test]
fn rows_found_by_why_they_are_seen_are_those_of_a_plain_filter() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let houses = runtime.block_on(async {
        let houses = all().await;
        for house in &houses {
            fill(house).await;
            stir(house).await;
        }
        houses
    });
    let ids = |base: u128, most: usize| prop::collection::vec(base..base + 5, 0..most);
    let who = (USER..USER + 9, ids(TEAM, 5), ids(TERRITORY, 60)).prop_map(|(me, teams, territories)| Who { me, teams, territories });
    let sorting = prop::sample::select(vec![Sorting::Desc, Sorting::Desc, Sorting::Asc, Sorting::DescNullsFirst]);
    let direction = prop::sample::select(vec![Direction::Forward, Direction::Backward]);
    let stage = prop::sample::select(vec![None, Some("won"), Some("open")]);
    let object = prop::sample::select(vec!["deal", "deal", "note"]);
    let way = (object, 1_i64..40, direction, sorting, stage).prop_map(|(object, size, direction, sorting, stage)| Way {
        object,
        size,
        direction,
        sorting,
        stage,
    });
    let mut runner = TestRunner::new(Config { cases: 80, failure_persistence: None, ..Config::default() });
    let checked = runner.run(&(who, any::<u8>(), way), |(who, bits, way)| {
        runtime.block_on(async {
            let mut orders = Vec::new();
            for house in &houses {
                let rows = policy(house, way.object, bits);
                let fanned = paged(house, &who, &rows, &way, false).await;
                prop_assert_eq!(&fanned, &paged(house, &who, &rows, &way, true).await);
                if way.object == "deal" {
                    prop_assert_eq!(grouped(house, &who, &rows, false).await, grouped(house, &who, &rows, true).await);
                }
                orders.push(fanned);
            }
            prop_assert!(orders.windows(2).all(|pair| pair[0] == pair[1]), "{:?}", orders);
            Ok(())
        })
    });
    if let Err(error) = checked {
        panic!("{error}");
    }
}

/// What rules ask for at the other end, looked up the long way: `not not` is not recognized, and asks for the record itself.
fn long_way(rows: Predicate) -> Predicate {
    match rows {
        Predicate::ToOne { relation, table, holds } => {
            Predicate::ToOne { relation, table, holds: Box::new(Predicate::Not(Box::new(Predicate::Not(holds)))) }
        }
        other => other,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_beside_references_is_what_stands_at_their_end() {
    for house in all().await {
        fill(&house).await;
        for stirred in [false, true] {
            if stirred {
                stir(&house).await;
            }
            for one in [1, 2, 5] {
                let mut found = 0;
                for team in 0..4 {
                    let who = Who { me: 1, teams: vec![TEAM + team], territories: vec![TERRITORY + team] };
                    let way = Way { object: "deal", size: 500, direction: Direction::Forward, sorting: Sorting::Desc, stage: None };
                    let rows = self::way(&house, "deal", one);
                    let kept = paged(&house, &who, &rows, &way, true).await;
                    assert_eq!(kept, paged(&house, &who, &long_way(rows), &way, true).await, "{one} {team} {stirred}");
                    found += kept.0.len();
                }
                assert!(found > 0, "{one} {stirred}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_refers_to_a_record_and_who_changes_it_wait_for_each_other() {
    for house in all().await {
        fill(&house).await;
        for round in 0..12_u128 {
            let was = account(&house, 9, 9 * 31);
            let (mut old, mut new) = (was.clone(), was);
            old.set_field(system::VERSION, Value::Int(i64::try_from(round).unwrap() + 1));
            let territory = house.relation("account", "territory");
            if round > 0 {
                old.set_relation(territory, id(TERRITORY + (round - 1) % 4));
            }
            new.set_relation(territory, id(TERRITORY + round % 4));
            let moved = house.write_of("account", vec![RowWrite::Update { old, new }]);
            let mut comes = deal(&house, 500 + round, round);
            comes.set_relation(house.relation("deal", "account"), id(ACCOUNT + 9));
            let came = house.write_of("deal", vec![RowWrite::Insert(comes)]);
            let (moved, came) = tokio::join!(moved, came);
            let busy = |result: &Result<(), StoreError>| matches!(result, Ok(()) | Err(StoreError::Serialization));
            assert!(busy(&moved) && busy(&came), "{moved:?} {came:?}");
            moved.unwrap();
        }
        let who = Who { me: 1, teams: Vec::new(), territories: vec![TERRITORY + 3] };
        let way = Way { object: "deal", size: 500, direction: Direction::Forward, sorting: Sorting::Desc, stage: None };
        let rows = self::way(&house, "deal", 2);
        let kept = paged(&house, &who, &rows, &way, true).await;
        assert_eq!(kept, paged(&house, &who, &long_way(rows), &way, true).await);
        assert!(kept.0.iter().filter(|number| **number >= DEAL + 500).count() > 6, "{kept:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hand_in_what_is_kept_is_found_and_put_right_and_an_older_tenant_is_fitted() {
    for house in all().await {
        fill(&house).await;
        let deal = house.object("deal");
        assert!(deal.reaches.len() >= 3, "{:?}", deal.reaches);
        let sound = |findings: &[tenon_store::Finding]| !findings.iter().any(|finding| finding.code == "drift/kept-end");
        assert!(sound(&house.store.doctor(&house.model).await.unwrap()));
        let column = &deal.reaches.first().unwrap().column;
        by_hand(&house, &format!("update {{t}}\"{}\" set \"{column}\" = null", deal.table)).await;
        assert!(!sound(&house.store.doctor(&house.model).await.unwrap()));
        assert!(sound(&house.store.doctor_fix(&house.model).await.unwrap()));
        assert!(sound(&house.store.doctor(&house.model).await.unwrap()));
        // As a build left it that knew of none of this.
        by_hand(&house, &format!("drop index {{t}}\"{}_{column}_g\"; update {{t}}\"{0}\" set \"{column}\" = null", deal.table)).await;
        house.store.fit(&house.model).await.unwrap();
        let findings = house.store.doctor(&house.model).await.unwrap();
        assert!(sound(&findings) && !findings.iter().any(|finding| finding.code == "drift/missing-index"), "{findings:?}");
    }
}
