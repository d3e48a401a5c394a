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
    /// Hosts it may call.
    pub http: Vec<HttpGrant>,
}

/// A secret that a package may use, by its name. What it is never comes to the package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretGrant {
    /// Its name in the package.
    pub name: String,
    /// What the host does with it when asked.
    pub uses: Vec<SecretUse>,
    /// Where the host puts it on its way out.
    pub place: Option<SecretPlace>,
}

/// Where a secret goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretPlace {
    /// To the host of this grant.
    pub grant: String,
    /// In this header.
    pub header: Option<String>,
    /// In this parameter of the query.
    pub query: Option<String>,
    /// In the body.
    pub body: bool,
}

/// What the host does with a secret for a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretUse {
    /// Makes an HMAC with it.
    Hmac,
    /// Tells whether an HMAC was made with it: in a call, or at an endpoint's door.
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

/// A host that a package may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpGrant {
    /// Its name in the package.
    pub name: String,
    /// `api.acme.com`, with a port where it is not the usual one.
    pub host: String,
    /// What may be done there: `POST`.
    pub methods: Vec<String>,
    /// Where: a `*` stands for one part of a path, at its end for the rest.
    pub paths: Vec<String>,
}

impl HttpGrant {
    /// Whether this may be done at this path.
    #[must_use]
    pub fn allows(&self, method: &str, path: &str) -> bool {
        is_plain(path) && self.methods.iter().any(|one| one == method) && self.paths.iter().any(|pattern| fits(pattern, path))
    }
}

/// Whether a path says the same to everybody who reads it: no steps back, no slashes in disguise, nothing beside the path.
#[must_use]
pub fn is_plain(path: &str) -> bool {
    let letters = path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\\\"<>^`{|}[]".contains(&byte));
    let steps = || path.split('/').map(|part| part.to_ascii_lowercase().replace("%2e", "."));
    let escapes = path.split('%').skip(1).map(|rest| rest.get(..2).unwrap_or_default());
    letters
        && !steps().any(|part| part == "." || part == "..")
        && escapes
            .into_iter()
            .all(|two| two.len() == 2 && two.bytes().all(|byte| byte.is_ascii_hexdigit()) && !["2f", "2F", "5c", "5C", "00"].contains(&two))
}

fn fits(pattern: &str, path: &str) -> bool {
    let (wanted, found): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    for (at, part) in wanted.iter().enumerate() {
        match (*part, found.get(at)) {
            (_, None) => return false,
            ("*", Some(&"")) => return false,
            ("*", Some(_)) if at + 1 == wanted.len() => return true,
            ("*", Some(_)) => {}
            (part, Some(found)) if part != *found => return false,
            _ => {}
        }
    }
    wanted.len() == found.len()
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

    /// The host of a name.
    #[must_use]
    pub fn host(&self, name: &str) -> Option<&HttpGrant> {
        self.http.iter().find(|one| one.name == name)
    }

    /// The host at an address: of several grants the one that allows this, else the first.
    #[must_use]
    pub fn host_at(&self, address: &str, method: &str, path: &str) -> Option<&HttpGrant> {
        let mut there = self.http.iter().filter(|one| one.host.eq_ignore_ascii_case(address));
        there.clone().find(|one| one.allows(method, path)).or_else(|| there.next())
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

    #[test]
    fn a_host_is_called_as_it_was_granted_and_not_otherwise() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let grant = HttpGrant {
            name: "billing".to_owned(),
            host: "api.acme.com".to_owned(),
            methods: words(&["POST"]),
            paths: words(&["/v1/*", "/users/*/keys", "/"]),
        };
        for path in ["/v1/deals", "/v1/deals/7", "/v1/a%20b", "/users/7/keys", "/"] {
            assert!(grant.allows("POST", path), "{path}");
            assert!(!grant.allows("GET", path) && !grant.allows("post", path), "{path}");
        }
        let strays = [
            "/v1",
            "/v1/",
            "/v2/deals",
            "/users//keys",
            "/users/7/keys/8",
            "v1/deals",
            "",
            "/v1/../admin",
            "/v1/%2e%2e/admin",
            "/v1/.%2E/admin",
            "/v1/./a",
            "/v1/a%2fb",
            "/v1/a%5cb",
            "/v1/a\\b",
            "/v1/a?b=c",
            "/v1/a#b",
            "/v1/a b",
            "/v1/a%",
            "/v1/a%2",
            "/v1/a%zz",
            "/v1/a\n",
            "/v1/é",
        ];
        for path in strays {
            assert!(!grant.allows("POST", path), "{path}");
        }
    }
}
