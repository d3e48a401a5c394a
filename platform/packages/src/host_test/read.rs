//! A file of YAML → a host test, or what is wrong with it.

use tenon_compiler::{SourceFile, read_yaml};
use tenon_value::{DateTime, Json, JsonMap};

use super::{CallPattern, Fixture, HOST_TEST_BYTES_MAX, HOST_TEST_STEPS_MAX, HostTest, StepAct, TestStep, wrong};
use crate::BundleError;

/// Where the clock stands where nothing is said: a Monday morning.
const USUAL_TIME: &str = "2026-01-05T09:00:00Z";
/// Methods of calls.
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

type Members = JsonMap<String, Json>;
type Read<T> = Result<T, String>;

/// Reads a file.
pub(super) fn test(path: &str, bytes: &[u8]) -> Result<HostTest, BundleError> {
    if bytes.len() > HOST_TEST_BYTES_MAX {
        return Err(wrong(path, format!("it has more than {HOST_TEST_BYTES_MAX} bytes (`host_test_bytes`)")));
    }
    let text = String::from_utf8(bytes.to_vec()).map_err(|_| wrong(path, "it is no text".to_owned()))?;
    let json = read_yaml(&SourceFile::new(path, text)).map_err(|found| {
        let first = found.first().map(ToString::to_string);
        wrong(path, first.unwrap_or_else(|| "it is no YAML".to_owned()))
    })?;
    whole(path, &json).map_err(|reason| wrong(path, reason))
}

fn whole(path: &str, json: &Json) -> Read<HostTest> {
    let keys = ["format", "test", "time", "seed", "settings", "secrets", "http", "steps"];
    let members = members(json, "the file", &keys)?;
    if text(members, "format")?.as_deref() != Some("tenon/v1") {
        return Err("it begins with `format: tenon/v1`".to_owned());
    }
    let steps = list(members, "steps")?;
    if steps.is_empty() || steps.len() > HOST_TEST_STEPS_MAX {
        return Err(format!("`steps` are 1 to {HOST_TEST_STEPS_MAX} (`host_test_steps`)"));
    }
    let numbered = |(at, one): (usize, &Json)| step(one).map_err(|reason| format!("step {}: {reason}", at + 1));
    Ok(HostTest {
        path: path.to_owned(),
        name: text(members, "test")?.ok_or("`test` says what it shows")?,
        time: moment(members.get("time").unwrap_or(&Json::from(USUAL_TIME)), "time")?,
        seed: number(members, "seed")?.unwrap_or_default(),
        settings: map(members, "settings")?,
        secrets: texts(members, "secrets")?,
        http: list(members, "http")?.iter().map(fixture).collect::<Read<_>>()?,
        steps: steps.iter().enumerate().map(numbered).collect::<Read<_>>()?,
    })
}

fn step(json: &Json) -> Read<TestStep> {
    let keys = ["as", "graphql", "variables", "endpoint", "headers", "body", "json", "advance", "expect", "keep", "fuel_below", "calls"];
    let members = members(json, "a step", &keys)?;
    let act = act(members)?;
    let only =
        |key: &str, fits: bool| if members.contains_key(key) && !fits { Err(format!("`{key}` does not belong here")) } else { Ok(()) };
    only("variables", matches!(act, StepAct::Graphql { .. }))?;
    for key in ["headers", "body", "json"] {
        only(key, matches!(act, StepAct::Endpoint { .. }))?;
    }
    for key in ["as", "expect", "keep"] {
        only(key, !matches!(act, StepAct::Advance(_)))?;
    }
    let calls = members.contains_key("calls").then(|| list(members, "calls")?.iter().map(call).collect::<Read<_>>()).transpose()?;
    let keep = texts(members, "keep")?;
    if let Some((name, _)) = keep.iter().find(|(_, pointer)| !pointer.starts_with('/')) {
        return Err(format!("`keep.{name}` is a JSON pointer, such as `/data/createAccount/id`"));
    }
    Ok(TestStep {
        role: text(members, "as")?,
        act,
        expect: members.get("expect").cloned(),
        keep,
        fuel_below: number(members, "fuel_below")?,
        calls,
    })
}

