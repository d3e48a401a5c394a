//! Secrets of your package, by name: `grants.secrets` in `package.yaml`. The host works with them; what they are never comes to you.
//!
//! Each function is for secrets whose grant lists it under `use`; another is `FORBIDDEN`. A secret that nobody has set is
//! `NOT_FOUND`. A secret that begins with `whsec_` is the bytes behind it in base64, any other is its text. Natively
//! [`testing::set_secret`](crate::testing::set_secret) says what they are: `hmac` is the real one there, `sign` and `encrypt` are
//! stand-ins.

use crate::Problem;

#[cfg(target_arch = "wasm32")]
mod there {
    //! At the host.
    use crate::bindings::tenon::plugin::secrets;
    use crate::{Problem, wire};

    pub(super) fn is_set(name: &str) -> Result<bool, Problem> {
        secrets::is_set(name).map_err(wire::problem)
    }

    pub(super) fn hmac(name: &str, data: &[u8]) -> Result<Vec<u8>, Problem> {
        secrets::hmac(name, data).map_err(wire::problem)
    }

    pub(super) fn verify(name: &str, data: &[u8], mac: &[u8]) -> Result<bool, Problem> {
        secrets::verify(name, data, mac).map_err(wire::problem)
    }

    pub(super) fn sign(name: &str, data: &[u8]) -> Result<Vec<u8>, Problem> {
        secrets::sign(name, data).map_err(wire::problem)
    }

    pub(super) fn encrypt(name: &str, data: &[u8]) -> Result<Vec<u8>, Problem> {
        secrets::encrypt(name, data).map_err(wire::problem)
    }

    pub(super) fn decrypt(name: &str, data: &[u8]) -> Result<Option<Vec<u8>>, Problem> {
        secrets::decrypt(name, data).map_err(wire::problem)
    }
}

#[cfg(not(target_arch = "wasm32"))]
use crate::testing::outward as there;

/// Whether somebody has set it. Counts as a query, as everything here does.
///
/// ```
/// use tenon_sdk::{secrets, testing};
/// testing::set_secret("shop_key", "k");
/// assert_eq!((secrets::is_set("shop_key"), secrets::is_set("other")), (Ok(true), Ok(false)));
/// ```
///
/// # Errors
/// A name that `package.yaml` does not have.
pub fn is_set(name: &str) -> Result<bool, Problem> {
    there::is_set(name)
}

/// HMAC with SHA-256 under a secret.
///
/// ```
/// use tenon_sdk::{secrets, testing};
/// testing::set_secret("shop_key", "Jefe");
/// // RFC 4231, test case 2.
/// assert_eq!(secrets::hmac("shop_key", b"what do ya want for nothing?").unwrap()[..4], [0x5b, 0xdc, 0xc1, 0x46]);
/// ```
///
/// # Errors
/// `NOT_FOUND`, `FORBIDDEN`.
pub fn hmac(name: &str, data: &[u8]) -> Result<Vec<u8>, Problem> {
    there::hmac(name, data)
}

/// Whether these bytes are the HMAC of the data under a secret.
///
/// ```
/// use tenon_sdk::{secrets, testing};
/// testing::set_secret("shop_key", "k");
/// let mac = secrets::hmac("shop_key", b"paid").unwrap();
/// assert_eq!((secrets::verify("shop_key", b"paid", &mac), secrets::verify("shop_key", b"unpaid", &mac)), (Ok(true), Ok(false)));
/// ```
///
/// # Errors
/// `NOT_FOUND`, `FORBIDDEN`.
pub fn verify(name: &str, data: &[u8], mac: &[u8]) -> Result<bool, Problem> {
    there::verify(name, data, mac)
}

/// The signature of the data by Ed25519; the secret is the seed, 32 bytes in hexadecimal or base64.
///
/// ```
/// use tenon_sdk::{secrets, testing};
/// testing::set_secret("seed", &"00".repeat(32));
/// assert_eq!(secrets::sign("seed", b"paid").unwrap().len(), 64);
/// ```
///
/// # Errors
/// `NOT_FOUND`, `FORBIDDEN`; `INVALID` where the secret is no seed.
pub fn sign(name: &str, data: &[u8]) -> Result<Vec<u8>, Problem> {
    there::sign(name, data)
}

/// The data encrypted, and sealed against change: for your package in this tenant.
///
/// ```
/// use tenon_sdk::{secrets, testing};
/// testing::set_secret("vault", "k");
/// let kept = secrets::encrypt("vault", b"a token").unwrap();
/// assert_eq!(secrets::decrypt("vault", &kept).unwrap().as_deref(), Some(b"a token".as_slice()));
/// ```
///
/// # Errors
/// `NOT_FOUND`, `FORBIDDEN`.
pub fn encrypt(name: &str, data: &[u8]) -> Result<Vec<u8>, Problem> {
    there::encrypt(name, data)
}

/// What [`encrypt`] made of it, back; none where it is something else, or was changed.
///
/// ```
/// use tenon_sdk::{secrets, testing};
/// testing::set_secret("vault", "k");
/// assert_eq!(secrets::decrypt("vault", b"something else entirely, and long enough").unwrap(), None);
/// ```
///
/// # Errors
/// `NOT_FOUND`, `FORBIDDEN`.
pub fn decrypt(name: &str, data: &[u8]) -> Result<Option<Vec<u8>>, Problem> {
    there::decrypt(name, data)
}
