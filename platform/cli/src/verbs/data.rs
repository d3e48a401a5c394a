//! `tenon query`.

use anyhow::Context as _;
use serde_json::{Map, json};
use tenon_value::Json;

use crate::args::Args;
use crate::client::{Client, refused};
use crate::output::{Exit, Output};

/// Runs a document and prints the answer; exit 1 where it has errors. With `explain` what stands behind it is printed
/// instead: statements, the plan of each, and the rules woven in.
pub(crate) fn query(args: &Args, output: &Output, document: &str, variables: &[String], explain: bool) -> anyhow::Result<Exit> {
    let document = match document.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("cannot read `{file}`"))?,
        None => document.to_owned(),
    };
    let mut values = Map::new();
    for variable in variables {
        let (name, value) = variable.split_once('=').with_context(|| format!("`{variable}` is no `name=value`"))?;
        values.insert(name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| Json::from(value)));
    }
    let client = Client::new(args)?;
    let mut answer = client.graphql_with("graphql", &document, &Json::Object(values), &json!({ "explain": explain }))?;
    let words = match answer.pointer("/extensions/explain") {
        Some(behind) => behind_words(behind),
        None => serde_json::to_string_pretty(&answer)?,
    };
    let failure = answer.pointer("/errors/0").map(|first| refused(first).error);
    let exit = if failure.is_some() { Exit::Failed } else { Exit::Done };
    // Programs find a failure where every verb has it, beside the answer itself.
    if let (Some(failure), Some(members)) = (failure, answer.as_object_mut()) {
        members.insert("error".to_owned(), failure);
    }
    output.result(&answer, words);
    Ok(exit)
}

/// What stands behind a query, for people: each statement with its plan, then the rules on rows, then what the opaque names mean.
fn behind_words(behind: &Json) -> String {
    let list = |name: &str| behind.get(name).and_then(Json::as_array).into_iter().flatten();
    let text = |one: &Json, name: &str| one.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let mut lines = Vec::new();
    for (at, statement) in list("statements").enumerate() {
        lines.push(format!("-- statement {}", at + 1));
        lines.push(text(statement, "sql"));
        let plan = statement.get("plan").and_then(Json::as_array).into_iter().flatten();
        lines.extend(plan.filter_map(Json::as_str).map(|step| format!("   {step}")));
    }
    lines.push("-- rows are shown because of".to_owned());
    for rule in list("rules") {
        let rows = rule.get("rule").and_then(Json::as_str).unwrap_or("all rows");
        lines.push(format!("   {}: {} {} {rows}", text(rule, "object"), text(rule, "by"), text(rule, "name")));
    }
    lines.push("-- names".to_owned());
    let names = behind.get("names").and_then(Json::as_object).into_iter().flatten();
    lines.extend(names.map(|(name, meaning)| format!("   {name} = {}", meaning.as_str().unwrap_or_default())));
    lines.join("\n")
}
