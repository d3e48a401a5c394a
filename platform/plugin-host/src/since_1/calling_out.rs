//! Calls to hosts outside, as a plugin makes them: held to its grants before anything leaves.

use tenon_diagnostics::Kind;
use tenon_hooks::{Ask, Given, HttpAsk, HttpGrant, Outward, Phase, Piece, SecretPlace};

use super::generated::tenon::plugin::http;
use super::imports::{Told, problem};
use super::types;
use crate::limits::HTTP_REQUEST_BYTES_MAX;
use crate::state::CallState;
use crate::tape::taped;

/// Headers that the host writes itself, or that change how a request is read.
const OURS: [&str; 12] = [
    "host",
    "content-length",
    "connection",
    "transfer-encoding",
    "upgrade",
    "te",
    "trailer",
    "keep-alive",
    "expect",
    "proxy-authorization",
    "proxy-connection",
    "accept-encoding",
];

/// Where a value stands.
#[derive(Clone, Copy)]
enum Spot<'a> {
    Header(&'a str),
    Query(&'a str),
    Body,
}

impl Spot<'_> {
    fn is_of(self, place: &SecretPlace) -> bool {
        match self {
            Self::Header(name) => place.header.as_ref().is_some_and(|header| header.eq_ignore_ascii_case(name)),
            Self::Query(name) => place.query.as_deref() == Some(name),
            Self::Body => place.body,
        }
    }
}

fn forbidden(rule: &str, words: String) -> types::Problem {
    types::Problem { rule: Some(rule.to_owned()), ..problem(Kind::Forbidden.code(), words) }
}

fn invalid(words: impl Into<String>) -> types::Problem {
    types::Problem { rule: Some("http/request".to_owned()), ..problem(Kind::Invalid.code(), words.into()) }
}

/// The request, if all of it was granted.
fn granted(outward: &Outward, request: http::Request) -> Result<HttpAsk, types::Problem> {
    let http::Request { grant, method, path, query, headers, body } = request;
    let unknown = || forbidden("http/grant", format!("`package.yaml` names no host `{}`", grant.escape_debug()));
    let host = outward.host(&grant).or_else(|| outward.host_at(&grant, &method, &path)).ok_or_else(unknown)?;
    if !host.allows(&method, &path) {
        let words = format!("the package may not {} `{}` at `{grant}`", method.escape_debug(), path.escape_debug());
        return Err(forbidden("http/grant", words));
    }
    let has_body = matches!(method.as_str(), "POST" | "PUT" | "PATCH");
    if !has_body && !body.is_empty() {
        return Err(invalid(format!("{method} has no body")));
    }
    let mut bytes = path.len();
    let mut values = |spot: fn(&str) -> Spot<'_>, fields: Vec<http::Field>| {
        let one = |http::Field { name, value }: http::Field| {
            bytes += name.len();
            let pieces = pieces((outward, host), spot(&name), value, &mut bytes)?;
            Ok((name, pieces))
        };
        fields.into_iter().map(one).collect::<Result<Vec<_>, types::Problem>>()
    };
    let query = values(|name| Spot::Query(name), query)?;
    let headers = values(|name| Spot::Header(name), headers)?;
    let body = pieces((outward, host), Spot::Body, body, &mut bytes)?;
    if let Some((name, _)) = headers.iter().find(|(name, _)| !is_header(name)) {
        return Err(invalid(format!("the header `{}` is not for a plugin to write", name.escape_debug())));
    }
    if bytes > HTTP_REQUEST_BYTES_MAX {
        let words = format!("a request has {HTTP_REQUEST_BYTES_MAX} bytes at most");
        return Err(types::Problem { rule: Some("http/request-bytes".to_owned()), ..problem(Kind::Exhausted.code(), words) });
    }
    Ok(HttpAsk { host: host.host.clone(), method, path, query, headers, body })
}

fn is_header(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token) && !OURS.iter().any(|ours| ours.eq_ignore_ascii_case(name))
}

fn pieces(
    (outward, host): (&Outward, &HttpGrant),
    spot: Spot<'_>,
    said: Vec<http::Piece>,
    bytes: &mut usize,
) -> Result<Vec<Piece>, types::Problem> {
    let mut one = |piece: http::Piece| match piece {
        http::Piece::Bytes(_) if !matches!(spot, Spot::Body) => Err(invalid("bytes are for bodies; write a text")),
        http::Piece::Text(text) if !matches!(spot, Spot::Body) && text.chars().any(char::is_control) => {
            Err(invalid("headers and parameters have no control characters"))
        }
        http::Piece::Text(text) => {
            *bytes += text.len();
            Ok(Piece::Plain(text.into_bytes()))
        }
        http::Piece::Bytes(plain) => {
            *bytes += plain.len();
            Ok(Piece::Plain(plain))
        }
        http::Piece::Secret(name) => {
            let place = outward.secret(&name).and_then(|secret| secret.place.as_ref());
            if place.is_some_and(|place| place.grant == host.name && spot.is_of(place)) {
                return Ok(Piece::Secret(name));
            }
            Err(forbidden("http/secret", format!("the secret `{}` was not granted for this place of this host", name.escape_debug())))
        }
    };
    said.into_iter().map(&mut one).collect()
}

