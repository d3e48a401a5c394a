//! What is compared of two answers, and what must stand in none.
//!
//! What the attacker sent himself is cut out first; what is left may hold no marker and no id of a hidden or foreign
//! record. Request ids, times, cursors and generated ids differ by nature and are evened out.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use regex_lite::Regex;
use serde_json::Value;

use super::world::{MARKER, Whose, World};

/// Members that differ between two runs of the same request, whatever it asks.
const BY_NATURE: [&str; 9] = ["requestId", "available", "ms", "planCache", "restorePerSecond", "max", "locations", "drainMs", "hash"];

/// Members that hold a cursor.
const CURSORS: [&str; 3] = ["cursor", "startCursor", "endCursor"];

/// Evens out answers and looks for what must not be in them.
#[derive(Debug)]
pub(super) struct Judge {
    id: Regex,
    time: Regex,
    /// What records hold that the attacker may see, though they are called hidden.
    open: Vec<String>,
}

impl Judge {
    pub(super) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            id: Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")?,
            time: Regex::new(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")?,
            open: Vec::new(),
        })
    }

    /// A judge of what an attacker is told who may see every record of some objects.
    pub(super) fn of(world: &World) -> anyhow::Result<Self> {
        let marks = |place: &usize| [format!("{}{place:02}", Whose::Hidden.mark()), format!("0198c1d2-7a3e-71{place:02x}")];
        let open = world.open.iter().flat_map(marks).chain(world.words.iter().cloned()).collect();
        Ok(Self { open, ..Self::new()? })
    }

    /// An answer as it can be compared.
    pub(super) fn even(&self, answer: &Value, sent: &[String]) -> Value {
        match answer {
            Value::Object(members) => members
                .iter()
                .filter(|(name, _)| !BY_NATURE.contains(&name.as_str()))
                .map(|(name, value)| {
                    let cursor = value.as_str().filter(|_| CURSORS.contains(&name.as_str()));
                    (self.text(name, sent), cursor.map_or_else(|| self.even(value, sent), |cursor| Value::from(self.cursor(cursor, sent))))
                })
                .collect(),
            Value::Array(items) => items.iter().map(|item| self.even(item, sent)).collect(),
            Value::String(text) => Value::String(self.text(text, sent)),
            other => other.clone(),
        }
    }

    /// A cursor is a word, unless what it is made of can be read and shows something.
    fn cursor(&self, cursor: &str, sent: &[String]) -> String {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).or_else(|_| STANDARD.decode(cursor)).unwrap_or_default();
        let read = self.text(&String::from_utf8_lossy(&bytes), sent);
        // A signature holds any three letters now and then: only whole marks count.
        let is_telling = ["zqxh0", "zqxf0", "zqx '"].iter().any(|mark| read.to_lowercase().contains(mark));
        if is_telling { format!("a cursor that holds {MARKER}: {read}") } else { "<cursor>".to_owned() }
    }

    /// A text as it can be compared.
    pub(super) fn text(&self, text: &str, sent: &[String]) -> String {
        // The longest first: what was sent may hold something else that was sent.
        let mut sent: Vec<&String> = sent.iter().filter(|one| one.len() > 2).collect();
        sent.sort_by_key(|one| std::cmp::Reverse(one.len()));
        let cut = sent.iter().fold(text.to_owned(), |text, one| text.replace(one.as_str(), "<sent>"));
        let cut = self.open.iter().fold(cut, |text, one| text.replace(one.as_str(), "<open>"));
        let timed = self.time.replace_all(&cut, "<time>");
        let even = self.id.replace_all(&timed, |found: &regex_lite::Captures<'_>| match found.get(0).map_or("", |one| one.as_str()) {
            known if known.starts_with("0198c1d2-7a3e-7") => known.to_owned(),
            _ => "<id>".to_owned(),
        });
        even.into_owned()
    }

    /// What must not stand in an evened answer.
    pub(super) fn leak(even: &str) -> Option<String> {
        let lower = even.to_lowercase();
        [MARKER, "0198c1d2-7a3e-71", "0198c1d2-7a3e-72"].into_iter().find_map(|word| {
            let at = lower.find(word)?;
            let from = lower.floor_char_boundary(at.saturating_sub(60));
            let to = lower.ceil_char_boundary((at + 60).min(lower.len()));
            Some(format!("…{}…", lower.get(from..to).unwrap_or_default()))
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Judge;

    #[test]
    fn what_was_sent_is_no_leak_and_what_was_not_is_one() {
        let judge = Judge::new().unwrap();
        let hidden = "0198c1d2-7a3e-7100-8000-000000000001";
        let answer = json!({ "data": { "a": hidden, "cursor": "x" }, "extensions": { "requestId": "1", "n": 2 } });
        let even = judge.even(&answer, &[hidden.to_owned()]);
        assert_eq!(even, json!({ "data": { "a": "<sent>", "cursor": "<cursor>" }, "extensions": { "n": 2 } }));
        assert_eq!(Judge::leak(&even.to_string()), None);
        assert!(Judge::leak(&judge.even(&answer, &[]).to_string()).is_some());
        assert!(Judge::leak("the ZQXH00 of another").is_some());
    }
}
