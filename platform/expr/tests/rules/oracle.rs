//! Random rules over random records: evaluation agrees with a reading of the text as simple as can be.

use proptest::prelude::*;
use tenon_value::{Decimal, Value};

use crate::house::{House, id, mine};

/// A record: name, size, owner, the team of the owner; none where it is empty.
#[derive(Clone, Debug)]
struct Deal {
    name: Option<&'static str>,
    size: Option<i64>,
    owner: Option<u8>,
    team: Option<u8>,
}

/// A rule that can say itself and judge a record.
#[derive(Clone, Debug)]
enum Said {
    Name(&'static str, &'static str),
    Size(&'static str, i64),
    Mine(bool),
    Team,
    Empty(&'static str),
    Listed(Vec<i64>),
    Not(Box<Said>),
    Both(Vec<Said>),
    Either(Vec<Said>),
}

const NAMES: [&str; 4] = ["a", "B", "b", "中"];
const OPERATORS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];

fn said() -> impl Strategy<Value = Said> {
    let operator = || prop::sample::select(OPERATORS.to_vec());
    let leaf = prop_oneof![
        (operator(), prop::sample::select(NAMES.to_vec())).prop_map(|(how, name)| Said::Name(how, name)),
        (operator(), -3_i64..3).prop_map(|(how, size)| Said::Size(how, size)),
        any::<bool>().prop_map(Said::Mine),
        Just(Said::Team),
        prop::sample::select(vec!["name", "size", "owner", "owner.team"]).prop_map(Said::Empty),
        prop::collection::vec(-3_i64..3, 0..3).prop_map(Said::Listed),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| Said::Not(Box::new(one))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Said::Both),
            prop::collection::vec(inner, 1..4).prop_map(Said::Either),
        ]
    })
}

fn deal() -> impl Strategy<Value = Deal> {
    let name = prop::option::of(prop::sample::select(NAMES.to_vec()));
    (name, prop::option::of(-3_i64..3), prop::option::of(1_u8..4), prop::option::of(10_u8..13)).prop_map(|(name, size, owner, team)| Deal {
        name,
        size,
        owner,
        team: owner.and(team),
    })
}

fn text(said: &Said) -> String {
    let join = |parts: &[Said], word: &str| parts.iter().map(|part| format!("({})", text(part))).collect::<Vec<_>>().join(word);
    match said {
        Said::Name(how, name) => format!("name {how} '{name}'"),
        Said::Size(how, size) => format!("size {how} {size}"),
        Said::Mine(true) => "owner == me".to_owned(),
        Said::Mine(false) => "owner != me".to_owned(),
        Said::Team => "owner.team in my.teams".to_owned(),
        Said::Empty(path) => format!("{path} == null"),
        Said::Listed(sizes) => format!("size in {sizes:?}"),
        Said::Not(inner) => format!("!({})", text(inner)),
        Said::Both(parts) => join(parts, " && "),
        Said::Either(parts) => join(parts, " || "),
    }
}

fn truth<T: Ord>(how: &str, left: Option<T>, right: T) -> bool {
    match (how, left) {
        ("==", left) => left == Some(right),
        ("!=", left) => left != Some(right),
        (_, None) => false,
        ("<", Some(left)) => left < right,
        ("<=", Some(left)) => left <= right,
        (">", Some(left)) => left > right,
        (_, Some(left)) => left >= right,
    }
}

fn judge(said: &Said, deal: &Deal) -> bool {
    match said {
        Said::Name(how, name) => truth(how, deal.name, *name),
        Said::Size(how, size) => truth(how, deal.size, *size),
        Said::Mine(yes) => (deal.owner == Some(1)) == *yes,
        Said::Team => matches!(deal.team, Some(10 | 11)),
        Said::Empty("name") => deal.name.is_none(),
        Said::Empty("size") => deal.size.is_none(),
        Said::Empty("owner") => deal.owner.is_none(),
        Said::Empty(_) => deal.team.is_none(),
        Said::Listed(sizes) => deal.size.is_some_and(|size| sizes.contains(&size)),
        Said::Not(inner) => !judge(inner, deal),
        Said::Both(parts) => parts.iter().all(|part| judge(part, deal)),
        Said::Either(parts) => parts.iter().any(|part| judge(part, deal)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_rule_means_what_it_says(said in said(), deals in prop::collection::vec(deal(), 1..12)) {
        let house = House::new();
        let source = text(&said);
        let mine = mine();
        for deal in deals {
            let or_null = |value: Option<Value>| value.unwrap_or(Value::Null);
            let record = [
                ("name", or_null(deal.name.map(Value::text))),
                ("size", or_null(deal.size.map(|size| if size == 2 { Value::Decimal(Decimal::new(200, 2)) } else { Value::Int(size) }))),
                ("owner", or_null(deal.owner.map(|owner| id(owner.into())))),
                ("owner.team", or_null(deal.team.map(|team| id(team.into())))),
            ];
            prop_assert_eq!(house.holds(&source, &record, &mine), judge(&said, &deal), "{} of {:?}", source, deal);
        }
    }
}
