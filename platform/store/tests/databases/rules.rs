//! Rules in CEL: what the evaluator says of a record, both databases say of the row.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tenon_context::{OpContext, Standing};
use tenon_expr::{Scope, check, evaluate, lower, settle};
use tenon_model::{Fact, Leaf, Model, ObjectIx, Path, system};
use tenon_query::{Action, Answer, AuthorizedTable, Deleted, Order, Output, Params, Read, Select, SortBy, Sorting, Window};
use tenon_value::{Address, Value};

use crate::house::{House, decimal, houses, id, money, numbers};

/// What a rule may say of a deal: each kind of field, each comparison, ways over references that are empty, gone or whole.
const LEAVES: [&str; 58] = [
    "name == 'a'",
    "name != 'a'",
    "name < 'b'",
    "name >= '贝'",
    "name in ['a', '贝', \"x'; drop table deal; --\"]",
    "name in []",
    "name == null",
    "notes == 'long'",
    "size == 1",
    "size != 1",
    "size < 1.5",
    "size >= -1",
    "size in [-1, 0, 1.0]",
    "rate == 0.1",
    "rate > 0.105",
    "rate <= 0.105",
    "rate != 0.30",
    "rate in [0.1, 0.301]",
    "amount == null",
    "amount.amount > 100.005",
    "amount.amount != 100",
    "amount.currency == 'EUR'",
    "amount.base < 10",
    "amount.base == null",
    "is_key",
    "is_key != true",
    "close_date == '2026-03-01'",
    "close_date < date('2026-03-01')",
    "close_date != null",
    "next_call > timestamp('2026-03-01T16:00:00+08:00')",
    "next_call in [timestamp('2026-03-01T08:00:00Z')]",
    "effort >= duration('PT90M')",
    "effort == 'PT1H30M'",
    "stage == 'won'",
    "stage in ['open', 'lost']",
    "stage != 'open'",
    "'hot' in tags",
    "tags == null",
    "ship_to == null",
    "ship_to.city == '上海'",
    "ship_to.city != '上海'",
    "extra == null",
    "owner == me",
    "owner != me",
    "owner in my.reports",
    "owner in [me]",
    "owner == null",
    "owner.name == 'Wang'",
    "account == null",
    "account.name == 'Acme'",
    "account.region != 'north'",
    "account.region == null",
    "account in my.accounts.subtree",
    "account.parent.name == 'Root'",
    "account.owner in my.reports",
    "origin == me",
    "created_by == me",
    "id == '00000000-0000-0000-0000-000000000003'",
];

/// A rule of leaves.
#[derive(Clone, Debug)]
enum Rule {
    Leaf(usize),
    Not(Box<Rule>),
    All(Vec<Rule>),
    Any(Vec<Rule>),
}

fn rule() -> impl Strategy<Value = Rule> {
    (0..LEAVES.len()).prop_map(Rule::Leaf).prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|rule| Rule::Not(Box::new(rule))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Rule::All),
            prop::collection::vec(inner, 1..4).prop_map(Rule::Any),
        ]
    })
}

fn text(rule: &Rule) -> String {
    let join = |parts: &[Rule], word: &str| parts.iter().map(|part| format!("({})", text(part))).collect::<Vec<_>>().join(word);
    match rule {
        Rule::Leaf(leaf) => (*LEAVES.get(*leaf).unwrap()).to_owned(),
        Rule::Not(inner) => format!("!({})", text(inner)),
        Rule::All(parts) => join(parts, " && "),
        Rule::Any(parts) => join(parts, " || "),
    }
}

/// Values of a record by the names of its fields and relations.
type Values = HashMap<&'static str, Value>;

/// Everything there is, by object and number; what lies in the recycle bin is not among it.
struct World {
    deals: Vec<(u128, Values)>,
    accounts: HashMap<u128, Values>,
    users: HashMap<u128, Values>,
}

