//! API keys: 256 random bits, shown once, stored as a hash.
//!
//! A key has so much entropy that one round of SHA-256 is enough: there is nothing to guess from the hash.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// What every key begins with, so that scanners of leaked secrets find it.
const PREFIX: &str = "tenon_";
const BYTES: usize = 32;

/// An API key in clear. Its `Debug` gives nothing away.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey([u8; BYTES]);

/// The text is no key of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an API key")]
pub struct KeyError;

impl ApiKey {
    /// A new one.
    #[must_use]
    pub fn generate() -> Self {
        Self(rand::random())
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    /// The text that its owner is shown once.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl FromStr for ApiKey {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(KeyError)?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| KeyError)?;
        bytes.try_into().map(Self).map_err(|_| KeyError)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_keeps_silent() {
        let key = ApiKey::generate();
        assert_eq!(key.reveal().parse::<ApiKey>().unwrap(), key);
        assert!(!format!("{key:?}").contains(&key.reveal()));
        assert_ne!(ApiKey::generate(), key);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "tenon_", "tenon_abc", "Bearer x", "tenon_!!!!"] {
            assert_eq!(text.parse::<ApiKey>(), Err(KeyError), "{text}");
        }
    }
}
