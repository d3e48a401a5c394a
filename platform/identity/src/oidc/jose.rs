//! Signed tokens in their compact form (RFC 7515, 7517, 7518): parsed, and verified with a provider's public keys.
//!
//! `ring` does the cryptography. Invariants: only the algorithms of [`Algorithm`] exist, all of them asymmetric, so
//! `none` and `HS*` have no meaning here and a public key can never serve as a shared secret; a key verifies only the
//! algorithms of its own kind; nothing of the payload is looked at before the signature holds.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use sha2::{Digest, Sha256, Sha384, Sha512};
use tenon_value::Json;

/// Bytes of a token. Tokens with hundreds of groups stay far below.
pub(crate) const TOKEN_BYTES_MAX: usize = 64 * 1024;
/// Keys of a provider that are looked at.
const KEYS_MAX: usize = 100;

/// How a token may be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    EdDsa,
}

/// What a key is made of.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// A public key of a provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Key {
    id: Option<String>,
    algorithm: Option<String>,
    material: Material,
}

/// The public keys of a provider, as of one fetch.
#[derive(Clone, Default, Debug)]
pub(crate) struct Keys(Vec<Key>);

/// A token taken apart, not yet believed.
pub(crate) struct Token<'t> {
    pub(crate) algorithm: Algorithm,
    pub(crate) key: Option<String>,
    signed: &'t str,
    payload: &'t str,
    signature: Vec<u8>,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JoseError {
    #[error("not a signed token in compact form")]
    Shape,
    #[error("signed by an algorithm that is not accepted")]
    Algorithm,
    #[error("the header demands what is not understood")]
    Critical,
    #[error("no key of the provider fits the token")]
    UnknownKey,
    #[error("the signature is wrong")]
    Signature,
}

impl Algorithm {
    const NAMES: [(Self, &'static str); 9] = [
        (Self::Rs256, "RS256"),
        (Self::Rs384, "RS384"),
        (Self::Rs512, "RS512"),
        (Self::Ps256, "PS256"),
        (Self::Ps384, "PS384"),
        (Self::Ps512, "PS512"),
        (Self::Es256, "ES256"),
        (Self::Es384, "ES384"),
        (Self::EdDsa, "EdDSA"),
    ];

    fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(_, own)| *own == name).map(|(algorithm, _)| algorithm)
    }

    fn name(self) -> &'static str {
        Self::NAMES.into_iter().find(|(own, _)| *own == self).map_or("", |(_, name)| name)
    }

    /// The left half of a digest of the algorithm's own strength, as `at_hash` has it.
    pub(crate) fn half_hash(self, text: &str) -> String {
        let digest = match self {
            Self::Rs256 | Self::Ps256 | Self::Es256 => Sha256::digest(text).to_vec(),
            Self::Rs384 | Self::Ps384 | Self::Es384 => Sha384::digest(text).to_vec(),
            Self::Rs512 | Self::Ps512 | Self::EdDsa => Sha512::digest(text).to_vec(),
        };
        URL_SAFE_NO_PAD.encode(digest.get(..digest.len() / 2).unwrap_or_default())
    }
}

impl<'t> Token<'t> {
    /// Takes a token apart.
    pub(crate) fn parse(text: &'t str) -> Result<Self, JoseError> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(JoseError::Shape);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(JoseError::Shape)?;
        let (header, payload) = signed.split_once('.').ok_or(JoseError::Shape)?;
        if payload.contains('.') {
            return Err(JoseError::Shape);
        }
        let header = json_of(header)?;
        // `crit` lists extensions that must be understood; we understand none.
        if header.get("crit").is_some() {
            return Err(JoseError::Critical);
        }
        let algorithm = header.get("alg").and_then(Json::as_str).and_then(Algorithm::from_name).ok_or(JoseError::Algorithm)?;
        let key = header.get("kid").and_then(Json::as_str).map(str::to_owned);
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| JoseError::Shape)?;
        Ok(Self { algorithm, key, signed, payload, signature })
    }

    /// The claims, if one of the keys signed them.
    pub(crate) fn verify(&self, keys: &Keys) -> Result<Json, JoseError> {
        let mut fitting = keys.0.iter().filter(|key| key.fits(self.algorithm, self.key.as_deref())).peekable();
        if fitting.peek().is_none() {
            return Err(JoseError::UnknownKey);
        }
        if !fitting.any(|key| key.material.verifies(self.algorithm, self.signed.as_bytes(), &self.signature)) {
            return Err(JoseError::Signature);
        }
        json_of(self.payload)
    }
}

