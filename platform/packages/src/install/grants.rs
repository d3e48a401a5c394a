//! What a package asks for, line by line: an administrator consents to lines, and an upgrade shows those that are new.

use tenon_compiler::Manifest;
use tenon_hooks::{Grant, Names, ObjectGrant};
use tenon_plugin_host::PluginPackage;
use tenon_value::{Json, JsonMap};

use crate::{Bundle, BundleError};

/// What a manifest may ask for.
const KINDS: [&str; 7] = ["records", "acting", "http", "secrets", "kv", "config", "events"];
/// How large a package's store of texts is: there is one size.
const KV: &str = "10MiB";
/// How "every field" is told.
const EVERYTHING: &str = "*";
/// What stands between names.
const BETWEEN: &str = ", ";

/// One thing a package asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantLine {
    /// Names it: `records.opportunity.read`, `http.billing`, `hook.before_save.opportunity`, `cron.recycle`, `lifecycle`.
    pub key: String,
    /// What exactly: fields, an address, operations.
    pub says: String,
    /// What for, in the author's words by language.
    pub why: Json,
}

impl GrantLine {
    fn new(key: String, says: String) -> Self {
        Self { key, says, why: Json::Null }
    }

    /// As it is stored with the consent.
    pub(super) fn stored(lines: &[Self]) -> Json {
        lines.iter().map(|line| serde_json::json!({ "key": line.key, "says": line.says })).collect()
    }

    /// What was consented to, as it was stored.
    pub(super) fn read(stored: &Json) -> Vec<Self> {
        let line = |one: &Json| {
            let text = |key: &str| one.get(key).and_then(Json::as_str).map(str::to_owned);
            Some(Self::new(text("key")?, text("says")?))
        };
        stored.as_array().into_iter().flatten().filter_map(line).collect()
    }

    /// Whether an earlier consent covers it: the same thing, said the same, or less of it where it is a list of names.
    pub(super) fn is_covered(&self, before: &[Self]) -> bool {
        let says_no_more = |other: &&Self| other.says == self.says || (self.is_list() && is_within(&self.says, &other.says));
        before.iter().filter(|other| other.key == self.key).any(|other| says_no_more(&other))
    }

    /// Whether it says names, each of which is worth something by itself: fields, or operations.
    fn is_list(&self) -> bool {
        ["records.", "hook."].iter().any(|kind| self.key.starts_with(kind))
    }
}

/// Whether every name of one list is in another.
fn is_within(less: &str, more: &str) -> bool {
    more == EVERYTHING || less.split(BETWEEN).all(|name| more.split(BETWEEN).any(|other| other == name))
}

impl Bundle {
    /// Everything it asks for, as whoever installs it will be asked. `calls` names the interfaces of the contract that its component
    /// calls, which only whoever takes the component apart knows.
    ///
    /// # Errors
    /// `Manifest`, `Component`.
    pub fn asks(&self, calls: &[&str]) -> Result<Vec<GrantLine>, BundleError> {
        let plugin = self.component().map(PluginPackage::from_component).transpose();
        let plugin = plugin.map_err(|error| BundleError::Component(error.to_string()))?;
        lines(&self.manifest, plugin.as_ref().map(|plugin| (plugin, calls)))
    }
}

/// Everything a package asks for: what its manifest says, and what its component says by what it offers and calls.
pub(super) fn lines(manifest: &Manifest, plugin: Option<(&PluginPackage, &[&str])>) -> Result<Vec<GrantLine>, BundleError> {
    let mut lines = Vec::new();
    for (object, grant) in &records(manifest)? {
        for (word, names) in [("read", &grant.read), ("write", &grant.write)] {
            if *names != Names::Nothing {
                lines.push(GrantLine::new(format!("records.{object}.{word}"), told(names)));
            }
        }
    }
    let asked = asked(manifest)?;
    if asked.get("kv").is_some_and(|size| size.as_str() != Some(KV)) {
        return Err(BundleError::Manifest(format!("`grants.kv` is `{KV}`: every package has as much")));
    }
    for (kind, asked) in asked.iter().filter(|(kind, _)| !["records", "kv"].contains(&kind.as_str())) {
        match asked {
            Json::Object(named) => lines.extend(named.iter().map(|(name, one)| named_line(kind, name, one))),
            other => lines.push(GrantLine::new(kind.clone(), other.as_str().map_or_else(|| other.to_string(), str::to_owned))),
        }
    }
    if let Some((plugin, imports)) = plugin {
        lines.extend(of_plugin(plugin, imports));
    }
    Ok(lines)
}

