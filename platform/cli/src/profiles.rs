//! Profiles: an address, a tenant and a key under a name, in one file of the person who logged in.
//!
//! `TENON_CONFIG`, else `$XDG_CONFIG_HOME/tenon`, else `~/.config/tenon`, holds `profiles.json`. Invariants: the file is
//! readable by its owner only; a profile's key goes to the profile's own address and tenant, never elsewhere.

use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use serde_json::{Map, json};
use tenon_value::Json;

use crate::args::Args;
use crate::output::Usage;

/// The profile that is meant where no other is named.
pub(crate) const USUAL: &str = "default";

/// One profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) url: String,
    pub(crate) tenant: String,
    pub(crate) key: String,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Profiles {
    /// The one in use.
    pub(crate) used: Option<String>,
    pub(crate) all: Vec<(String, Profile)>,
}

impl Profile {
    /// The profile that the arguments mean: the one they name, else the one in use. None where they say elsewhere.
    pub(crate) fn chosen(args: &Args) -> anyhow::Result<Option<Self>> {
        // Everything is said: no file is read.
        let is_complete = args.url.is_some() && args.tenant.is_some() && (args.key.is_some() || args.key_file.is_some());
        if args.profile.is_none() && is_complete {
            return Ok(None);
        }
        let profiles = Profiles::read()?;
        let found = match (&args.profile, &profiles.used) {
            (Some(name), _) => Some(profiles.get(name).ok_or(Usage("there is no such profile: see `tenon profile list`"))?),
            (None, used) => used.as_ref().and_then(|name| profiles.get(name)),
        };
        let elsewhere = |said: &Option<String>, own: &str| said.as_deref().is_some_and(|said| said.trim_end_matches('/') != own);
        Ok(found.filter(|one| !elsewhere(&args.url, &one.url) && !elsewhere(&args.tenant, &one.tenant)).cloned())
    }
}

impl Profiles {
    /// Those in the file; none where there is no file.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let Some(path) = path() else { return Ok(Self::default()) };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error).with_context(|| format!("cannot read `{}`", path.display())),
        };
        Self::of(&text).with_context(|| format!("`{}` is no file of profiles", path.display()))
    }

    fn of(text: &str) -> anyhow::Result<Self> {
        let json: Json = serde_json::from_str(text)?;
        let mut all = Vec::new();
        for (name, one) in json.get("profiles").and_then(Json::as_object).into_iter().flatten() {
            let part =
                |key: &str| one.get(key).and_then(Json::as_str).map(str::to_owned).with_context(|| format!("`{name}` has no `{key}`"));
            all.push((name.clone(), Profile { url: part("url")?, tenant: part("tenant")?, key: part("key")? }));
        }
        Ok(Self { used: json.get("used").and_then(Json::as_str).map(str::to_owned), all })
    }

    fn text(&self) -> String {
        let one = |profile: &Profile| json!({ "url": profile.url, "tenant": profile.tenant, "key": profile.key });
        let all: Map<String, Json> = self.all.iter().map(|(name, profile)| (name.clone(), one(profile))).collect();
        format!("{:#}\n", json!({ "used": self.used, "profiles": all }))
    }

    /// Writes them: beside the old file first, so that no crash loses it.
    pub(crate) fn write(&self) -> anyhow::Result<PathBuf> {
        let Some(path) = path() else { bail!("there is no home directory: name a folder by TENON_CONFIG") };
        let told = || format!("cannot write `{}`", path.display());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(told)?;
        }
        let beside = path.with_extension("json.new");
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside).with_context(told)?;
        // One left behind by somebody else's program may be readable by others.
        file.set_permissions(std::fs::Permissions::from_mode(0o600)).with_context(told)?;
        file.write_all(self.text().as_bytes()).with_context(told)?;
        file.sync_all().with_context(told)?;
        std::fs::rename(&beside, &path).with_context(told)?;
        Ok(path)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Profile> {
        self.all.iter().find(|(known, _)| known == name).map(|(_, profile)| profile)
    }

    /// Keeps a profile under a name, and uses it.
    pub(crate) fn put(&mut self, name: &str, profile: Profile) {
        self.all.retain(|(known, _)| known != name);
        self.all.push((name.to_owned(), profile));
        self.used = Some(name.to_owned());
    }

    /// Forgets a profile; false where there is none of the name.
    pub(crate) fn forget(&mut self, name: &str) -> bool {
        let before = self.all.len();
        self.all.retain(|(known, _)| known != name);
        self.used.take_if(|used| used == name);
        self.all.len() < before
    }
}

/// Where the profiles lie.
#[expect(clippy::disallowed_methods, reason = "where a person keeps configuration is told by his environment alone")]
fn path() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = folder("TENON_CONFIG")
        .or_else(|| folder("XDG_CONFIG_HOME").map(|config| config.join("tenon")))
        .or_else(|| folder("HOME").map(|home| home.join(".config/tenon")))?;
    Some(folder.join("profiles.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(tenant: &str) -> Profile {
        Profile { url: "https://crm.example".to_owned(), tenant: tenant.to_owned(), key: "k".to_owned() }
    }

    #[test]
    fn the_last_one_kept_is_used_and_the_one_forgotten_is_not() {
        let mut profiles = Profiles::default();
        profiles.put("a", profile("acme"));
        profiles.put("b", profile("bolt"));
        profiles.put("a", profile("acme2"));
        let read = Profiles::of(&profiles.text()).unwrap();
        assert_eq!((read.used.as_deref(), read.all.len()), (Some("a"), 2));
        assert_eq!(read.get("a"), Some(&profile("acme2")));
        let mut profiles = read;
        assert!(profiles.forget("a") && !profiles.forget("a"));
        assert_eq!((profiles.used.as_deref(), profiles.get("b")), (None, Some(&profile("bolt"))));
    }

    #[test]
    fn what_is_no_file_of_profiles_is_told() {
        for text in ["", "[", r#"{"profiles":{"a":{"url":"x"}}}"#] {
            assert!(Profiles::of(text).is_err(), "{text}");
        }
        assert!(Profiles::of("{}").unwrap().all.is_empty());
    }
}
