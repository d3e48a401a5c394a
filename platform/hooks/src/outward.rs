//! What a package may reach beside records, as its manifest says and an administrator has agreed: settings of its own, secrets by
//! name, hosts outside.
//!
//! Invariant: what is not named here is not there for it, whatever its code calls.

use std::fmt;

use tenon_value::Json;

/// What a package may reach beside records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outward {
    /// Its settings: name, and the value where nobody has set one.
    pub settings: Vec<(String, Json)>,
    /// Its secrets.
    pub secrets: Vec<SecretGrant>,
}

/// A secret that a package may use, by its name. What it is never comes to the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretGrant {
    /// Its name in the package.
    pub name: String,
    /// What the host does with it when asked.
    pub uses: Vec<SecretUse>,
}

/// What the host does with a secret for a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretUse {
    /// Makes an HMAC with it.
    Hmac,
    /// Tells whether an HMAC was made with it.
    Verify,
    /// Signs with it.
    Sign,
    /// Encrypts with it.
    Encrypt,
    /// Decrypts with it.
    Decrypt,
}

impl SecretUse {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Hmac, Self::Verify, Self::Sign, Self::Encrypt, Self::Decrypt];

    /// The word in manifests.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hmac => "hmac",
            Self::Verify => "verify",
            Self::Sign => "sign",
            Self::Encrypt => "encrypt",
            Self::Decrypt => "decrypt",
        }
    }

    /// The use of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

impl Outward {
    /// The value of a setting where nobody has set one; none where the package names no such setting.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&Json> {
        self.settings.iter().find(|(one, _)| one == name).map(|(_, value)| value)
    }

    /// The secret of a name.
    #[must_use]
    pub fn secret(&self, name: &str) -> Option<&SecretGrant> {
        self.secrets.iter().find(|one| one.name == name)
    }
}

/// What a secret is, on its way to the host. It is never written into a log by mistake.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue(pub String);

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_told_by_what_is_logged_of_it() {
        assert!(!format!("{:?}", SecretValue("open sesame".to_owned())).contains("sesame"));
    }

    #[test]
    fn each_use_has_a_word_of_its_own() {
        assert!(SecretUse::ALL.into_iter().all(|one| SecretUse::from_word(one.word()) == Some(one)));
    }
}
