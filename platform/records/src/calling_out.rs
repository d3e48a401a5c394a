//! Calls of plugins to hosts outside: sent between two tries of a mutation, never inside a transaction.
//!
//! A try that meets a call without an answer ends there and is rolled back; the call is sent; the next try begins anew and finds the
//! answer. Invariants: no transaction, and no room for plugins, is held while a host is waited for; a secret is put in here and taken
//! out of the answer here, so that it reaches neither plugin nor log; the idempotency key is the same however often a call is tried.
//! Decision 13 says why.

use sha2::{Digest, Sha256};
use tenon_context::OpContext;
use tenon_diagnostics::{Kind, Message, Problem};
use tenon_hooks::{By, Given, HttpAsk, HttpReply, Piece, SecretValue};
use tenon_outbound::{Answer, Method, OutboundError, Request};
use tenon_query::{CallKind, Write};

use crate::attempt::Attempt;
use crate::halt::{Halt, Tried};
use crate::masking::Mask;
use crate::reading::Told;
use crate::{Mutation, Pipeline, RecordsError};

/// Calls of one mutation, over all its tries: a plugin that asks something else each time comes to an end.
const SENT_MAX: usize = 50;
/// Names the call to whoever would do it twice.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// A call that waits to be sent.
#[derive(Debug)]
pub(crate) struct Outgoing {
    package: String,
    ask: HttpAsk,
    place: usize,
}

/// What the tries of one mutation have called, and what was answered.
#[derive(Default)]
pub(crate) struct Calls {
    answered: Vec<(Outgoing, Result<HttpReply, Box<Problem>>)>,
    /// Calls of the try at hand.
    met: usize,
    /// Calls sent over all tries.
    sent: usize,
    /// From which idempotency keys follow.
    salt: String,
}

impl Calls {
    pub(crate) fn of(cx: &OpContext, mutation: &Mutation) -> Self {
        Self { salt: salt(cx, mutation), ..Self::default() }
    }

    /// A try begins.
    pub(crate) const fn begin(&mut self) {
        self.met = 0;
    }
}

/// What is the same in every try of the same work, and in no other work.
fn salt(cx: &OpContext, mutation: &Mutation) -> String {
    let call = mutation.steps.iter().find_map(|step| match &step.write {
        Write::Call(call) => Some(call),
        _ => None,
    });
    let Some(call) = call else { return String::new() };
    let work = match (call.kind, &mutation.idempotency) {
        // An event that could not be digested becomes a job; it is the same event.
        (CallKind::Event, _) => String::new(),
        (_, Some(idempotency)) => idempotency.key.clone(),
        _ => cx.request.as_str().to_owned(),
    };
    let cursor = call.cursor.as_deref().unwrap_or_default();
    [&cx.model.tenant.to_string(), &call.package, call.kind.word(), &call.name, &work, &call.input.to_string(), cursor].join("\0")
}

impl Attempt<'_> {
    /// The answer to a call; or the try ends, so that it can be sent.
    pub(crate) fn call_out(&mut self, by: By<'_>, ask: HttpAsk) -> Tried<Told> {
        let calls = &mut self.memory.calls;
        let place = calls.met;
        calls.met += 1;
        match calls.answered.get(place) {
            Some((asked, answer)) if asked.package == by.package && asked.ask == ask => {
                Ok(answer.clone().map(|reply| Given::Http(Box::new(reply))))
            }
            _ => {
                // What was asked after another question means nothing now.
                calls.answered.truncate(place);
                Err(Halt::CallsOut(Box::new(Outgoing { package: by.package.to_owned(), ask, place })))
            }
        }
    }
}

/// Sends a call, and keeps what is answered for the next try.
pub(crate) async fn send((pipeline, cx): (&Pipeline, &OpContext), calls: &mut Calls, outgoing: Outgoing) -> Result<(), RecordsError> {
    calls.sent += 1;
    if calls.sent > SENT_MAX {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        return Err(RecordsError::problem(None, Problem::exhausted("http_calls", number(SENT_MAX), number(calls.sent))));
    }
    let answer = exchange((pipeline, cx), &calls.salt, &outgoing).await?;
    calls.answered.push((outgoing, answer));
    Ok(())
}

async fn exchange(
    (pipeline, cx): (&Pipeline, &OpContext),
    salt: &str,
    Outgoing { package, ask, place }: &Outgoing,
) -> Result<Result<HttpReply, Box<Problem>>, RecordsError> {
    let Some(client) = &pipeline.outbound else { return Ok(Err(Box::new(Problem::of_kind(Kind::Unavailable)))) };
    let tenant = cx.model.tenant;
    let mut secrets = Vec::new();
    for name in ask.secrets() {
        match pipeline.store.package_secret(tenant, package, name).await? {
            Some(secret) => secrets.push((name, SecretValue(secret))),
            None => return Ok(Err(Box::new(unset(name)))),
        }
    }
    let Some(request) = request(ask, &secrets, key(salt, package, *place)) else { return Ok(Err(Box::new(unusable()))) };
    let begun = std::time::Instant::now();
    let answered = client.send(Some(tenant), request).await;
    let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = answered.as_ref().map_or(0, |answer| answer.status);
    tracing::debug!(%tenant, package, host = ask.host, method = ask.method, path = ask.path, status, millis, "plugin called out");
    let mask = Mask::of(secrets.iter().map(|(_, secret)| secret));
    Ok(answered.map(|answer| reply(answer, &mask)).map_err(|error| Box::new(told(&error))))
}

