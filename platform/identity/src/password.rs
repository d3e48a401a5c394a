//! Passwords: argon2id, hashed off the request threads. (Sign-in by password comes with the law; the hash is stored from the first day.)

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use rand::seq::IndexedRandom;

use crate::IdentityError;

/// Letters of a password that we make.
const LENGTH: usize = 20;
/// No letters that look alike.
const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A random password of about 116 bits.
#[must_use]
pub fn random_password() -> String {
    let mut random = rand::rng();
    (0..LENGTH).filter_map(|_| ALPHABET.choose(&mut random)).map(|byte| char::from(*byte)).collect()
}

/// The argon2id hash of a password, as text with its own salt and costs.
///
/// # Errors
/// `Hash` if it cannot be computed.
pub async fn hash_password(password: String) -> Result<String, IdentityError> {
    let hashed =
        tokio::task::spawn_blocking(move || Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string())).await;
    hashed.ok().and_then(Result::ok).ok_or(IdentityError::Hash)
}

/// Whether a password is the one that was hashed.
pub async fn verify_password(password: String, hash: String) -> bool {
    let verified = tokio::task::spawn_blocking(move || {
        PasswordHash::new(&hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    });
    verified.await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_only() {
        let password = random_password();
        assert_eq!(password.len(), LENGTH);
        let hash = hash_password(password.clone()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify_password(password, hash.clone()).await);
        assert!(!verify_password("another".to_owned(), hash).await);
    }
}
