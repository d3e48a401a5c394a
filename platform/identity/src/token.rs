//! Tokens we make: 256 random bits, shown once, known afterwards by their SHA-256 alone.
//!
//! They have so much entropy that one round of SHA-256 is enough: there is nothing to guess from the hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

const BYTES: usize = 32;

/// What a token is for. Its first letters say so, so that scanners of leaked secrets find it and none is taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// In the cookie of a session.
    Session,
    /// In the link of an invitation.
    Invitation,
    /// In the link to choose another password.
    Reset,
    /// In the offer of a link between tenants.
    Link,
}

impl TokenKind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Session => "tenon_session_",
            Self::Invitation => "tenon_invitation_",
            Self::Reset => "tenon_reset_",
            Self::Link => "tenon_link_",
        }
    }

    /// A new token and its hash.
    pub(crate) fn generate(self) -> (String, [u8; 32]) {
        let bytes: [u8; BYTES] = rand::random();
        (format!("{}{}", self.prefix(), URL_SAFE_NO_PAD.encode(bytes)), self.digest(bytes))
    }

    /// The hash of a token of this kind; none for any other text.
    pub(crate) fn hash(self, token: &str) -> Option<[u8; 32]> {
        let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix(self.prefix())?).ok()?;
        Some(self.digest(bytes.try_into().ok()?))
    }

    fn digest(self, bytes: [u8; BYTES]) -> [u8; 32] {
        Sha256::new().chain_update(self.prefix()).chain_update(bytes).finalize().into()
    }
}

/// A token that accepts a link between tenants, and its hash in hexadecimal.
#[must_use]
pub fn link_token() -> (String, String) {
    let (token, hash) = TokenKind::Link.generate();
    (token, hex::encode(hash))
}

/// The hash of such a token; none for any other text.
#[must_use]
pub fn link_token_hash(token: &str) -> Option<String> {
    TokenKind::Link.hash(token).map(hex::encode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_hash_and_serves_its_own_purpose_only() {
        let (token, hash) = TokenKind::Session.generate();
        assert_eq!(TokenKind::Session.hash(&token), Some(hash));
        assert_ne!(TokenKind::Session.generate().0, token);
        assert_eq!(TokenKind::Reset.hash(&token), None);
        let renamed = token.replace("session", "reset");
        assert_ne!(TokenKind::Reset.hash(&renamed), Some(hash), "the same bits under another name");
        for text in ["", "tenon_session_", "tenon_session_!!!", "tenon_session_AAAA"] {
            assert_eq!(TokenKind::Session.hash(text), None, "{text}");
        }
    }
}
