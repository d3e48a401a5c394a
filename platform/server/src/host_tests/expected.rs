//! Is this the answer that a test expects? Of objects only the members written are compared; lists are as long as written.
//!
//! A text `$name` stands for what a step before kept under that name, `$any` for anything but null.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use tenon_value::Json;

/// What stands for anything.
const ANY: &str = "$any";

/// Values that steps have kept.
#[derive(Default)]
pub(super) struct Kept {
    values: BTreeMap<String, Json>,
}

impl Kept {
    pub(super) fn keep(&mut self, name: &str, value: Json) {
        self.values.insert(name.to_owned(), value);
    }

    /// The same with kept values in the place of their names.
    pub(super) fn put_into(&self, json: &Json) -> anyhow::Result<Json> {
        Ok(match json {
            Json::String(text) => match text.strip_prefix('$') {
                Some(name) => self.named(name)?.clone(),
                None => json.clone(),
            },
            Json::Array(list) => Json::Array(list.iter().map(|one| self.put_into(one)).collect::<anyhow::Result<_>>()?),
            Json::Object(members) => {
                let put = |(name, value): (&String, &Json)| Ok((name.clone(), self.put_into(value)?));
                Json::Object(members.iter().map(put).collect::<anyhow::Result<_>>()?)
            }
            other => other.clone(),
        })
    }

    /// A text with kept values where it says `${name}`.
    pub(super) fn put_into_text(&self, text: &str) -> anyhow::Result<String> {
        let mut whole = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, behind) = after.split_once('}').context("a `${` without its `}`")?;
            whole.push_str(before);
            match self.named(name)? {
                Json::String(text) => whole.push_str(text),
                other => whole.push_str(&other.to_string()),
            }
            rest = behind;
        }
        whole.push_str(rest);
        Ok(whole)
    }

    fn named(&self, name: &str) -> anyhow::Result<&Json> {
        self.values.get(name).with_context(|| format!("no step before kept `{name}`"))
    }
}

/// Compares; the first difference, by its path.
pub(super) fn matches(expected: &Json, actual: &Json, kept: &Kept) -> anyhow::Result<()> {
    compare("", expected, actual, kept)
}

fn compare(path: &str, expected: &Json, actual: &Json, kept: &Kept) -> anyhow::Result<()> {
    match (expected, actual) {
        (Json::String(any), actual) if any == ANY && !actual.is_null() => Ok(()),
        (Json::Object(wanted), Json::Object(members)) => {
            for (name, value) in wanted {
                compare(&format!("{path}/{name}"), value, members.get(name).unwrap_or(&Json::Null), kept)?;
            }
            Ok(())
        }
        (Json::Array(wanted), Json::Array(list)) if wanted.len() == list.len() => {
            for (at, (value, one)) in wanted.iter().zip(list).enumerate() {
                compare(&format!("{path}/{at}"), value, one, kept)?;
            }
            Ok(())
        }
        (Json::String(name), actual) if name.starts_with('$') && name != ANY => {
            let value = kept.named(name.trim_start_matches('$'))?;
            if value == actual { Ok(()) } else { differ(path, value, actual) }
        }
        (expected, actual) if expected == actual => Ok(()),
        (expected, actual) => differ(path, expected, actual),
    }
}

fn differ(path: &str, expected: &Json, actual: &Json) -> anyhow::Result<()> {
    bail!("at `{}`: expected {expected}, got {actual}", if path.is_empty() { "/" } else { path })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_written_is_compared() {
        let mut kept = Kept::default();
        kept.keep("deal", json!("d1"));
        let actual = json!({ "data": { "a": { "id": "d1", "n": 7 }, "list": [{ "x": 1 }, { "x": 2 }] } });
        for expected in [
            json!({}),
            json!({ "data": { "a": { "id": "$deal" } } }),
            json!({ "data": { "a": { "id": "$any", "gone": null }, "list": [{}, { "x": 2 }] } }),
        ] {
            matches(&expected, &actual, &kept).unwrap();
        }
        for (expected, path) in [
            (json!({ "data": { "a": { "n": 8 } } }), "/data/a/n"),
            (json!({ "data": { "list": [{}] } }), "/data/list"),
            (json!({ "data": { "a": { "gone": "$any" } } }), "/data/a/gone"),
            (json!({ "data": { "a": { "n": "$deal" } } }), "/data/a/n"),
        ] {
            let told = matches(&expected, &actual, &kept).unwrap_err().to_string();
            assert!(told.contains(&format!("`{path}`")), "{told}");
        }
        assert!(matches(&json!("$other"), &actual, &kept).unwrap_err().to_string().contains("`other`"));
    }

    #[test]
    fn kept_values_are_put_in() {
        let mut kept = Kept::default();
        kept.keep("n", json!(7));
        kept.keep("t", json!("a"));
        assert_eq!(kept.put_into(&json!({ "a": ["$n", "n"] })).unwrap(), json!({ "a": [7, "n"] }));
        assert_eq!(kept.put_into_text("/x/${t}?n=${n}&m=$n").unwrap(), "/x/a?n=7&m=$n");
        assert!(kept.put_into(&json!("$x")).is_err() && kept.put_into_text("${x}").is_err() && kept.put_into_text("${n").is_err());
    }
}