fn json_of(encoded: &str) -> Result<Json, JoseError> {
    let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| JoseError::Shape)?;
    let json: Json = serde_json::from_slice(&bytes).map_err(|_| JoseError::Shape)?;
    if json.is_object() { Ok(json) } else { Err(JoseError::Shape) }
}

impl Keys {
    /// The keys of a JWK set that can verify signatures; others are passed over. None where it is no JWK set.
    pub(crate) fn from_json(set: &Json) -> Option<Self> {
        let keys = set.get("keys")?.as_array()?;
        Some(Self(keys.iter().take(KEYS_MAX).filter_map(Key::from_json).collect()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Key {
    fn from_json(jwk: &Json) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Json::as_str);
        let bytes = |name: &str| text(name).and_then(|encoded| URL_SAFE_NO_PAD.decode(encoded).ok());
        if text("use").is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let material = match (text("kty")?, text("crv")) {
            ("RSA", _) => Material::Rsa { n: without_leading_zeros(bytes("n")?), e: without_leading_zeros(bytes("e")?) },
            ("EC", Some("P-256")) => Material::P256(point(&bytes("x")?, &bytes("y")?, 32)?),
            ("EC", Some("P-384")) => Material::P384(point(&bytes("x")?, &bytes("y")?, 48)?),
            ("OKP", Some("Ed25519")) => Material::Ed25519(bytes("x")?),
            _ => return None,
        };
        Some(Self { id: text("kid").map(str::to_owned), algorithm: text("alg").map(str::to_owned), material })
    }

    /// Whether the key may have signed a token of this header.
    fn fits(&self, algorithm: Algorithm, id: Option<&str>) -> bool {
        let named = id.is_none_or(|id| self.id.as_deref() == Some(id));
        let allowed = self.algorithm.as_deref().is_none_or(|own| own == algorithm.name());
        named && allowed && self.material.is_for(algorithm)
    }
}

impl Material {
    const fn is_for(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Rsa { .. } => matches!(
                algorithm,
                Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 | Algorithm::Ps256 | Algorithm::Ps384 | Algorithm::Ps512
            ),
            Self::P256(_) => matches!(algorithm, Algorithm::Es256),
            Self::P384(_) => matches!(algorithm, Algorithm::Es384),
            Self::Ed25519(_) => matches!(algorithm, Algorithm::EdDsa),
        }
    }

    fn verifies(&self, algorithm: Algorithm, message: &[u8], signed: &[u8]) -> bool {
        let rsa = match algorithm {
            Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
            Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
            Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
            Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
            // The others never meet an RSA key: `is_for` stands before.
            _ => &signature::RSA_PSS_2048_8192_SHA512,
        };
        match self {
            Self::Rsa { n, e } => RsaPublicKeyComponents { n, e }.verify(rsa, message, signed).is_ok(),
            Self::P256(point) => UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(message, signed).is_ok(),
            Self::P384(point) => UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point).verify(message, signed).is_ok(),
            Self::Ed25519(key) => UnparsedPublicKey::new(&signature::ED25519, key).verify(message, signed).is_ok(),
        }
    }
}

/// Some providers write the sign byte of their integers.
fn without_leading_zeros(bytes: Vec<u8>) -> Vec<u8> {
    bytes.into_iter().skip_while(|byte| *byte == 0).collect()
}

/// An uncompressed point of a curve.
fn point(x: &[u8], y: &[u8], size: usize) -> Option<Vec<u8>> {
    (x.len() == size && y.len() == size).then(|| [&[4], x, y].concat())
}

#[cfg(test)]
#[path = "jose_tests.rs"]
mod tests;
