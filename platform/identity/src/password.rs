//! Passwords: argon2id, hashed off the request threads, a few at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use rand::seq::IndexedRandom;
use tokio::sync::{OnceCell, Semaphore};
use unicode_normalization::UnicodeNormalization;

use crate::IdentityError;

/// Memory of one hash, in KiB (OWASP's second choice: 19 MiB, two passes, one lane).
pub const ARGON2_MEMORY_KIB: u32 = 19 * 1024;
/// Passes over that memory.
pub const ARGON2_PASSES: u32 = 2;
/// Lanes.
pub const ARGON2_LANES: u32 = 1;
/// Passwords hashed at once.
pub const HASHES_AT_ONCE: usize = 4;
/// Passwords waiting to be hashed; more are sent away with UNAVAILABLE.
pub const HASH_QUEUE_MAX: usize = 256;
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

/// Hashes passwords, a few at once. Cheap to clone: all clones share the places.
#[derive(Clone)]
pub(crate) struct Hasher {
    places: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    /// The hash of a password nobody has: verified for logins nobody has, so that they take as long as any other.
    nobody: Arc<OnceCell<String>>,
}

impl Hasher {
    pub(crate) fn new() -> Self {
        Self { places: Arc::new(Semaphore::new(HASHES_AT_ONCE)), waiting: Arc::default(), nobody: Arc::default() }
    }

    /// The argon2id hash of a password, as text with its own salt and costs.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, IdentityError> {
        let password = normalized(password);
        self.off_thread(move || argon2()?.hash_password(password.as_bytes()).map(|hash| hash.to_string()).ok())
            .await?
            .ok_or(IdentityError::Hash)
    }

    /// Whether a password is the one that was hashed. Without a hash the answer is no, after the same work.
    pub(crate) async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, IdentityError> {
        let nobody = self.nobody.get_or_try_init(|| self.hash("the password of nobody")).await?;
        let (known, hash) = (hash.is_some(), hash.unwrap_or(nobody).to_owned());
        let password = normalized(password);
        let same = self.off_thread(move || {
            PasswordHash::new(&hash)
                .is_ok_and(|hash| argon2().is_some_and(|argon2| argon2.verify_password(password.as_bytes(), &hash).is_ok()))
        });
        Ok(same.await? && known)
    }

    async fn off_thread<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, IdentityError> {
        let _waits = Waiting::one_more(&self.waiting)?;
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| IdentityError::Hash)?;
        let worked = tokio::task::spawn_blocking(move || {
            // Held until the work is done, also where nobody waits for it any more.
            let _place = place;
            work()
        });
        worked.await.map_err(|_| IdentityError::Hash)
    }
}

/// One of those who wait.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn one_more(waiting: &'a AtomicUsize) -> Result<Self, IdentityError> {
        let own = Self(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) < HASH_QUEUE_MAX { Ok(own) } else { Err(IdentityError::Busy) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn argon2() -> Option<Argon2<'static>> {
    let params = Params::new(ARGON2_MEMORY_KIB, ARGON2_PASSES, ARGON2_LANES, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The same password typed on another keyboard has the same bytes.
fn normalized(password: &str) -> String {
    password.nfkc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_only() {
        let (hasher, password) = (Hasher::new(), random_password());
        assert_eq!(password.len(), LENGTH);
        let hash = hasher.hash(&password).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(hasher.verify(&password, Some(&hash)).await.unwrap());
        assert!(!hasher.verify("another", Some(&hash)).await.unwrap());
        assert!(!hasher.verify("the password of nobody", None).await.unwrap());
    }

    #[tokio::test]
    async fn composed_and_decomposed_letters_are_one_password() {
        let hasher = Hasher::new();
        let hash = hasher.hash("Ele\u{301}phant-42").await.unwrap();
        assert!(hasher.verify("El\u{e9}phant-42", Some(&hash)).await.unwrap());
    }
}
