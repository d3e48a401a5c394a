//! Keys of publishers (ed25519), what they sign, and whom a server trusts.

use std::fmt;
use std::str::FromStr;

use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use tenon_value::{Json, JsonMap};

use super::{Bundle, BundleError, Index};

/// How a public key begins.
const PUBLIC: &str = "ed25519:";
/// How a secret key begins: nobody can mistake one for the other.
const SECRET: &str = "tenon-secret-ed25519:";
/// What stands before the index in what is signed, so that no signature of something else fits.
const DOMAIN: &[u8] = b"tenon package 1\n";

/// A publisher's public key: `ed25519:` and 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

/// A publisher's secret key.
pub struct SecretKey {
    seed: [u8; 32],
    pair: Ed25519KeyPair,
}

/// Who vouches for an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// With which key.
    pub key: PublicKey,
    bytes: [u8; 64],
}

impl fmt::Display for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{PUBLIC}{}", hex::encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SecretKey").field("public", &self.public()).finish_non_exhaustive()
    }
}

fn bytes_of<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(bytes)
}

impl FromStr for PublicKey {
    type Err = BundleError;

    fn from_str(text: &str) -> Result<Self, BundleError> {
        let digits = text.trim().strip_prefix(PUBLIC).ok_or(BundleError::Key("a public key begins with `ed25519:`"))?;
        bytes_of(digits).map(Self).ok_or(BundleError::Key("64 hexadecimal digits follow"))
    }
}

impl FromStr for SecretKey {
    type Err = BundleError;

    fn from_str(text: &str) -> Result<Self, BundleError> {
        let digits = text.trim().strip_prefix(SECRET).ok_or(BundleError::Key("a secret key begins with `tenon-secret-ed25519:`"))?;
        Self::of_seed(bytes_of(digits).ok_or(BundleError::Key("64 hexadecimal digits follow"))?)
    }
}

impl SecretKey {
    /// A new key.
    ///
    /// # Errors
    /// Where this machine has no chance to offer.
    pub fn generate() -> Result<Self, BundleError> {
        let mut seed = [0; 32];
        SystemRandom::new().fill(&mut seed).map_err(|_| BundleError::Key("this machine has no source of chance"))?;
        Self::of_seed(seed)
    }

    fn of_seed(seed: [u8; 32]) -> Result<Self, BundleError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| BundleError::Key("it cannot be used"))?;
        Ok(Self { seed, pair })
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.pair.public_key().as_ref());
        PublicKey(bytes)
    }

    /// As it is kept in a file.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{SECRET}{}", hex::encode(self.seed))
    }

    /// Signs an index.
    pub(super) fn sign(&self, index: &Index) -> Signature {
        let mut bytes = [0; 64];
        bytes.copy_from_slice(self.pair.sign(&signed(index)).as_ref());
        Signature { key: self.public(), bytes }
    }
}

/// What is signed of an index.
fn signed(index: &Index) -> Vec<u8> {
    [DOMAIN, index.text().as_bytes()].concat()
}

impl Signature {
    /// The text of `index.sig`.
    pub(super) fn text(&self) -> String {
        let signature = JsonMap::from_iter([
            ("key".to_owned(), Json::from(self.key.to_string())),
            ("signature".to_owned(), Json::from(hex::encode(self.bytes))),
        ]);
        Json::Object(signature).to_string()
    }

    /// Reads `index.sig`.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, BundleError> {
        let wrong = |what: &str| BundleError::Index(format!("`index.sig`: {what}"));
        let json: Json = serde_json::from_slice(bytes).map_err(|_| wrong("it is no JSON"))?;
        let text = |key: &str| json.get(key).and_then(Json::as_str);
        let key: PublicKey = text("key").ok_or_else(|| wrong("`key` is missing"))?.parse()?;
        let digits = text("signature").and_then(bytes_of).ok_or_else(|| wrong("`signature` is missing or none"))?;
        let signature = Self { key, bytes: digits };
        if signature.text().as_bytes() == bytes { Ok(signature) } else { Err(wrong("it is not written as a signature is written")) }
    }

    /// Whether it is that of the index.
    #[must_use]
    pub fn is_of(&self, index: &Index) -> bool {
        UnparsedPublicKey::new(&ED25519, self.key.0).verify(&signed(index), &self.bytes).is_ok()
    }
}

/// Whose packages a server takes.
#[derive(Clone, Debug, Default)]
pub struct Publishers {
    trusted: Vec<(String, PublicKey)>,
    unsigned: bool,
}

impl Publishers {
    /// Trusts a publisher's key, written `acme=ed25519:…`; several keys of one are several lines.
    ///
    /// # Errors
    /// `Key` where it is written otherwise.
    pub fn trust(&mut self, line: &str) -> Result<(), BundleError> {
        let (name, key) = line.split_once('=').ok_or(BundleError::Key("write `publisher=ed25519:…`"))?;
        self.trusted.push((name.trim().to_owned(), key.parse()?));
        Ok(())
    }

    /// Takes packages that nobody has signed, as one does while writing them.
    #[must_use]
    pub fn and_unsigned(self, unsigned: bool) -> Self {
        Self { unsigned, ..self }
    }

    /// Whether a bundle may be taken.
    ///
    /// # Errors
    /// `Unsigned`, `Signature`, `Untrusted`.
    pub fn verify(&self, bundle: &Bundle) -> Result<(), BundleError> {
        let Some(signature) = &bundle.signature else {
            return if self.unsigned { Ok(()) } else { Err(BundleError::Unsigned) };
        };
        if !signature.is_of(&bundle.index) {
            return Err(BundleError::Signature);
        }
        let publisher = bundle.index.publisher.clone().unwrap_or_default();
        if self.trusted.iter().any(|(name, key)| *name == publisher && *key == signature.key) {
            return Ok(());
        }
        Err(BundleError::Untrusted { publisher, key: signature.key.to_string() })
    }
}
