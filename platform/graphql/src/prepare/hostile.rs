//! Documents made to be slow or deep, and documents of chance: always an answer, always soon.

use std::fmt::Write;

use proptest::prelude::*;
use serde_json::json;

use crate::collect::{Collector, Variables};
use crate::prepare::{measure, validate};
use crate::syntax::parse;
use crate::testing;

#[test]
fn doubling_fragments_are_measured_once_each() {
    let schema = testing::schema();
    let mut text = "{ accounts { nodes { ...f0 } } }".to_owned();
    for at in 0..60 {
        write!(text, " fragment f{at} on Account {{ a: parent {{ ...f{next} }} b: parent {{ ...f{next} }} }}", next = at + 1).unwrap();
    }
    text.push_str(" fragment f60 on Account { id }");
    let document = parse(&text).unwrap();
    validate(&schema, &document).unwrap();
    let collector = Collector { document: &document, variables: &Variables::new() };
    let problems = measure(&schema, &collector, &document.operations[0]).unwrap_err();
    let limits: Vec<_> = problems.as_slice().iter().filter_map(|problem| problem.limit).collect();
    assert_eq!(limits, ["depth", "cost"]);
}

#[test]
fn limits_have_their_names() {
    let schema = testing::schema();
    let check = |text: &str, limit: &str| {
        let document = parse(text).unwrap();
        let collector = Collector { document: &document, variables: &Variables::new() };
        let problems = measure(&schema, &collector, &document.operations[0]).unwrap_err();
        assert!(problems.as_slice().iter().any(|problem| problem.limit == Some(limit)), "{limit}");
    };
    let many = |count: usize| (0..count).map(|at| format!("a{at}: __typename ")).collect::<String>();
    check(&format!("{{ {} }}", many(51)), "root_fields");
    check(&format!("{{ me {{ {} }} }}", many(201)), "aliases");
    check("{ accounts(first: 2000) { nodes { opportunities(first: 2000) { nodes { id } } } } }", "cost");
    let fields = (0..5).map(|_| "type { fields { ").collect::<String>();
    check(&format!("{{ __schema {{ types {{ fields {{ {fields} name {} }} }} }} }}", "} } ".repeat(5)), "introspection_depth");
}

#[test]
fn the_deepest_document_that_is_scanned_fits_any_stack() {
    let schema = testing::schema();
    for text in [
        format!("{{ accounts(filter: {}{}) {{ nodes {{ id }} }} }}", "{ not: ".repeat(190), "{} ".to_owned() + &"}".repeat(190)),
        format!("{{ accounts(filter: {{ x: {}{} }}) {{ nodes {{ id }} }} }}", "[".repeat(190), "]".repeat(190)),
        format!("{{ accounts {{ nodes {{ {} id {} }} }} }}", "parent { ".repeat(190), "} ".repeat(190)),
        format!("{{ {} __typename {} }}", "... { ".repeat(190), "} ".repeat(190)),
    ] {
        let levels = crate::stack::levels(&text, std::iter::empty());
        crate::stack::deep(levels, || testing::plan(&schema, &text, &json!({}))).unwrap();
    }
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?[0-9]{1,25}(\\.[0-9]{1,3})?",
        "\"[a-z0-9:.+TZ-]{0,30}\"",
        Just("\"lastNDays(7)\"".to_owned()),
        Just("\"2026-01-01\"".to_owned()),
        Just("WON".to_owned()),
        Just("ASC".to_owned()),
        Just("$v".to_owned()),
        Just("\"0198c1d2-7a3e-7f00-8000-000000000001\"".to_owned()),
    ];
    let keys = "and or not id name amount closeDate stage account contacts lines parent externalId createdAt owner eq ne in isNull between from to during zone \
        contains iEq some none someLink is within currency base connect create set update disconnect system by input link hasAny near point lat lng meters record";
    let keys = prop::sample::select(keys.split_whitespace().collect::<Vec<_>>());
    leaf.prop_recursive(6, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|elements| format!("[{}]", elements.join(", "))),
            prop::collection::vec((keys.clone(), inner), 0..4).prop_map(|members| format!(
                "{{{}}}",
                members.iter().map(|(key, value)| format!("{key}: {value}")).collect::<Vec<_>>().join(", ")
            )),
        ]
    })
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        ".{0,20}".prop_map(serde_json::Value::from),
        Just(json!("thisMonth")),
        Just(json!("WON")),
    ];
    leaf.prop_recursive(5, 30, 4, |inner| {
        let keys = prop::sample::select(vec![
            "and",
            "not",
            "name",
            "amount",
            "closeDate",
            "eq",
            "in",
            "isNull",
            "account",
            "is",
            "connect",
            "create",
            "id",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::vec((keys, inner), 0..4)
                .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

/// Lowering is reached only by valid documents; here it also meets invalid ones, which it must survive.
#[test]
fn no_input_makes_a_panic() {
    let schema = testing::schema();
    let config = proptest::test_runner::Config { cases: 800, failure_persistence: None, ..Default::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let strategy = (
        0..6_usize,
        value(),
        value(),
        json_value(),
        prop::sample::select(vec![
            "OpportunityFilter",
            "Int",
            "CreateOpportunityInput!",
            "[OpportunityOrder!]",
            "DateRange",
            "JSON",
            "Decimal",
        ]),
    );
    let outcome = runner.run(&strategy, |(kind, first, second, json_value, ty)| {
        let body = match kind {
            0 => format!("{{ opportunities(filter: {first}, orderBy: {second}) {{ nodes {{ id }} edges {{ cursor }} }} }}"),
            1 => format!(
                "{{ opportunitiesAggregate(filter: {first}, groupBy: {second}) {{ count drillDown sum {{ amount {{ amount }} }} }} }}"
            ),
            2 => format!("{{ opportunity(by: {first}) {{ id contacts(filter: {second}) {{ nodes {{ id }} }} }} }}"),
            3 => {
                format!("mutation(…) {{ createOpportunity(input: {first}) {{ id }} deleteOpportunities(filter: {second}) {{ affected }} }}")
            }
            4 => format!("{{ opportunities(first: {first}, after: {second}) {{ nodes {{ id }} }} }}"),
            _ => format!("mutation(…) {{ updateOpportunities(ids: {first}, input: {second}) {{ affected }} }}"),
        };
        let text = if body.contains("$v") {
            if body.starts_with('{') { format!("query($v: {ty}) {body}") } else { body.replace("(…)", &format!("($v: {ty})")) }
        } else {
            body.replace("(…)", "")
        };
        testing::plan(&schema, &text, &json!({ "v": json_value }));
        testing::survives(&schema, &text, &json!({ "v": json_value }));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 600, failure_persistence: None, ..Default::default() })]
    #[test]
    fn no_text_makes_a_panic(text in ".{0,200}", graphql in "[{}()\\[\\]:!$@.a-zA-Z0-9_ \"\\\\#,=&|\n-]{0,120}") {
        drop(parse(&text));
        drop(parse(&graphql));
    }
}
