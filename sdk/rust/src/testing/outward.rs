//! Settings, secrets and hosts outside in memory, one set per thread: what `config`, `secrets` and `http` reach natively.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::sha256::{hmac as digest, sha256};
use crate::http::{Request, Response};
use crate::{Json, Problem};

/// Answers calls.
type Answering = Box<dyn Fn(&Request) -> Response>;

/// Bytes of the tag of a stand-in for encryption.
const TAG_BYTES: usize = 32;

thread_local! {
    static SETTINGS: RefCell<BTreeMap<String, Json>> = const { RefCell::new(BTreeMap::new()) };
    static HOSTS: RefCell<Option<Answering>> = const { RefCell::new(None) };
    static CALLS: RefCell<Vec<Request>> = const { RefCell::new(Vec::new()) };
    static SECRETS: RefCell<BTreeMap<String, String>> = const { RefCell::new(BTreeMap::new()) };
}

/// Sets a setting of this thread.
///
/// ```
/// use tenon_sdk::{config, testing};
/// testing::set_setting("days", 3.into());
/// assert_eq!(config::get("days").unwrap().integer(), Some(3));
/// ```
pub fn set_setting(name: &str, value: Json) {
    SETTINGS.with_borrow_mut(|settings| settings.insert(name.to_owned(), value));
}

/// Sets a secret of this thread.
///
/// ```
/// use tenon_sdk::{secrets, testing};
/// testing::set_secret("shop_key", "k");
/// assert_eq!(secrets::is_set("shop_key"), Ok(true));
/// ```
pub fn set_secret(name: &str, value: &str) {
    SECRETS.with_borrow_mut(|secrets| secrets.insert(name.to_owned(), value.to_owned()));
}

/// Answers the calls that this thread sends to hosts outside.
///
/// ```
/// use tenon_sdk::{http, testing};
/// testing::answer_http(|request| http::Response::new(if request.path == "/v1/deals" { 200 } else { 404 }));
/// assert_eq!(http::Request::get("billing", "/v1/other").send().unwrap().status, 404);
/// ```
pub fn answer_http(answering: impl Fn(&Request) -> Response + 'static) {
    HOSTS.set(Some(Box::new(answering)));
}

/// The calls this thread has sent since it was last asked.
///
/// ```
/// use tenon_sdk::{http, testing};
/// testing::answer_http(|_| http::Response::new(200));
/// http::Request::get("billing", "/v1/deals").send().unwrap();
/// assert_eq!(testing::http_calls()[0].path, "/v1/deals");
/// assert!(testing::http_calls().is_empty());
/// ```
#[must_use]
pub fn http_calls() -> Vec<Request> {
    CALLS.take()
}

pub(crate) fn send(request: Request) -> Result<Response, Problem> {
    let message = "no host answers: say what it answers by `testing::answer_http`".to_owned();
    let silent = Problem { code: "UNAVAILABLE".to_owned(), rule: Some("http/unreachable".to_owned()), message, field: None };
    let answer = HOSTS.with_borrow(|hosts| hosts.as_ref().map(|answering| answering(&request)));
    CALLS.with_borrow_mut(|calls| calls.push(request));
    answer.ok_or(silent)
}

pub(crate) fn setting(name: &str) -> Json {
    SETTINGS.with_borrow(|settings| settings.get(name).cloned()).unwrap_or(Json::Null)
}

pub(crate) fn secret(name: &str) -> Result<String, Problem> {
    let message = || format!("nobody has set the secret `{name}`");
    let missing = || Problem { code: "NOT_FOUND".to_owned(), rule: None, message: message(), field: None };
    SECRETS.with_borrow(|secrets| secrets.get(name).cloned()).ok_or_else(missing)
}

#[expect(clippy::unnecessary_wraps, reason = "at the host it may be declined")]
pub(crate) fn is_set(name: &str) -> Result<bool, Problem> {
    Ok(secret(name).is_ok())
}

pub(crate) fn hmac(name: &str, data: &[u8]) -> Result<Vec<u8>, Problem> {
    Ok(digest(secret(name)?.as_bytes(), data).to_vec())
}

pub(crate) fn verify(name: &str, data: &[u8], mac: &[u8]) -> Result<bool, Problem> {
    Ok(hmac(name, data)? == mac)
}

/// A stand-in: as long as a signature, and another for other data.
pub(crate) fn sign(name: &str, data: &[u8]) -> Result<Vec<u8>, Problem> {
    let first = hmac(name, data)?;
    Ok([first.clone(), sha256(&first).to_vec()].concat())
}

/// A stand-in: the tag of the data, then the data under a stream that follows from the secret.
pub(crate) fn encrypt(name: &str, data: &[u8]) -> Result<Vec<u8>, Problem> {
    let tag = hmac(name, data)?;
    Ok([tag, streamed(&secret(name)?, data)].concat())
}

pub(crate) fn decrypt(name: &str, data: &[u8]) -> Result<Option<Vec<u8>>, Problem> {
    let secret = secret(name)?;
    let Some((tag, rest)) = data.split_at_checked(TAG_BYTES) else { return Ok(None) };
    let plain = streamed(&secret, rest);
    Ok((hmac(name, &plain)? == tag).then_some(plain))
}

fn streamed(secret: &str, data: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    for count in 0_u64.. {
        if stream.len() >= data.len() {
            break;
        }
        stream.extend(digest(secret.as_bytes(), &count.to_be_bytes()));
    }
    data.iter().zip(stream).map(|(byte, mask)| byte ^ mask).collect()
}