/// Where a plugin wants to be asked, what it offers to people and to the calendar, and what it calls beside records.
fn of_plugin(plugin: &PluginPackage, imports: &[&str]) -> Vec<GrantLine> {
    let line = |key: String, says: &str| GrantLine::new(key, says.to_owned());
    let hooks = plugin.subscriptions.iter().map(|subscription| {
        let operations: Vec<&str> = subscription.operations.iter().map(|one| one.word()).collect();
        line(format!("hook.{}.{}", subscription.phase.word(), subscription.object), &operations.join(BETWEEN))
    });
    let computed = plugin.computed.iter().map(|one| line(format!("computed.{}.{}", one.object, one.field), &one.from.join(", ")));
    let actions = plugin.actions.iter().map(|action| line(format!("action.{}", action.name), &action.field()));
    let queries = plugin.queries.iter().map(|query| line(format!("query.{}", query.name), &query.field()));
    // What the calendar starts acts as the package itself, not as anybody who could be asked.
    let times = plugin.jobs.iter().filter_map(|job| Some(line(format!("cron.{}", job.name), job.cron.as_deref()?)));
    let endpoints = plugin.endpoints.iter().map(|one| {
        let by = one.auth.secret().map_or_else(String::new, |secret| format!(" by {secret}"));
        line(format!("endpoint.{}", one.name), &format!("{} {}, {}{by}", one.method, one.path, one.auth.word()))
    });
    let moments: Vec<&str> = plugin.lifecycle.iter().map(|moment| moment.word()).collect();
    let life = (!moments.is_empty()).then(|| line("lifecycle".to_owned(), &moments.join(", ")));
    let called = [("jobs", "leaves jobs for later"), ("kv", KV)].into_iter().filter(|(name, _)| imports.contains(name));
    let called = called.map(|(name, says)| line(name.to_owned(), says));
    hooks.chain(computed).chain(actions).chain(queries).chain(times).chain(endpoints).chain(life).chain(called).collect()
}

fn named_line(kind: &str, name: &str, asked: &Json) -> GrantLine {
    let mut asked = asked.clone();
    let why = asked.as_object_mut().and_then(|map| map.shift_remove("why")).unwrap_or_default();
    let says = if asked.as_object().is_some_and(JsonMap::is_empty) { String::new() } else { asked.to_string() };
    GrantLine { why, ..GrantLine::new(format!("{kind}.{name}"), says) }
}

fn told(names: &Names) -> String {
    match names {
        Names::Nothing => String::new(),
        Names::These(names) => names.join(BETWEEN),
        Names::Everything => EVERYTHING.to_owned(),
    }
}

/// `grants:` of the manifest; every kind is one we know.
fn asked(manifest: &Manifest) -> Result<JsonMap<String, Json>, BundleError> {
    let asked = match &manifest.grants {
        None | Some(Json::Null) => JsonMap::new(),
        Some(Json::Object(map)) => map.clone(),
        Some(_) => return Err(BundleError::Manifest("`grants` is a mapping".to_owned())),
    };
    match asked.keys().find(|kind| !KINDS.contains(&kind.as_str())) {
        None => Ok(asked),
        Some(other) => Err(BundleError::Manifest(format!("`grants.{other}` is not known; there are {}", KINDS.join(", ")))),
    }
}

pub(crate) fn records(manifest: &Manifest) -> Result<Vec<(String, ObjectGrant)>, BundleError> {
    let wrong = |what: String| BundleError::Manifest(format!("`grants.records`: {what}"));
    let asked = asked(manifest)?;
    let objects = match asked.get("records") {
        None => return Ok(Vec::new()),
        Some(Json::Object(objects)) => objects,
        Some(_) => return Err(wrong("write the objects as a mapping".to_owned())),
    };
    let mut grants = Vec::new();
    for (object, rights) in objects {
        let rights = rights.as_object().ok_or_else(|| wrong(format!("`{object}` has `read` and `write`")))?;
        if let Some(other) = rights.keys().find(|key| !["read", "write"].contains(&key.as_str())) {
            return Err(wrong(format!("`{object}.{other}` is not known; there are `read` and `write`")));
        }
        let names = |word: &str| names(rights.get(word)).ok_or_else(|| wrong(format!("`{object}.{word}` is a list of names, or \"*\"")));
        grants.push((object.clone(), ObjectGrant { object: object.clone(), read: names("read")?, write: names("write")? }));
    }
    Ok(grants)
}

fn names(asked: Option<&Json>) -> Option<Names> {
    match asked {
        None | Some(Json::Null) => Some(Names::Nothing),
        Some(Json::String(all)) if all == "*" => Some(Names::Everything),
        Some(Json::Array(list)) => list.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<_>>().map(Names::These),
        Some(_) => None,
    }
}

/// Whether the plugin may act as itself, without its caller's rights.
pub(super) fn may_act(manifest: &Manifest) -> Result<bool, BundleError> {
    Ok(asked(manifest)?.get("acting").is_some_and(|asked| !asked.is_null() && *asked != Json::Bool(false)))
}

/// What the plugin may ask of records.
pub(super) fn grant_of(manifest: &Manifest) -> Result<Grant, BundleError> {
    Ok(Grant::Records(records(manifest)?.into_iter().map(|(_, grant)| grant).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_than_was_agreed_to_is_agreed_to() {
        let line = |key: &str, says: &str| GrantLine::new(key.to_owned(), says.to_owned());
        let covered = |key: &str, says: &str, before: &str| line(key, says).is_covered(&[line(key, before)]);
        assert!(covered("records.lead.read", "status", "status, email"));
        assert!(covered("records.lead.read", "email, status", "status, email"));
        assert!(covered("records.lead.read", "email", "*"));
        assert!(covered("hook.before_save.lead", "create", "create, update"));
        assert!(!covered("records.lead.read", "*", "status, email"));
        assert!(!covered("records.lead.read", "status, phone", "status, email"));
        assert!(!covered("records.lead.read", "mail", "email"));
        // What is told in one piece is not taken apart: a part of an address is another address.
        assert!(!covered("action.claim", "a", "a, b"));
        assert!(!line("records.lead.write", "email").is_covered(&[line("records.lead.read", "email")]));
    }
}
