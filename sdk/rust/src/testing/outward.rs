//! Settings and secrets in memory, one set per thread: what `config` and `secrets` reach natively.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::sha256::{hmac as digest, sha256};
use crate::{Json, Problem};

/// Bytes of the tag of a stand-in for encryption.
const TAG_BYTES: usize = 32;

thread_local! {
    static SETTINGS: RefCell<BTreeMap<String, Json>> = const { RefCell::new(BTreeMap::new()) };
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