fn filled(values: Vec<(&'static str, Value)>) -> Values {
    values.into_iter().filter(|(_, value)| !value.is_null()).collect()
}

fn world() -> World {
    let of = |at: u128, choices: &[Value]| choices.iter().cycle().nth(usize::try_from(at).unwrap()).unwrap().clone();
    let texts =
        |words: &[&str]| words.iter().map(|word| if word.is_empty() { Value::Null } else { Value::text(*word) }).collect::<Vec<_>>();
    let address = |city: Option<&str>| {
        let address = Address { country: Some("CN".to_owned()), city: city.map(str::to_owned), ..Address::default() };
        Value::Address(Box::new(address))
    };
    let moment = |text: &str| Value::DateTime(text.parse().unwrap());
    let day = |text: &str| Value::Date(text.parse().unwrap());
    let deal = |at: u128| {
        filled(vec![
            ("name", of(at, &texts(&["a", "", "C", "b", "贝", "x'; drop table deal; --"]))),
            ("notes", of(at, &texts(&["long", ""]))),
            ("size", of(at, &[Value::Int(1), Value::Null, Value::Int(-1), Value::Int(2), Value::Int(0)])),
            ("rate", of(at, &[decimal("0.10"), decimal("0.11"), Value::Null, decimal("0.30"), decimal("-1.00")])),
            (
                "amount",
                of(
                    at,
                    &[
                        money("100.00", "CNY", Some("100.00")),
                        Value::Null,
                        money("100.01", "EUR", None),
                        money("9.99", "CNY", Some("9.99")),
                    ],
                ),
            ),
            ("is_key", Value::Bool(at.is_multiple_of(3))),
            ("close_date", of(at, &[day("2026-03-01"), Value::Null, day("2026-02-28"), day("2027-01-01")])),
            ("next_call", of(at, &[moment("2026-03-01T08:00:00Z"), moment("2026-03-01T08:00:00.001Z"), Value::Null])),
            ("effort", of(at, &[Value::Duration("PT90M".parse().unwrap()), Value::Null, Value::Duration("PT1M".parse().unwrap())])),
            ("stage", of(at, &texts(&["open", "won", "", "lost"]))),
            (
                "tags",
                of(at, &[Value::Null, Value::List(texts(&["hot"])), Value::List(texts(&["hot", "warm"])), Value::List(texts(&["cold"]))]),
            ),
            ("ship_to", of(at, &[address(Some("上海")), Value::Null, address(None), address(Some("北京"))])),
            ("extra", of(at, &[Value::Null, Value::Json(tenon_value::Json::Bool(false))])),
            ("owner", of(at, &[id(1), Value::Null, id(2), id(3)])),
            ("account", of(at, &[id(100), id(101), Value::Null, id(102), id(103)])),
            ("origin", of(at, &[Value::Null, Value::Ref("user".to_owned(), uuid(1)), Value::Ref("account".to_owned(), uuid(100))])),
        ])
    };
    let accounts = [
        (100, vec![("name", Value::text("Acme")), ("region", Value::text("north")), ("parent", id(103)), ("owner", id(1))]),
        (101, vec![("name", Value::text("Bolt")), ("owner", id(3))]),
        (103, vec![("name", Value::text("Root")), ("region", Value::text("south"))]),
    ];
    let users = [(1, vec![("name", Value::text("Wang"))]), (2, vec![("name", Value::text("Li"))]), (3, Vec::new())];
    World {
        deals: (1..=30).map(|at| (at, deal(at))).collect(),
        accounts: accounts.into_iter().map(|(at, values)| (at, filled(values))).collect(),
        users: users.into_iter().map(|(at, values)| (at, filled(values))).collect(),
    }
}

fn uuid(number: u128) -> tenon_value::Uuid {
    tenon_value::Uuid::from_u128(number)
}

/// What a path ends at, in the world in memory.
fn at_end(world: &World, model: &Model, number: u128, values: &Values, path: &Path) -> Value {
    let (mut number, mut values) = (number, values);
    for (object, relation) in &path.hops {
        let relation = model.object(*object).unwrap().relation(*relation).unwrap();
        let Some(next) = values.get(relation.name.as_str()).and_then(Value::as_id) else { return Value::Null };
        let target = model.object(*relation.targets.first().unwrap()).unwrap();
        let records = if target.name.as_str() == "user" { &world.users } else { &world.accounts };
        let Some(next_values) = records.get(&next.as_u128()) else { return Value::Null };
        (number, values) = (next.as_u128(), next_values);
    }
    let end = model.object(path.object).unwrap();
    let name = match path.leaf {
        Leaf::Field(system::ID, _) => return id(number),
        Leaf::Field(field, _) => end.field(field).unwrap().name.as_str(),
        Leaf::Relation(system::CREATED_BY) => return Value::Null,
        Leaf::Relation(relation) => end.relation(relation).unwrap().name.as_str(),
    };
    values.get(name).cloned().unwrap_or_default()
}

async fn fill(house: &House, world: &World) {
    let record = |object: &str, number: u128, values: &Values| {
        let values: Vec<(&str, Value)> = values.iter().map(|(name, value)| (*name, value.clone())).collect();
        house.record(object, number, &values)
    };
    house.insert("user", world.users.iter().map(|(number, values)| record("user", *number, values)).collect()).await;
    let mut accounts: Vec<_> = world.accounts.iter().collect();
    accounts.sort_unstable_by_key(|(number, _)| std::cmp::Reverse(**number));
    for (number, values) in accounts {
        house.insert("account", vec![record("account", *number, values)]).await;
    }
    // In the recycle bin: deals still point to it.
    let gone = filled(vec![("name", Value::text("Gone")), ("region", Value::text("north")), ("owner", id(1))]);
    let mut gone = record("account", 102, &gone);
    gone.set_field(system::DELETED_AT, Value::DateTime(crate::house::now()));
    house.insert("account", vec![gone]).await;
    house.insert("deal", world.deals.iter().map(|(number, values)| record("deal", *number, values)).collect()).await;
}

fn mine() -> Standing {
    let list = |numbers: &[u128]| Value::List(numbers.iter().map(|number| id(*number)).collect());
    [(Fact::Me, id(1)), (Fact::Reports, list(&[1, 2])), (Fact::AccountsBelow, list(&[103, 100])), (Fact::Teams, list(&[]))]
        .into_iter()
        .collect()
}

#[expect(clippy::disallowed_methods, reason = "a test decides for itself")]
fn table(object: ObjectIx, rows: Option<tenon_query::Predicate>) -> AuthorizedTable {
    AuthorizedTable::assume(object, Action::Read, rows.map(Arc::new))
}

/// The deals that a database finds by a rule.
async fn found(house: &House, source: &str, standing: &Arc<Standing>) -> Vec<u128> {
    let deal = house.object("deal").ix;
    let mut model = Model::clone(&house.model);
    let rule = checked(&model, deal, source);
    rule.each_literal(&mut |value| model.literals.push(value.clone()));
    let predicate = lower(&settle(&rule, standing), &model, &|object| table(object, None));
    let select = Select {
        table: table(deal, Some(predicate)),
        filter: None,
        deleted: Deleted::Exclude,
        order: vec![Order { by: SortBy::Column { field: system::ID, part: tenon_model::Part::Whole }, sorting: Sorting::Asc }],
        window: Window::All,
        output: Output::default(),
        count: None,
    };
    let prepared = house.store.prepare(&Arc::new(model), Read::Select(select)).unwrap();
    let mut cx: OpContext = house.cx();
    cx.principal.standing = Arc::clone(standing);
    let answer = house.store.read(&cx, &prepared, &Params::default()).await;
    match answer.unwrap_or_else(|error| panic!("{source}: {error:?}: {:#?}", prepared.statements())) {
        Answer::Page(page) => numbers(&page),
        Answer::Groups(_) => panic!("a page"),
    }
}

fn checked(model: &Model, object: ObjectIx, source: &str) -> tenon_model::Expression {
    let user = model.object_named("user").map(|user| user.ix);
    let scope = Scope { objects: &model.objects, by_name: &model.by_name, object, user };
    check(source, &scope).unwrap_or_else(|faults| panic!("{source}: {faults:#?}")).expression
}

fn expected(world: &World, model: &Model, source: &str, standing: &Standing) -> Vec<u128> {
    let rule = checked(model, model.object_named("deal").unwrap().ix, source);
    let holds = |(number, values): &&(u128, Values)| evaluate(&rule, &|path| at_end(world, model, *number, values, path), standing);
    world.deals.iter().filter(holds).map(|(number, _)| *number).collect()
}

#[test]
fn a_rule_says_the_same_of_a_record_and_of_its_row() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (world, standing) = (world(), Arc::new(mine()));
    let houses = runtime.block_on(async {
        let houses = houses().await;
        for house in &houses {
            fill(house, &world).await;
        }
        houses
    });
    let agree = |source: &str| {
        for house in &houses {
            let rows = runtime.block_on(found(house, source, &standing));
            assert_eq!(rows, expected(&world, &house.model, source, &standing), "{source}");
        }
    };
    for leaf in LEAVES {
        agree(leaf);
        agree(&format!("!({leaf})"));
    }
    let mut runner = TestRunner::new(Config { cases: 80, failure_persistence: None, ..Config::default() });
    let checked = runner.run(&rule(), |rule| {
        let source = text(&rule);
        for house in &houses {
            let rows = runtime.block_on(found(house, &source, &standing));
            prop_assert_eq!(rows, expected(&world, &house.model, &source, &standing), "{}", source);
        }
        Ok(())
    });
    checked.unwrap();
}
