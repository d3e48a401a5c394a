//! What a provider publishes: its endpoints and its keys. Both are fetched when needed, kept for a while, bounded.
//!
//! Invariants: the issuer of the document is the one configured, so no provider speaks for another; an unknown key id
//! fetches the keys again, at most [`KEYS_FETCHED_MAX`] times within [`REFETCH_WINDOW`], so forged key ids cannot make us
//! a hammer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tenon_value::Json;

use super::jose::{JoseError, Keys, Token};
use super::outbound::{Outbound, OutboundError};

/// How long endpoints and keys are believed.
const FRESH: Duration = Duration::from_secs(600);
/// Providers known at once, over all tenants; beyond it they are fetched anew.
const KNOWN_MAX: usize = 1_000;
/// Fetches of a provider's keys for unknown key ids, within a window.
pub const KEYS_FETCHED_MAX: u32 = 5;
/// How long a provider that could not be used is left alone: whoever begins sign-ins does not make us knock all the time.
const LEFT_ALONE: Duration = Duration::from_secs(5);
/// The window in which refetches are counted.
const REFETCH_WINDOW: Duration = Duration::from_secs(60);

/// A provider's endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoints {
    pub(crate) issuer: String,
    pub(crate) authorization: String,
    pub(crate) token: String,
    pub(crate) keys: String,
    pub(crate) user_info: Option<String>,
    /// The token endpoint takes the secret in the body only.
    pub(crate) secret_in_body: bool,
    /// The provider names itself in its answers to the browser (RFC 9207).
    pub(crate) says_issuer: bool,
}

/// Why a provider cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiscoveryError {
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error("the provider's description says the issuer is `{0}`")]
    OtherIssuer(String),
    #[error("the provider's description lacks `{0}`, or it may not be asked from here")]
    Endpoint(&'static str),
    #[error("the provider publishes no key that can verify signatures")]
    NoKeys,
    #[error("the provider could not be used a moment ago")]
    LeftAlone,
}

/// What is known of one provider.
#[derive(Clone)]
struct Known {
    endpoints: Arc<Endpoints>,
    keys: Arc<Keys>,
    since: Instant,
    /// Beginning of the window, refetches in it.
    window: (Instant, u32),
}

/// What is known of all providers, by issuer. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Directory {
    outbound: Outbound,
    known: Arc<Mutex<HashMap<String, Known>>>,
    /// Providers that are being asked, or could not be used: each is asked by one at a time.
    asked: Arc<Mutex<HashMap<String, Arc<Asked>>>>,
}

/// When a provider failed last; held while it is asked.
type Asked = tokio::sync::Mutex<Option<Instant>>;

impl Directory {
    pub(crate) fn new(outbound: Outbound) -> Self {
        Self { outbound, known: Arc::default(), asked: Arc::default() }
    }

    /// The endpoints of an issuer.
    pub(crate) async fn endpoints(&self, issuer: &str) -> Result<Arc<Endpoints>, DiscoveryError> {
        Ok(self.known(issuer).await?.endpoints)
    }

    /// The claims of a token that one of the issuer's keys signed. The inner error is the token's fault.
    pub(crate) async fn verify(&self, issuer: &str, token: &Token<'_>) -> Result<Result<Json, JoseError>, DiscoveryError> {
        let known = self.known(issuer).await?;
        match token.verify(&known.keys) {
            Err(JoseError::UnknownKey) if self.may_refetch(issuer, Instant::now()) => {}
            decided => return Ok(decided),
        }
        // The provider may have changed its keys.
        let keys = Arc::new(self.fetch_keys(&known.endpoints).await?);
        self.write(|all| {
            if let Some(known) = all.get_mut(issuer) {
                known.keys = Arc::clone(&keys);
            }
        });
        Ok(token.verify(&keys))
    }

    fn fresh(&self, issuer: &str) -> Option<Known> {
        self.write(|all| all.get(issuer).filter(|known| known.since.elapsed() < FRESH).cloned())
    }

    async fn known(&self, issuer: &str) -> Result<Known, DiscoveryError> {
        if let Some(known) = self.fresh(issuer) {
            return Ok(known);
        }
        let asked = {
            let mut all = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            if all.len() >= KNOWN_MAX {
                all.clear();
            }
            Arc::clone(all.entry(issuer.to_owned()).or_default())
        };
        let mut failed = asked.lock().await;
        if let Some(known) = self.fresh(issuer) {
            return Ok(known);
        }
        if failed.is_some_and(|at| at.elapsed() < LEFT_ALONE) {
            return Err(DiscoveryError::LeftAlone);
        }
        let fetched = self.fetch(issuer).await;
        *failed = fetched.is_err().then(Instant::now);
        fetched
    }

