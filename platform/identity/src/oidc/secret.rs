//! A sign-in under way. All of it lives in the browser's cookie, sealed against change; what the provider is told (state,
//! nonce, PKCE) is derived from the one secret in it.
//!
//! Invariants: nothing is stored when a sign-in begins, so beginning many of them costs us nothing; the cookie is of one
//! tenant, provider and time; a state is used once, which the store remembers for as long as the cookie would be taken.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use sha2::{Digest, Sha256};

const BYTES: usize = 32;
/// Seconds from leaving for the provider to coming back.
pub const SIGN_IN_SECONDS_MAX: i64 = 600;
/// Bytes of a path to return to.
pub(crate) const RETURN_TO_BYTES_MAX: usize = 1_000;

/// A sign-in under way.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Underway {
    secret: [u8; BYTES],
    /// Seconds since 1970.
    pub(crate) expires: i64,
    /// Where the browser goes afterwards.
    pub(crate) return_to: Option<String>,
}

/// Signs and reads the cookies of one tenant and provider.
pub(crate) struct Cookies<'a> {
    pub(crate) key: &'a hmac::Key,
    pub(crate) tenant: &'a str,
    pub(crate) provider: &'a str,
}

impl Cookies<'_> {
    fn signed_text(&self, text: &str) -> Vec<u8> {
        format!("oidc\0{}\0{}\0{text}", self.tenant, self.provider).into_bytes()
    }

    /// The cookie of a sign-in.
    pub(crate) fn write(&self, underway: &Underway) -> String {
        let to = underway.return_to.as_deref().unwrap_or_default();
        let text = format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(underway.secret), underway.expires, URL_SAFE_NO_PAD.encode(to));
        let tag = hmac::sign(self.key, &self.signed_text(&text));
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    /// The sign-in of a cookie; none where it is not ours or it is too late.
    pub(crate) fn read(&self, cookie: &str, now: i64) -> Option<Underway> {
        let (text, tag) = cookie.rsplit_once('.')?;
        hmac::verify(self.key, &self.signed_text(text), &URL_SAFE_NO_PAD.decode(tag).ok()?).ok()?;
        let mut parts = text.split('.');
        let secret = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?.try_into().ok()?;
        let expires: i64 = parts.next()?.parse().ok()?;
        let to = String::from_utf8(URL_SAFE_NO_PAD.decode(parts.next()?).ok()?).ok()?;
        (expires > now).then_some(Underway { secret, expires, return_to: (!to.is_empty()).then_some(to) })
    }
}

impl Underway {
    pub(crate) fn begin(now: i64, return_to: Option<String>) -> Self {
        Self { secret: rand::random(), expires: now.saturating_add(SIGN_IN_SECONDS_MAX), return_to }
    }

    /// `state`: binds the answer of the provider to this browser.
    pub(crate) fn state(&self) -> String {
        self.derived("state")
    }

    /// `nonce`: binds the ID token to this sign-in.
    pub(crate) fn nonce(&self) -> String {
        self.derived("nonce")
    }

    /// `code_verifier` of PKCE (RFC 7636): 43 letters.
    pub(crate) fn verifier(&self) -> String {
        self.derived("verifier")
    }

    /// `code_challenge` for the method S256.
    pub(crate) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier()))
    }

    fn derived(&self, purpose: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.secret);
        URL_SAFE_NO_PAD.encode(hmac::sign(&key, purpose.as_bytes()))
    }

    /// Whether a state that came back is ours, in constant time.
    pub(crate) fn is_state(&self, state: &str) -> bool {
        // Comparing digests: their length says nothing of the text.
        let (own, came) = (Sha256::digest(self.state()), Sha256::digest(state));
        own.iter().zip(came.iter()).fold(0u8, |differing, (one, other)| differing | (one ^ other)) == 0
    }

    /// What is stored once it came back.
    pub(crate) fn state_hash(&self) -> [u8; 32] {
        Sha256::digest(self.state()).into()
    }
}

/// A path of this server to go to after signing in; none where it could lead elsewhere.
pub(crate) fn local_path(path: &str) -> Option<&str> {
    let local = path.starts_with('/') && !path.starts_with("//") && path.len() <= RETURN_TO_BYTES_MAX;
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    (local && plain).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn key(byte: u8) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32])
    }

    #[test]
    fn a_sign_in_goes_through_the_cookie_and_gives_nothing_away() {
        let key = key(1);
        let cookies = Cookies { key: &key, tenant: "acme", provider: "entra" };
        let underway = Underway::begin(NOW, Some("/home?a=b".to_owned()));
        let cookie = cookies.write(&underway);
        let again = cookies.read(&cookie, NOW).unwrap();
        assert!(again == underway && again.is_state(&underway.state()));
        assert!(!again.is_state(&Underway::begin(NOW, None).state()));
        assert!(!again.is_state(""));
        assert_eq!(underway.verifier().len(), 43, "RFC 7636 wants 43 to 128 letters");
        let all = [cookie, underway.state(), underway.nonce(), underway.verifier(), underway.challenge()];
        for (place, one) in all.iter().enumerate() {
            assert!(all.iter().skip(place + 1).all(|other| !other.contains(one.as_str())), "each is another");
        }
    }

    #[test]
    fn a_cookie_is_of_one_tenant_provider_server_and_time() {
        let (own, foreign) = (key(1), key(2));
        let cookies = |key, tenant, provider| Cookies { key, tenant, provider };
        let cookie = cookies(&own, "acme", "entra").write(&Underway::begin(NOW, None));
        assert!(cookies(&own, "acme", "entra").read(&cookie, NOW + 599).is_some());
        assert!(cookies(&own, "acme", "entra").read(&cookie, NOW + 600).is_none(), "too late");
        assert!(cookies(&own, "other", "entra").read(&cookie, NOW).is_none());
        assert!(cookies(&own, "acme", "okta").read(&cookie, NOW).is_none());
        assert!(cookies(&foreign, "acme", "entra").read(&cookie, NOW).is_none());
        let longer = cookie.replace(&(NOW + 600).to_string(), &(NOW + 900).to_string());
        assert!(cookies(&own, "acme", "entra").read(&longer, NOW).is_none(), "changed");
        for text in ["", ".", "...", "a.b.c.d"] {
            assert!(cookies(&own, "acme", "entra").read(text, NOW).is_none(), "{text}");
        }
    }

    #[test]
    fn only_paths_of_this_server_are_returned_to() {
        for path in ["/", "/console/accounts?view=mine#x"] {
            assert_eq!(local_path(path), Some(path));
        }
        for path in ["", "x", "//evil.example", "/\\evil.example", "https://evil.example", "/a\nb", "/a b", "javascript:alert(1)"] {
            assert_eq!(local_path(path), None, "{path}");
        }
    }
}
