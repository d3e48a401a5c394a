//! Signing in through identity providers (`OpenID` Connect, code with PKCE).
//!
//! `sign_in` is the journey, `manage` the administrator's side, `member` decides who it is; below them `discovery` knows
//! what providers publish, `jose` and `claims` judge tokens, `outbound` goes to providers.

mod claims;
mod discovery;
mod error;
mod jose;
mod manage;
mod member;
mod outbound;
mod provider;
mod secret;
mod sign_in;

use ring::hmac;

pub use discovery::KEYS_FETCHED_MAX;
pub use error::{OidcError, ProviderFault, RefusalReason};
pub use manage::{ProviderView, SecretChange};
pub use provider::{Joining, PROVIDERS_MAX, ProviderSettings};
pub use secret::SIGN_IN_SECONDS_MAX;
pub use sign_in::{OidcAnswer, OidcDone, OidcStart};

use crate::Identity;
use discovery::Directory;
use outbound::Outbound;
use tenon_outbound::Reach;

/// Signs members in through providers. Cheap to clone.
#[derive(Clone)]
pub struct Oidc {
    identity: Identity,
    outbound: Outbound,
    directory: Directory,
    cookie_key: hmac::Key,
}

impl Oidc {
    /// Over identities; `secret` is the installation's, so that every node reads the cookies of every other.
    #[must_use]
    pub fn new(identity: Identity, secret: &[u8; 32], reach: Reach) -> Self {
        let outbound = Outbound::new(reach);
        // A key of its own: nothing signed elsewhere with the installation's secret means anything here.
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"oidc sign-in cookies");
        let cookie_key = hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref());
        Self { identity, directory: Directory::new(outbound.clone()), outbound, cookie_key }
    }
}