impl http::Host for CallState {
    async fn send(&mut self, request: http::Request) -> Told<http::Response> {
        taped!(self, "http#send", (&request,), {
            if !matches!(self.begun.phase, Phase::Event | Phase::Job | Phase::Endpoint) {
                return Err(self.cross("phase"));
            }
            self.calls_left = self.calls_left.checked_sub(1).ok_or_else(|| self.cross("http_calls"))?;
            let ask = match granted(&self.begun.outward, request) {
                Ok(ask) => ask,
                Err(problem) => return Ok(Err(problem)),
            };
            let given = self.told(Ask::Http(Box::new(ask))).await?;
            Ok(given.and_then(|given| match given {
                Given::Http(reply) => Ok(http::Response { status: reply.status, headers: reply.headers, body: reply.body }),
                _ => Err(problem(Kind::Unavailable.code(), "nobody answers".to_owned())),
            }))
        })
    }
}

#[cfg(test)]
mod tests {
    use tenon_hooks::SecretGrant;

    use super::*;

    fn outward() -> Outward {
        let host = HttpGrant {
            name: "billing".to_owned(),
            host: "api.acme.com".to_owned(),
            methods: vec!["POST".to_owned(), "GET".to_owned()],
            paths: vec!["/v1/*".to_owned()],
        };
        let other = HttpGrant { name: "other".to_owned(), host: "other.example".to_owned(), ..host.clone() };
        let place = SecretPlace { grant: "billing".to_owned(), header: Some("Authorization".to_owned()), query: None, body: false };
        let secret = SecretGrant { name: "key".to_owned(), place: Some(place), ..SecretGrant::default() };
        Outward { secrets: vec![secret], http: vec![host, other], ..Outward::default() }
    }

    fn request(grant: &str, header: (&str, http::Piece), body: Vec<http::Piece>) -> http::Request {
        let headers = vec![http::Field { name: header.0.to_owned(), value: vec![header.1] }];
        let (method, path) = ("POST".to_owned(), "/v1/deals".to_owned());
        http::Request { grant: grant.to_owned(), method, path, query: Vec::new(), headers, body }
    }

    fn rule(request: http::Request) -> String {
        granted(&outward(), request).err().and_then(|problem| problem.rule).unwrap_or_default()
    }

    #[test]
    fn a_secret_goes_where_it_was_granted_for_and_nowhere_else() {
        let secret = || http::Piece::Secret("key".to_owned());
        let text = || http::Piece::Text("x".to_owned());
        assert_eq!(rule(request("billing", ("authorization", secret()), Vec::new())), "");
        for wrong in [
            request("other", ("authorization", secret()), Vec::new()),
            request("billing", ("x-echo", secret()), Vec::new()),
            request("billing", ("x-a", text()), vec![secret()]),
            request("billing", ("authorization", http::Piece::Secret("unknown".to_owned())), Vec::new()),
        ] {
            assert_eq!(rule(wrong), "http/secret");
        }
    }

    #[test]
    fn a_host_is_named_by_its_grant_or_its_address() {
        let mut outward = outward();
        let narrow = HttpGrant { name: "narrow".to_owned(), paths: vec!["/v2/*".to_owned()], ..outward.http[0].clone() };
        outward.http.insert(0, narrow);
        let text = || http::Piece::Text("x".to_owned());
        let asked = granted(&outward, request("API.acme.com", ("x-a", text()), Vec::new())).unwrap();
        assert_eq!((asked.host.as_str(), asked.path.as_str()), ("api.acme.com", "/v1/deals"), "of two grants the one that allows it");
        // A secret stays with the grant it was given for.
        let secret = || http::Piece::Secret("key".to_owned());
        assert!(granted(&outward, request("api.acme.com", ("authorization", secret()), Vec::new())).is_ok());
        assert_eq!(rule(request("other.example", ("authorization", secret()), Vec::new())), "http/secret");
        assert_eq!(rule(request("evil.example", ("x-a", text()), Vec::new())), "http/grant");
    }

    #[test]
    fn what_would_change_how_a_request_is_read_is_refused() {
        let text = |text: &str| http::Piece::Text(text.to_owned());
        for header in ["Host", "content-length", "Transfer-Encoding", "a b", ""] {
            assert_eq!(rule(request("billing", (header, text("x")), Vec::new())), "http/request", "{header}");
        }
        assert_eq!(rule(request("billing", ("x-a", text("a\r\nx-b: c")), Vec::new())), "http/request");
        assert_eq!(rule(request("billing", ("x-a", http::Piece::Bytes(vec![0])), Vec::new())), "http/request");
        assert_eq!(rule(request("nowhere", ("x-a", text("x")), Vec::new())), "http/grant");
        let long = vec![http::Piece::Bytes(vec![0; HTTP_REQUEST_BYTES_MAX])];
        assert_eq!(rule(request("billing", ("x-a", text("x")), long)), "http/request-bytes");
        let mut looking = request("billing", ("x-a", text("x")), vec![text("body")]);
        looking.method = "GET".to_owned();
        assert_eq!(rule(looking), "http/request");
    }
}