fn key(salt: &str, package: &str, place: usize) -> String {
    let digest = Sha256::digest(format!("{salt}\0{package}\0{place}"));
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The request with its secrets in it; none where one of them cannot stand where it should.
fn request(ask: &HttpAsk, secrets: &[(&str, SecretValue)], key: String) -> Option<Request> {
    let method = Method::ALL.into_iter().find(|method| method.word() == ask.method)?;
    let mut headers = Vec::new();
    for (name, pieces) in &ask.headers {
        headers.push((name.to_ascii_lowercase(), text(pieces, secrets)?));
    }
    if !matches!(method, Method::Get | Method::Head) && !headers.iter().any(|(name, _)| name == IDEMPOTENCY_KEY) {
        headers.push((IDEMPOTENCY_KEY.to_owned(), key));
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, pieces) in &ask.query {
        query.append_pair(name, &text(pieces, secrets)?);
    }
    let query = query.finish();
    let query = if query.is_empty() { query } else { format!("?{query}") };
    let url = format!("{}://{}{}{query}", scheme(&ask.host), ask.host, ask.path);
    Some(Request { method, url, headers, body: bytes(&ask.body, secrets)? })
}

/// This machine is spoken to without TLS, where the operator lets anybody speak to it; every other host with.
fn scheme(host: &str) -> &'static str {
    let name = if host.starts_with('[') { host.split_inclusive(']').next() } else { host.split(':').next() };
    let name = name.unwrap_or_default();
    if name == "localhost" || name == "[::1]" || name.starts_with("127.") { "http" } else { "https" }
}

fn bytes(pieces: &[Piece], secrets: &[(&str, SecretValue)]) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Plain(plain) => all.extend_from_slice(plain),
            Piece::Secret(name) => all.extend_from_slice(secrets.iter().find(|(one, _)| one == name)?.1.0.as_bytes()),
        }
    }
    Some(all)
}

/// A value of a header or of the query: text of one line.
fn text(pieces: &[Piece], secrets: &[(&str, SecretValue)]) -> Option<String> {
    String::from_utf8(bytes(pieces, secrets)?).ok().filter(|text| !text.chars().any(char::is_control))
}

fn reply(answer: Answer, mask: &Mask) -> HttpReply {
    let headers = answer.headers.into_iter().map(|(name, value)| (name, mask.text(&value))).collect();
    HttpReply { status: answer.status, headers, body: mask.bytes(answer.body) }
}

fn unset(name: &str) -> Problem {
    let message = Message::new(format!("nobody has set the secret `{name}`"), format!("密钥 `{name}` 尚未设置"));
    Problem { rule: Some("http/secret".into()), message, ..Problem::of_kind(Kind::NotFound) }
}

fn unusable() -> Problem {
    Problem::invalid("http/request", "a header or parameter is one line of text", "请求头和参数必须是单行文本")
}

fn told(error: &OutboundError) -> Problem {
    let (rule, kind) = match error {
        OutboundError::Forbidden(_) => ("http/address", Kind::Forbidden),
        OutboundError::Late(_) => ("http/time", Kind::Unavailable),
        OutboundError::TooMuch(..) => ("http/response-bytes", Kind::Unavailable),
        OutboundError::Busy => ("http/at-once", Kind::Unavailable),
        OutboundError::Unreachable(..) => ("http/unreachable", Kind::Unavailable),
    };
    let message = Message::new(error.to_string(), format!("外部请求失败:{error}"));
    Problem { rule: Some(rule.into()), message, ..Problem::of_kind(kind) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask() -> HttpAsk {
        let plain = |text: &str| Piece::Plain(text.as_bytes().to_vec());
        let key = || Piece::Secret("key".to_owned());
        HttpAsk {
            host: "api.acme.com".to_owned(),
            method: "POST".to_owned(),
            path: "/v1/deals".to_owned(),
            query: vec![("q".to_owned(), vec![plain("a&b=c")])],
            headers: vec![("Authorization".to_owned(), vec![plain("Bearer "), key()])],
            body: vec![plain("{\"k\":\""), key(), plain("\"}")],
        }
    }

    #[test]
    fn secrets_are_put_in_on_the_way_out() {
        let sent = request(&ask(), &[("key", SecretValue("open sesame".to_owned()))], "k".to_owned()).unwrap();
        assert_eq!(sent.url, "https://api.acme.com/v1/deals?q=a%26b%3Dc");
        let headers = [("authorization", "Bearer open sesame"), ("idempotency-key", "k")];
        assert_eq!(sent.headers, headers.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(sent.body, b"{\"k\":\"open sesame\"}");
        let broken = SecretValue("one\r\nx-evil: two".to_owned());
        assert!(request(&ask(), &[("key", broken)], "k".to_owned()).is_none(), "no secret makes a header of its own");
    }

    #[test]
    fn only_this_machine_is_spoken_to_without_tls() {
        for host in ["127.0.0.1:8080", "localhost:1", "[::1]:80"] {
            assert_eq!(scheme(host), "http", "{host}");
        }
        for host in ["api.acme.com", "localhost.evil.example", "10.0.0.1", "[fe80::1]"] {
            assert_eq!(scheme(host), "https", "{host}");
        }
    }

    #[test]
    fn a_key_is_of_its_work_and_of_its_place_in_it() {
        assert_eq!(key("work", "p", 0), key("work", "p", 0));
        assert!(key("work", "p", 0) != key("work", "p", 1) && key("work", "p", 0) != key("other", "p", 0));
    }
}
