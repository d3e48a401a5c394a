//! Queries: what may be read is read, what a query must not do is tried.

use tenon_sdk::prelude::*;

/// The field of a record that shows who may see what: its name, nothing, or why not.
pub(crate) fn peek(input: &Json) -> Result<Json, Error> {
    let word = |name: &str| input.at(name).text().unwrap_or_default().to_owned();
    let said = match records::get(&word("object"), &word("id")) {
        Ok(Some(record)) => format!("{} {}", record.text("name").unwrap_or_default(), record.integer("employee_count").is_some()),
        Ok(None) => "nothing".to_owned(),
        Err(problem) => problem.code,
    };
    Ok(Json::object([("said", said.into())]))
}

/// The names of tags that begin so.
pub(crate) fn tagged(input: &Json) -> Result<Json, Error> {
    let variables = Json::object([("starts", input.at("starts").clone())]).to_string();
    let document = "query ($starts: String) { tags(filter: { name: { startsWith: $starts } }, orderBy: { name: ASC }) { nodes { name } } }";
    let data = records::query(document, &variables)?;
    let nodes = data.at("tags.nodes");
    let names: Vec<Json> = nodes.items().iter().map(|node| node.at("name").clone()).collect();
    let total = i64::try_from(names.len()).unwrap_or(i64::MAX);
    Ok(Json::object([("names", Json::List(names)), ("total", total.into())]))
}

/// Everything that a query may not.
pub(crate) fn astray(how: &str) -> Result<Json, Error> {
    match how {
        "write" => drop(records::create("tag", &[("name", "never".into())])?),
        "lock" => records::lock("a name")?,
        "keep" => kv::set("a", "never")?,
        "leave" => drop(jobs::start("call", "{}", None, None)?),
        "call" => drop(http::Request::get("shop", "/v1/echo").send()?),
        "refuse" => return Err(Refusal::new("not today").rule("NOT_TODAY").into()),
        "panic" => panic!("the plugin's own secret"),
        "loop" => loop {
            std::hint::black_box(how);
        },
        "undeclared" => return Ok(Json::object([("secret", "never".into())])),
        "misfit" => return Ok(Json::object([("said", 7.into())])),
        _ => {}
    }
    Ok(Json::object([("said", how.into())]))
}
