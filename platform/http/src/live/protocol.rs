//! The words of `graphql-transport-ws`, as clients send and are sent them.

use serde_json::json;
use tenon_graphql::GraphqlRequest;
use tenon_value::{Json, JsonMap};

use crate::request::from_members;

/// The name of the protocol.
pub(super) const PROTOCOL: &str = "graphql-transport-ws";

/// Why a socket is closed, in the protocol's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Closed(pub(super) u16, pub(super) &'static str);

/// A message that is none of the protocol's.
pub(super) const INVALID: Closed = Closed(4400, "Invalid message received");
/// Asked before he was known.
pub(super) const UNAUTHORIZED: Closed = Closed(4401, "Unauthorized");
/// Not known, or no longer.
pub(super) const FORBIDDEN: Closed = Closed(4403, "Forbidden");
/// The protocol is another one.
pub(super) const SUBPROTOCOL: Closed = Closed(4406, "Subprotocol not acceptable");
/// Did not say who he is.
pub(super) const INIT_TIMEOUT: Closed = Closed(4408, "Connection initialisation timeout");
/// Said it twice.
pub(super) const INIT_TWICE: Closed = Closed(4429, "Too many initialisation requests");
/// The server ends.
pub(super) const GOING_AWAY: Closed = Closed(1001, "Going away");
/// Nothing was heard for long, or nothing taken.
pub(super) const SILENT: Closed = Closed(1001, "Nothing was heard for too long");
/// Too many sockets of one principal.
pub(super) const TOO_MANY: Closed = Closed(4429, "Too many sockets");

/// What a client says.
#[derive(Debug)]
pub(super) enum Said {
    Init(JsonMap<String, Json>),
    Ping(Option<Json>),
    Pong,
    Subscribe(String, Box<Result<GraphqlRequest, tenon_diagnostics::Problem>>),
    Complete(String),
}

/// Reads a message; none where it is none.
pub(super) fn read(text: &str) -> Option<Said> {
    let Json::Object(mut message) = serde_json::from_str(text).ok()? else { return None };
    let payload = message.remove("payload").filter(|payload| !payload.is_null());
    let id = message.remove("id");
    let id = || id.as_ref().and_then(Json::as_str).filter(|id| !id.is_empty()).map(str::to_owned);
    Some(match message.get("type").and_then(Json::as_str)? {
        "connection_init" => match payload {
            None => Said::Init(JsonMap::new()),
            Some(Json::Object(payload)) => Said::Init(payload),
            Some(_) => return None,
        },
        "ping" => Said::Ping(payload.filter(Json::is_object)),
        "pong" => Said::Pong,
        "subscribe" => {
            let (id, Some(Json::Object(payload))) = (id()?, payload) else { return None };
            // A request without a document is no message of the protocol; one that cannot be answered is answered so.
            payload.get("query").and_then(Json::as_str)?;
            Said::Subscribe(id, Box::new(from_members(payload)))
        }
        "complete" => Said::Complete(id()?),
        _ => return None,
    })
}

/// The credential in a `connection_init`.
pub(super) fn authorization(payload: &JsonMap<String, Json>) -> Option<&str> {
    payload.iter().find(|(key, _)| key.eq_ignore_ascii_case("authorization")).and_then(|(_, value)| value.as_str())
}

pub(super) fn ack() -> String {
    json!({ "type": "connection_ack" }).to_string()
}

pub(super) fn ping() -> String {
    json!({ "type": "ping" }).to_string()
}

pub(super) fn pong(payload: Option<Json>) -> String {
    match payload {
        Some(payload) => json!({ "type": "pong", "payload": payload }).to_string(),
        None => json!({ "type": "pong" }).to_string(),
    }
}

/// An answer; the body is JSON already.
pub(super) fn next(id: &str, body: &[u8]) -> String {
    format!("{{\"id\":{},\"type\":\"next\",\"payload\":{}}}", Json::from(id), String::from_utf8_lossy(body))
}

/// What is wrong with an operation.
pub(super) fn error(id: &str, errors: &Json) -> String {
    json!({ "id": id, "type": "error", "payload": errors }).to_string()
}

pub(super) fn complete(id: &str) -> String {
    json!({ "id": id, "type": "complete" }).to_string()
}

/// The errors of a response that was refused.
pub(super) fn errors_of(body: &[u8]) -> Json {
    serde_json::from_slice::<Json>(body).ok().and_then(|mut body| body.get_mut("errors").map(Json::take)).unwrap_or_else(|| json!([]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_the_protocol_are_read_and_others_are_not() {
        assert!(matches!(read(r#"{"type":"connection_init"}"#), Some(Said::Init(payload)) if payload.is_empty()));
        assert!(matches!(read(r#"{"type":"ping","payload":{"a":1}}"#), Some(Said::Ping(Some(_)))));
        assert!(matches!(read(r#"{"type":"pong"}"#), Some(Said::Pong)));
        assert!(matches!(read(r#"{"id":"1","type":"complete"}"#), Some(Said::Complete(id)) if id == "1"));
        let subscribe = r#"{"id":"1","type":"subscribe","payload":{"query":"{a}"}}"#;
        assert!(matches!(read(subscribe), Some(Said::Subscribe(id, request)) if id == "1" && request.is_ok()));
        for wrong in [
            "",
            "[]",
            "1",
            "{}",
            r#"{"type":"start"}"#,
            r#"{"type":"connection_init","payload":1}"#,
            r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"1","payload":{}}"#,
            r#"{"type":"complete"}"#,
        ] {
            assert!(read(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_credential_is_found_whatever_its_case() {
        let Some(Said::Init(payload)) = read(r#"{"type":"connection_init","payload":{"Authorization":"Bearer x"}}"#) else { panic!() };
        assert_eq!(authorization(&payload), Some("Bearer x"));
    }
}
