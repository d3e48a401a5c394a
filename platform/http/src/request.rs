//! The shape of a GraphQL request over HTTP: a JSON body, or the query of a URL.

use tenon_diagnostics::Problem;
use tenon_graphql::GraphqlRequest;
use tenon_value::{Json, JsonMap};

/// Reads the body of a POST.
///
/// # Errors
/// Where it is not a JSON object with a `query`, or a member has the wrong type. Arrays (batches) are refused.
pub(crate) fn from_body(body: &[u8]) -> Result<GraphqlRequest, Problem> {
    let body: Json = serde_json::from_slice(body)
        .map_err(|error| Problem::invalid("body", format!("the body is not JSON: {error}"), format!("请求体不是有效的 JSON:{error}")))?;
    let Json::Object(members) = body else {
        return Err(Problem::invalid("body", "the body must be one JSON object", "请求体必须是一个 JSON 对象"));
    };
    from_members(members)
}

/// Reads the query of a GET, in which `variables` and `extensions` are JSON texts.
///
/// # Errors
/// As [`from_body`].
pub(crate) fn from_query(query: &str) -> Result<GraphqlRequest, Problem> {
    let mut members = JsonMap::new();
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        let value = match key.as_ref() {
            "variables" | "extensions" => serde_json::from_str(&value).map_err(|_| wrong_member(&key, "JSON"))?,
            _ => Json::from(value.into_owned()),
        };
        members.insert(key.into_owned(), value);
    }
    Ok(GraphqlRequest { is_get: true, ..from_members(members)? })
}

pub(crate) fn from_members(mut members: JsonMap<String, Json>) -> Result<GraphqlRequest, Problem> {
    let query = match members.remove("query") {
        Some(Json::String(query)) => Some(query),
        Some(Json::Null) | None => None,
        Some(_) => return Err(wrong_member("query", "a text")),
    };
    let document_id = match members.remove("documentId") {
        None | Some(Json::Null) => None,
        Some(Json::String(id)) => Some(id),
        Some(_) => return Err(wrong_member("documentId", "a text")),
    };
    let operation_name = match members.remove("operationName") {
        None | Some(Json::Null) => None,
        Some(Json::String(name)) => (!name.is_empty()).then_some(name),
        Some(_) => return Err(wrong_member("operationName", "a text")),
    };
    let variables = object(&mut members, "variables")?;
    let extensions = object(&mut members, "extensions")?;
    let is_named = document_id.is_some() || extensions.get("persistedQuery").is_some_and(|named| !named.is_null());
    let query = match query {
        Some(query) => query,
        None if is_named => String::new(),
        None => return Err(Problem::invalid("body", "there is no `query`", "缺少 `query`")),
    };
    Ok(GraphqlRequest { document_id, query, operation_name, variables, extensions, ..GraphqlRequest::default() })
}

fn object(members: &mut JsonMap<String, Json>, name: &'static str) -> Result<JsonMap<String, Json>, Problem> {
    match members.remove(name) {
        None | Some(Json::Null) => Ok(JsonMap::new()),
        Some(Json::Object(object)) => Ok(object),
        Some(_) => Err(wrong_member(name, "an object")),
    }
}

fn wrong_member(name: &str, expected: &str) -> Problem {
    Problem::invalid("body", format!("`{name}` must be {expected}"), format!("`{name}` 的类型不正确,应为 {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_from_body_and_query() {
        let request = from_body(br#"{"query":"{a}","variables":{"x":1},"operationName":null}"#).unwrap();
        assert_eq!((request.query.as_str(), request.variables.len(), request.is_get), ("{a}", 1, false));
        let request = from_query("query=%7Ba%7D&variables=%7B%22x%22%3A1%7D&operationName=A").unwrap();
        assert_eq!((request.query.as_str(), request.operation_name.as_deref(), request.is_get), ("{a}", Some("A"), true));
    }

    #[test]
    fn other_shapes_are_refused() {
        let wrong: [&[u8]; 8] = [
            b"",
            b"{",
            b"[]",
            b"[{\"query\":\"{a}\"}]",
            b"{}",
            br#"{"query":1}"#,
            br#"{"query":"{a}","variables":[]}"#,
            br#"{"query":"\ud800"}"#,
        ];
        for body in wrong {
            assert!(from_body(body).is_err(), "{}", String::from_utf8_lossy(body));
        }
        assert!(from_query("query=%7Ba%7D&variables=x").is_err());
    }
}
