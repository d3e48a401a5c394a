//! What a manifest says a package may reach beside records: its settings, `grants.secrets` and `grants.http`.

use tenon_compiler::Manifest;
use tenon_hooks::{HttpGrant, Outward, SecretGrant, SecretPlace, SecretUse};
use tenon_value::{Json, JsonMap, Localized};

use super::declared::{Declarations, texts};
use super::setting::{self, NAMED_MAX};
use crate::BundleError;

/// What may be done at a host.
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
/// Hosts of a package, paths of a host.
const HOSTS_MAX: usize = 20;

/// Where secrets are declared.
const SECRETS: Declarations = Declarations {
    at: "grants.secrets",
    what: "the secrets",
    most: NAMED_MAX,
    keys: &["use", "for", "header", "query", "body", "why"],
    example: "{ use: [hmac], why: { en: … } }",
};
/// Where hosts are declared.
const HOSTS: Declarations = Declarations {
    at: "grants.http",
    what: "the hosts",
    most: HOSTS_MAX,
    keys: &["host", "methods", "paths", "why"],
    example: "{ host: api.acme.com, methods: [POST], paths: [\"/v1/*\"], why: { en: … } }",
};

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
    let http = HOSTS.read(&manifest.whole, host)?;
    let outward = Outward { settings, secrets, http };
    let astray = outward.secrets.iter().find_map(|one| one.place.as_ref().filter(|place| outward.host(&place.grant).is_none()));
    match astray {
        Some(place) => Err(BundleError::Manifest(format!("`grants.secrets`: there is no `grants.http.{}`", place.grant))),
        None => Ok(outward),
    }
}

/// What a manifest declares under `grants.secrets`.
pub(super) fn secrets(manifest: &Json) -> Result<Vec<DeclaredSecret>, BundleError> {
    SECRETS.read(manifest, secret)
}

fn secret(name: &str, asked: &JsonMap<String, Json>) -> Result<DeclaredSecret, String> {
    let (uses, place) = (uses(asked)?, place(asked)?);
    if uses.is_empty() && place.is_none() {
        return Err("it says by `use` what is done with it, or by `for` to which host it goes".to_owned());
    }
    Ok(DeclaredSecret { grant: SecretGrant { name: name.to_owned(), uses, place }, why: texts(asked, "why") })
}

/// Where it goes, if it goes anywhere.
fn place(asked: &JsonMap<String, Json>) -> Result<Option<SecretPlace>, String> {
    let text = |key: &str| match asked.get(key) {
        None => Ok(None),
        Some(Json::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
        Some(_) => Err(format!("`{key}` is a name")),
    };
    let (grant, header, query) = (text("for")?, text("header")?, text("query")?);
    let body = asked.get("body").and_then(Json::as_bool).unwrap_or_default();
    let is_placed = header.is_some() || query.is_some() || body;
    match grant {
        Some(_) if !is_placed => Err("`for` goes with `header`, `query` or `body: true`: where it stands in a request".to_owned()),
        None if is_placed => Err("`header`, `query` and `body` go with `for`: to which host".to_owned()),
        grant => Ok(grant.map(|grant| SecretPlace { grant, header, query, body })),
    }
}

/// A host under `grants.http`.
fn host(name: &str, asked: &JsonMap<String, Json>) -> Result<HttpGrant, String> {
    let host = asked.get("host").and_then(Json::as_str).unwrap_or_default();
    let is_host = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    if host.is_empty() || host.len() > 255 || !host.bytes().all(is_host) {
        return Err("`host` is a host such as `api.acme.com`, without scheme and path".to_owned());
    }
    let list = |key: &str| {
        let list = asked.get(key).and_then(Json::as_array).filter(|list| !list.is_empty() && list.len() <= HOSTS_MAX);
        let texts = list.map(|list| list.iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>());
        texts.flatten().ok_or_else(|| format!("`{key}` is a list of 1 to {HOSTS_MAX}"))
    };
    let (methods, paths) = (list("methods")?, list("paths")?);
    if !methods.iter().all(|method| METHODS.contains(&method.as_str())) {
        return Err(format!("`methods` lists some of {}", METHODS.join(", ")));
    }
    if !paths.iter().all(|path| path.starts_with('/')) {
        return Err("`paths` lists paths such as `/v1/*`".to_owned());
    }
    Ok(HttpGrant { name: name.to_owned(), host: host.to_owned(), methods, paths })
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