/// Exactly one of the three things that a step can do.
fn act(members: &Members) -> Read<StepAct> {
    match (members.get("graphql"), members.get("endpoint"), members.get("advance")) {
        (Some(Json::String(document)), None, None) => {
            let variables = Json::Object(map(members, "variables")?);
            Ok(StepAct::Graphql { document: document.clone(), variables })
        }
        (None, Some(Json::String(at)), None) => {
            let (method, path) = at
                .split_once(' ')
                .filter(|(method, path)| METHODS.contains(method) && path.starts_with('/'))
                .ok_or("`endpoint` is a method and a path, such as `POST /orders`")?;
            let body = body(members)?;
            Ok(StepAct::Endpoint { method: method.to_owned(), path: path.to_owned(), headers: texts(members, "headers")?, body })
        }
        (None, None, Some(to)) => Ok(StepAct::Advance(moment(to, "advance")?)),
        _ => Err("it has one of `graphql`, `endpoint`, `advance`".to_owned()),
    }
}

fn fixture(json: &Json) -> Read<Fixture> {
    let members = members(json, "`http`", &["call", "status", "headers", "body", "json"])?;
    let status = number(members, "status")?.unwrap_or(200);
    let status = u16::try_from(status).ok().filter(|status| (100..=599).contains(status)).ok_or("`status` is 100 to 599")?;
    let call = call(members.get("call").unwrap_or(&Json::Null))?;
    Ok(Fixture { call, status, headers: texts(members, "headers")?, body: body(members)? })
}

fn call(json: &Json) -> Read<CallPattern> {
    let words: Vec<&str> = json.as_str().unwrap_or_default().split_whitespace().collect();
    match words.as_slice() {
        [method, grant, path] if METHODS.contains(method) && path.starts_with('/') => {
            Ok(CallPattern { method: (*method).to_owned(), grant: (*grant).to_owned(), path: (*path).to_owned() })
        }
        _ => Err("a call is written as `POST billing /v1/deals`: method, name under `grants.http`, path".to_owned()),
    }
}

/// `body`, a text as it is, or `json`.
fn body(members: &Members) -> Read<String> {
    match (text(members, "body")?, members.get("json")) {
        (Some(_), Some(_)) => Err("it has `body` or `json`, not both".to_owned()),
        (Some(body), None) => Ok(body),
        (None, json) => Ok(json.map(Json::to_string).unwrap_or_default()),
    }
}

fn members<'j>(json: &'j Json, what: &str, keys: &[&str]) -> Read<&'j Members> {
    let members = json.as_object().ok_or_else(|| format!("{what} is a mapping"))?;
    match members.keys().find(|key| !keys.contains(&key.as_str())) {
        Some(other) => Err(format!("`{other}` is not known; there are {}", keys.join(", "))),
        None => Ok(members),
    }
}

fn moment(json: &Json, key: &str) -> Read<DateTime> {
    let moment = json.as_str().and_then(|text| text.parse().ok());
    moment.ok_or_else(|| format!("`{key}` is a moment, such as 2026-01-05T09:00:00Z"))
}

fn text(members: &Members, key: &str) -> Read<Option<String>> {
    match members.get(key) {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("`{key}` is a text")),
    }
}

fn number(members: &Members, key: &str) -> Read<Option<u64>> {
    members.get(key).map(|number| number.as_u64().ok_or_else(|| format!("`{key}` is a whole number"))).transpose()
}

fn map(members: &Members, key: &str) -> Read<Members> {
    match members.get(key) {
        None => Ok(Members::new()),
        Some(Json::Object(map)) => Ok(map.clone()),
        Some(_) => Err(format!("`{key}` is a mapping")),
    }
}

/// A mapping of texts.
fn texts(members: &Members, key: &str) -> Read<Vec<(String, String)>> {
    let one = |(name, value): (String, Json)| match value {
        Json::String(text) => Ok((name, text)),
        _ => Err(format!("`{key}.{name}` is a text")),
    };
    map(members, key)?.into_iter().map(one).collect()
}

fn list<'m>(members: &'m Members, key: &str) -> Read<&'m [Json]> {
    match members.get(key) {
        None => Ok(&[]),
        Some(Json::Array(list)) => Ok(list),
        Some(_) => Err(format!("`{key}` is a list")),
    }
}
