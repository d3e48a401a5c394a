//! What a manifest declares by name: its settings, its secrets, the hosts it calls. Each is a mapping under one place, of
//! so many at most; each name is a [`Name`], each declaration a mapping that says nothing unknown.

use tenon_value::{Json, JsonMap, Localized, Name};

use crate::BundleError;

/// A place in the manifest under which something is declared by name.
pub(super) struct Declarations {
    /// Where, as authors write it: `grants.http`.
    pub at: &'static str,
    /// What they are together: "the hosts".
    pub what: &'static str,
    /// How many there may be.
    pub most: usize,
    /// What one may say.
    pub keys: &'static [&'static str],
    /// How one is written.
    pub example: &'static str,
}

impl Declarations {
    /// All of them, each read by `read`, in the order of the manifest.
    ///
    /// # Errors
    /// `Manifest` with the place and the name.
    pub(super) fn read<T>(
        &self,
        manifest: &Json,
        read: impl Fn(&str, &JsonMap<String, Json>) -> Result<T, String>,
    ) -> Result<Vec<T>, BundleError> {
        let wrong = |what: String| BundleError::Manifest(format!("`{}`: {what}", self.at));
        let all = match self.at.split('.').try_fold(manifest, |under, key| under.get(key)) {
            None | Some(Json::Null) => return Ok(Vec::new()),
            Some(Json::Object(all)) => all,
            Some(_) => return Err(wrong(format!("write {} as a mapping", self.what))),
        };
        if all.len() > self.most {
            return Err(wrong(format!("there are more than {}", self.most)));
        }
        let one = |(name, said): (&String, &Json)| {
            let declared = self.checked(name, said).and_then(|declared| read(name, declared));
            declared.map_err(|what| wrong(format!("`{name}`: {what}")))
        };
        all.iter().map(one).collect()
    }

    fn checked<'m>(&self, name: &str, said: &'m Json) -> Result<&'m JsonMap<String, Json>, String> {
        if name.parse::<Name>().is_err() {
            return Err("this is no name: snake case, beginning with a letter".to_owned());
        }
        let declared = said.as_object().ok_or_else(|| format!("write it as `{}`", self.example))?;
        match declared.keys().find(|key| !self.keys.contains(&key.as_str())) {
            Some(other) => Err(format!("`{other}` is not known; there are {}", self.keys.join(", "))),
            None => Ok(declared),
        }
    }
}

/// A text in both languages, as far as it is there.
pub(super) fn texts(declared: &JsonMap<String, Json>, key: &str) -> Localized {
    let text = |locale: &str| declared.get(key)?.get(locale)?.as_str().map(str::to_owned);
    Localized { en: text("en"), zh: text("zh") }
}
