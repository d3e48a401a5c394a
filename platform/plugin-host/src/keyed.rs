//! What the host does with a secret for a plugin: its code never sees the secret, only what comes of it.

use hmac::{Hmac, Mac};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::signature::Ed25519KeyPair;
use sha2::Sha256;
use tenon_hooks::SecretValue;
use tenon_value::TenantId;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How secrets of Standard Webhooks begin: what follows is the key, in base64.
const WEBHOOK: &str = "whsec_";
/// Bytes of an Ed25519 seed.
const SEED_BYTES: usize = 32;

/// The bytes a secret stands for as a key of HMACs.
fn key(secret: &SecretValue) -> Vec<u8> {
    let decoded = secret.0.strip_prefix(WEBHOOK).and_then(|rest| STANDARD.decode(rest).ok());
    decoded.unwrap_or_else(|| secret.0.as_bytes().to_vec())
}

fn mac(key: &[u8], data: &[&[u8]]) -> Option<Hmac<Sha256>> {
    // Keys of any length are allowed, so there is always one.
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).ok()?;
    data.iter().for_each(|part| mac.update(part));
    Some(mac)
}

fn digest(key: &[u8], data: &[&[u8]]) -> Vec<u8> {
    mac(key, data).map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default()
}

/// HMAC with SHA-256.
pub(crate) fn hmac(secret: &SecretValue, data: &[u8]) -> Vec<u8> {
    digest(&key(secret), &[data])
}

/// Whether that is the HMAC with SHA-256 of the data under a secret, in the same time whatever it is. A secret that begins with
/// `whsec_` is the bytes behind it, in base64.
#[must_use]
pub fn verify(secret: &SecretValue, data: &[u8], claimed: &[u8]) -> bool {
    mac(&key(secret), &[data]).is_some_and(|mac| mac.verify_slice(claimed).is_ok())
}

/// Signs by Ed25519; none where the secret is no seed.
pub(crate) fn sign(secret: &SecretValue, data: &[u8]) -> Option<Vec<u8>> {
    let text = secret.0.trim();
    let seed = hex::decode(text).ok().or_else(|| STANDARD.decode(text).ok()).filter(|seed| seed.len() == SEED_BYTES)?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).ok()?;
    Some(pair.sign(data).as_ref().to_vec())
}

/// Encrypts for one package of one tenant.
pub(crate) struct Cipher {
    key: Option<LessSafeKey>,
    nonces: Vec<u8>,
}

impl Cipher {
    pub(crate) fn new(secret: &SecretValue, (tenant, package): (TenantId, &str)) -> Self {
        let bound = format!("{tenant}/{package}");
        let derived = |purpose: &str| digest(secret.0.as_bytes(), &[purpose.as_bytes(), b"\0", bound.as_bytes()]);
        let key = UnboundKey::new(&AES_256_GCM, &derived("tenon plugin encrypt")).ok().map(LessSafeKey::new);
        Self { key, nonces: derived("tenon plugin nonces") }
    }

    /// The nonce, then the sealed bytes. The nonce follows from what is sealed and from `salt`: a call that is run again, with
    /// the same chance and perhaps other data, never seals two things under one nonce.
    pub(crate) fn encrypt(&self, data: &[u8], salt: &[u8]) -> Option<Vec<u8>> {
        let chosen = digest(&self.nonces, &[salt, b"\0", data]);
        let nonce: [u8; NONCE_LEN] = chosen.first_chunk().copied()?;
        let mut sealed = data.to_vec();
        self.key.as_ref()?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed).ok()?;
        Some(nonce.into_iter().chain(sealed).collect())
    }

    /// What was sealed; none where it is something else.
    pub(crate) fn decrypt(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        self.key.as_ref()?.open_in_place(nonce, Aad::empty(), &mut sealed).ok().map(|data| data.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use tenon_value::Uuid;

    use super::*;

    fn secret(text: &str) -> SecretValue {
        SecretValue(text.to_owned())
    }

    #[test]
    fn an_hmac_is_that_of_the_standard() {
        // RFC 4231, test case 2.
        let made = hmac(&secret("Jefe"), b"what do ya want for nothing?");
        assert_eq!(hex::encode(&made), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert!(verify(&secret("Jefe"), b"what do ya want for nothing?", &made));
        assert!(!verify(&secret("Jefe"), b"what do ya want for nothing!", &made) && !verify(&secret("Jefe"), b"", &[]));
        assert_eq!(hmac(&secret("whsec_SmVmZQ=="), b"what do ya want for nothing?"), made, "the key behind the prefix");
    }

    #[test]
    fn a_signature_is_that_of_the_standard() {
        // RFC 8032, test 1.
        let seed = secret("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let signed = hex::encode(sign(&seed, b"").unwrap());
        assert!(signed.starts_with("e5564300c360ac729086e2cc806e828a") && signed.len() == 128, "{signed}");
        assert!(sign(&secret("short"), b"").is_none());
    }

    #[test]
    fn what_is_encrypted_comes_back_to_its_own_package_and_tenant() {
        let (tenant, key) = (TenantId(Uuid::from_u128(1)), secret("k"));
        let cipher = Cipher::new(&key, (tenant, "one"));
        let sealed = cipher.encrypt(b"data", b"1").unwrap();
        assert_eq!(cipher.decrypt(&sealed).as_deref(), Some(b"data".as_slice()));
        assert_ne!(sealed, cipher.encrypt(b"data", b"2").unwrap());
        let (first, second) = (cipher.encrypt(b"one", b"1").unwrap(), cipher.encrypt(b"two", b"1").unwrap());
        assert_ne!(first[..NONCE_LEN], second[..NONCE_LEN], "other data, another nonce");
        for other in [Cipher::new(&key, (tenant, "two")), Cipher::new(&key, (TenantId(Uuid::from_u128(2)), "one"))] {
            assert!(other.decrypt(&sealed).is_none());
        }
        let mut changed = sealed;
        changed[NONCE_LEN] ^= 1;
        assert!(cipher.decrypt(&changed).is_none() && cipher.decrypt(b"short").is_none());
    }
}
