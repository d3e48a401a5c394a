//! Bad input gets the right word and the right status, at once, and leaves nothing half done.
//!
//! What is too large to stand in a story: documents made by repetition, bodies that are no GraphQL request.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tenon_tests::{Database, Setting, Tenant, TestServer};

use crate::both::on;

/// No bad request hangs, whatever it holds.
const ANSWER_MAX: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_is_refused_on_sqlite() {
    on(Database::Sqlite, Vec::new(), all).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_is_refused_on_postgres() {
    on(Database::Postgres, Vec::new(), all).await;
}

async fn all(server: &TestServer, _: &Setting) -> anyhow::Result<()> {
    let tenant = server.tenant(None, None, None).await?;
    let mut wrong = Vec::new();
    for (name, body, expected) in bodies() {
        wrong.extend(refused(&tenant, name, body.into_bytes(), &expected).await?);
    }
    for (name, document, variables, expected) in documents() {
        let body = json!({ "query": document, "variables": variables }).to_string();
        wrong.extend(refused(&tenant, name, body.into_bytes(), &expected).await?);
    }
    // JSON can write half a character, which is no text.
    let lone = r#"{"query":"mutation ($n: String) { createTag(input: { name: $n }) { id } }","variables":{"n":"a\ud800b"}}"#;
    wrong.extend(refused(&tenant, "a lone surrogate", lone.as_bytes().to_vec(), &json!({ "code": "INVALID" })).await?);
    let left =
        tenant.data("{ tags(deleted: INCLUDE) { nodes { name } } accounts(deleted: INCLUDE) { nodes { name } } }", json!({})).await?;
    assert_eq!(left, json!({ "tags": { "nodes": [] }, "accounts": { "nodes": [] } }));
    anyhow::ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

async fn refused(tenant: &Tenant, name: &str, body: Vec<u8>, expected: &Value) -> anyhow::Result<Option<String>> {
    let began = Instant::now();
    let answer = tenant.request("POST", "graphql").header("content-type", "application/json").body(body).send(tenant.address).await?;
    let took = began.elapsed();
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let extensions = answer.json().map(|answer| answer["errors"][0]["extensions"].clone()).unwrap_or_default();
    let named = expected.as_object().is_some_and(|members| members.iter().all(|(key, value)| extensions[key] == *value));
    let plain = answer.status < 500 && took < ANSWER_MAX;
    Ok((!named || !plain).then(|| format!("{name}: expected {expected}, got status {} after {took:?}: {:.300}", answer.status, text)))
}

/// Bodies that are no GraphQL request.
fn bodies() -> Vec<(&'static str, String, Value)> {
    let invalid = json!({ "code": "INVALID" });
    vec![
        ("no JSON", "query { __typename }".to_owned(), invalid.clone()),
        ("nothing", String::new(), invalid.clone()),
        ("an array", r#"[{"query":"{ __typename }"}]"#.to_owned(), invalid.clone()),
        ("no query", r#"{"variables":{}}"#.to_owned(), invalid.clone()),
        ("a query that is no text", r#"{"query":42}"#.to_owned(), invalid.clone()),
        ("variables that are a list", r#"{"query":"{ __typename }","variables":[]}"#.to_owned(), invalid.clone()),
        ("extensions that are a text", r#"{"query":"{ __typename }","extensions":"dryRun"}"#.to_owned(), invalid.clone()),
        ("an unknown operation", r#"{"query":"query A { __typename }","operationName":"B"}"#.to_owned(), invalid.clone()),
        ("two operations, none named", r#"{"query":"query A { __typename } query B { __typename }"}"#.to_owned(), invalid.clone()),
        (
            "JSON nested deeply",
            format!("{{\"query\":\"{{ __typename }}\",\"variables\":{{\"a\":{}1{}}}}}", "[".repeat(5_000), "]".repeat(5_000)),
            invalid,
        ),
    ]
}

/// Documents past a limit, or made to hurt.
fn documents() -> Vec<(&'static str, String, Value, Value)> {
    let limit = |limit: &str| json!({ "code": "EXHAUSTED", "limit": limit });
    let none = || json!({});
    let ids: Vec<String> = (0..2_001).map(|number| format!("0198c1d2-7a3e-7f00-8000-{number:012}")).collect();
    let tags: Vec<Value> = (0..2_001).map(|number| json!({ "name": format!("t{number}") })).collect();
    let many_or: Vec<Value> = (0..600).map(|_| json!({ "name": { "eq": "a" } })).collect();
    let list = "query ($f: AccountFilter) { accounts(filter: $f) { nodes { id } } }";
    vec![
        ("4,000 brackets", format!("{{ a(b: {}{}) }}", "[".repeat(4_000), "]".repeat(4_000)), none(), limit("nesting")),
        ("4,000 braces", format!("{}a{}", "{ a ".repeat(4_000), "}".repeat(4_000)), none(), limit("nesting")),
        ("70 KB", format!("{{ __typename }} #{}", "x".repeat(70_000)), none(), limit("document_bytes")),
        ("11,000 words", format!("{{ {} }}", "a ".repeat(11_000)), none(), limit("tokens")),
        ("201 aliases", format!("{{ tags {{ nodes {{ {} }} }} }}", aliases(201)), none(), limit("aliases")),
        (
            "51 root fields",
            format!("{{ {} }}", (0..51).map(|n| format!("a{n}: __typename")).collect::<Vec<_>>().join(" ")),
            none(),
            limit("root_fields"),
        ),
        ("2,001 values", list.to_owned(), json!({ "f": { "id": { "in": ids } } }), limit("in_values")),
        ("600 conditions", list.to_owned(), json!({ "f": { "or": many_or } }), limit("filter_nodes")),
        ("conditions 300 deep", list.to_owned(), json!({ "f": deep_filter(300) }), json!({})),
        (
            "2,001 rows",
            "mutation ($i: [CreateTagInput!]!) { createTags(inputs: $i) { created } }".to_owned(),
            json!({ "i": tags }),
            limit("batch_size"),
        ),
        (
            "fragments in a circle",
            "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }".to_owned(),
            none(),
            json!({ "code": "INVALID" }),
        ),
        ("a broken character", "{ tags { nodes { \u{fffd} } } }".to_owned(), none(), json!({ "code": "INVALID", "rule": "graphql/parse" })),
        ("NUL", "{ tags(filter: { name: { eq: \"a\\u0000b\" } }) { nodes { id } } }".to_owned(), none(), json!({ "code": "INVALID" })),
        (
            "no such zone",
            "{ tagsAggregate(groupBy: [{ createdAt: { by: DAY, zone: \"Mars/Olympus\" } }]) { count } }".to_owned(),
            none(),
            json!({ "code": "INVALID" }),
        ),
        (
            "a number past its range",
            "{ accounts(filter: { employeeCount: { eq: 99999999999 } }) { nodes { id } } }".to_owned(),
            none(),
            json!({ "code": "INVALID" }),
        ),
        (
            "a decimal with 40 digits",
            format!("{{ opportunityLines(filter: {{ quantity: {{ eq: \"{}\" }} }}) {{ nodes {{ id }} }} }}", "9".repeat(40)),
            none(),
            json!({ "code": "INVALID" }),
        ),
    ]
}

fn aliases(count: usize) -> String {
    (0..count).map(|number| format!("a{number}: name")).collect::<Vec<_>>().join(" ")
}

fn deep_filter(depth: usize) -> Value {
    (0..depth).fold(json!({ "name": { "eq": "a" } }), |inner, _| json!({ "not": inner }))
}
