//! What a manifest says a package may reach beside records: its settings, and `grants.secrets`.

use tenon_compiler::Manifest;
use tenon_hooks::{Outward, SecretGrant, SecretUse};
use tenon_value::{Json, JsonMap, Localized, Name};

use super::setting::{self, NAMED_MAX};
use crate::BundleError;

/// What a secret's grant may say.
const KEYS: [&str; 2] = ["use", "why"];

/// A secret that a package declares.
#[derive(Clone, Debug, PartialEq)]
pub struct DeclaredSecret {
    /// How the host may use it.
    pub grant: SecretGrant,
    /// What for, in the author's words.
    pub why: Localized,
}

/// What a package may reach.
pub(crate) fn outward_of(manifest: &Manifest) -> Result<Outward, BundleError> {
    let settings = setting::declared(&manifest.whole)?.into_iter().map(|setting| (setting.name, setting.default)).collect();
    let secrets = secrets(&manifest.whole)?.into_iter().map(|secret| secret.grant).collect();
    Ok(Outward { settings, secrets })
}

/// What a manifest declares under `grants.secrets`.
pub(super) fn secrets(manifest: &Json) -> Result<Vec<DeclaredSecret>, BundleError> {
    let wrong = |what: String| BundleError::Manifest(format!("`grants.secrets`: {what}"));
    let secrets = match manifest.pointer("/grants/secrets") {
        None | Some(Json::Null) => return Ok(Vec::new()),
        Some(Json::Object(secrets)) => secrets,
        Some(_) => return Err(wrong("write the secrets as a mapping".to_owned())),
    };
    if secrets.len() > NAMED_MAX {
        return Err(wrong(format!("there are more than {NAMED_MAX}")));
    }
    secrets.iter().map(|(name, one)| secret(name, one).map_err(|what| wrong(format!("`{name}`: {what}")))).collect()
}

fn secret(name: &str, asked: &Json) -> Result<DeclaredSecret, String> {
    if name.parse::<Name>().is_err() {
        return Err("this is no name: snake case, beginning with a letter".to_owned());
    }
    let asked = asked.as_object().ok_or("write it as `{ use: [hmac], why: { en: … } }`")?;
    if let Some(other) = asked.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(format!("`{other}` is not known; there are {}", KEYS.join(", ")));
    }
    let uses = uses(asked)?;
    if uses.is_empty() {
        return Err("it says by `use` what is done with it".to_owned());
    }
    let why = |locale: &str| asked.get("why")?.get(locale)?.as_str().map(str::to_owned);
    let why = Localized { en: why("en"), zh: why("zh") };
    Ok(DeclaredSecret { grant: SecretGrant { name: name.to_owned(), uses }, why })
}

fn uses(asked: &JsonMap<String, Json>) -> Result<Vec<SecretUse>, String> {
    let words = || SecretUse::ALL.map(SecretUse::word).join(", ");
    match asked.get("use") {
        None => Ok(Vec::new()),
        Some(Json::Array(list)) => list
            .iter()
            .map(|word| word.as_str().and_then(SecretUse::from_word).ok_or_else(|| format!("`use` lists some of {}", words())))
            .collect(),
        Some(_) => Err(format!("`use` is a list of {}", words())),
    }
}