    async fn fetch(&self, issuer: &str) -> Result<Known, DiscoveryError> {
        let document = self.outbound.get(&format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))).await?;
        let endpoints = self.endpoints_of(&document, issuer)?;
        let keys = self.fetch_keys(&endpoints).await?;
        let now = Instant::now();
        let known = Known { endpoints: Arc::new(endpoints), keys: Arc::new(keys), since: now, window: (now, 0) };
        self.write(|all| {
            if all.len() >= KNOWN_MAX {
                all.clear();
            }
            // A window under way goes on: staleness is no way around the limit.
            let window = all.get(issuer).map_or(known.window, |old| old.window);
            all.insert(issuer.to_owned(), Known { window, ..known.clone() });
        });
        Ok(known)
    }

    fn endpoints_of(&self, document: &Json, issuer: &str) -> Result<Endpoints, DiscoveryError> {
        let text = |name: &str| document.get(name).and_then(Json::as_str);
        let own = text("issuer").unwrap_or_default();
        if own != issuer {
            return Err(DiscoveryError::OtherIssuer(own.chars().take(200).collect()));
        }
        let url = |name: &'static str| match text(name) {
            Some(url) if self.outbound.permits(url) => Ok(url.to_owned()),
            _ => Err(DiscoveryError::Endpoint(name)),
        };
        let methods: Vec<&str> = match document.get("token_endpoint_auth_methods_supported").and_then(Json::as_array) {
            Some(all) => all.iter().filter_map(Json::as_str).collect(),
            None => Vec::new(),
        };
        Ok(Endpoints {
            issuer: own.to_owned(),
            authorization: url("authorization_endpoint")?,
            token: url("token_endpoint")?,
            keys: url("jwks_uri")?,
            user_info: url("userinfo_endpoint").ok(),
            secret_in_body: !methods.is_empty() && !methods.contains(&"client_secret_basic"),
            says_issuer: document.get("authorization_response_iss_parameter_supported").and_then(Json::as_bool) == Some(true),
        })
    }

    async fn fetch_keys(&self, endpoints: &Endpoints) -> Result<Keys, DiscoveryError> {
        let keys = Keys::from_json(&self.outbound.get(&endpoints.keys).await?).filter(|keys| !keys.is_empty());
        keys.ok_or(DiscoveryError::NoKeys)
    }

    /// Counts a refetch; false where the window has had its number.
    fn may_refetch(&self, issuer: &str, now: Instant) -> bool {
        self.write(|all| {
            let Some(known) = all.get_mut(issuer) else { return false };
            if now.duration_since(known.window.0) >= REFETCH_WINDOW {
                known.window = (now, 0);
            }
            known.window.1 += 1;
            known.window.1 <= KEYS_FETCHED_MAX
        })
    }

    /// Forgets an issuer: its settings changed.
    pub(crate) fn forget(&self, issuer: &str) {
        self.write(|all| all.remove(issuer));
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).remove(issuer);
    }

    fn write<T>(&self, change: impl FnOnce(&mut HashMap<String, Known>) -> T) -> T {
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use tenon_outbound::Reach;

    fn directory() -> Directory {
        Directory::new(Outbound::new(Reach::Public))
    }

    fn document() -> Json {
        json!({
            "issuer": "https://idp.example/t", "authorization_endpoint": "https://idp.example/t/auth",
            "token_endpoint": "https://idp.example/t/token", "jwks_uri": "https://idp.example/t/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        })
    }

    #[test]
    fn a_description_is_of_its_issuer_and_within_reach() {
        let directory = directory();
        let good = directory.endpoints_of(&document(), "https://idp.example/t").unwrap();
        assert!(good.secret_in_body);
        assert!(matches!(directory.endpoints_of(&document(), "https://other.example"), Err(DiscoveryError::OtherIssuer(_))));
        for (name, url) in
            [("token_endpoint", "http://idp.example/"), ("jwks_uri", "file:///etc/passwd"), ("authorization_endpoint", "javascript:x")]
        {
            let mut wrong = document();
            wrong[name] = json!(url);
            assert!(matches!(directory.endpoints_of(&wrong, "https://idp.example/t"), Err(DiscoveryError::Endpoint(_))), "{name}");
        }
    }

    #[tokio::test]
    async fn a_provider_that_fails_is_left_alone_for_a_while() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let directory = Directory::new(Outbound::new(Reach::Private));
        assert!(matches!(directory.endpoints(&issuer).await, Err(DiscoveryError::Outbound(_))));
        assert!(matches!(directory.endpoints(&issuer).await, Err(DiscoveryError::LeftAlone)));
        directory.forget(&issuer);
        assert!(matches!(directory.endpoints(&issuer).await, Err(DiscoveryError::Outbound(_))), "its settings changed");
    }

    #[test]
    fn unknown_keys_are_looked_for_a_few_times_a_minute() {
        let (directory, now) = (directory(), Instant::now());
        let endpoints = Arc::new(directory.endpoints_of(&document(), "https://idp.example/t").unwrap());
        directory.write(|all| all.insert("i".to_owned(), Known { endpoints, keys: Arc::default(), since: now, window: (now, 0) }));
        let granted = (0..20).filter(|_| directory.may_refetch("i", now)).count();
        assert_eq!(granted, 5);
        assert!(directory.may_refetch("i", now + REFETCH_WINDOW), "the next minute");
    }
}
