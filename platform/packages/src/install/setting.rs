//! The settings of a package as its manifest declares them, like fields, and what may be set.
//!
//! Read where a package is packed and uploaded, and again where somebody sets one. Invariant: a value that is set fits its
//! declaration at that moment; the plugin gets it as JSON and may count on its type.

use tenon_value::{Date, DateTime, Decimal, Json, JsonMap, Localized};

use super::declared::{Declarations, texts};
use crate::BundleError;

/// Settings of a package, and secrets of one.
pub(super) const NAMED_MAX: usize = 100;
/// Bytes of a value, as JSON (`setting_bytes`).
pub const SETTING_BYTES_MAX: usize = 16 << 10;
/// Letters of a `text` unless its `max` says otherwise.
const TEXT_LETTERS: i64 = 1_000;
/// Letters of an `email` and a `url`.
const ADDRESS_LETTERS: usize = 1_000;
/// Where they are declared.
const SETTINGS: Declarations = Declarations {
    at: "settings",
    what: "the settings",
    most: NAMED_MAX,
    keys: &["type", "label", "about", "default", "min", "max", "options"],
    example: "{ type: text, label: { en: … } }",
};

/// A setting that a package declares.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Its name in the package.
    pub name: String,
    /// Its type, by the word.
    pub kind: SettingKind,
    /// What people call it.
    pub label: Localized,
    /// Help.
    pub about: Localized,
    /// Its value where nobody has set one.
    pub default: Json,
    min: Option<Decimal>,
    max: Option<Decimal>,
    options: Vec<String>,
}

/// The type of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// A text of at most `max` letters.
    Text,
    /// A whole number.
    Integer,
    /// A decimal, as text or number.
    Decimal,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// A moment.
    DateTime,
    /// One of `options`.
    Choice,
    /// An address of mail.
    Email,
    /// An address of the web.
    Url,
    /// Any JSON.
    Json,
}

impl SettingKind {
    const ALL: [Self; 10] = [
        Self::Text,
        Self::Integer,
        Self::Decimal,
        Self::Boolean,
        Self::Date,
        Self::DateTime,
        Self::Choice,
        Self::Email,
        Self::Url,
        Self::Json,
    ];

    /// The word in manifests: that of a field's type.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Choice => "choice",
            Self::Email => "email",
            Self::Url => "url",
            Self::Json => "json",
        }
    }
}

/// What a manifest declares under `settings`.
pub(crate) fn declared(manifest: &Json) -> Result<Vec<Setting>, BundleError> {
    SETTINGS.read(manifest, setting)
}

fn setting(name: &str, declared: &JsonMap<String, Json>) -> Result<Setting, String> {
    let word = declared.get("type").and_then(Json::as_str).unwrap_or_default();
    let kind = SettingKind::ALL.into_iter().find(|kind| kind.word() == word);
    let kind = kind.ok_or_else(|| format!("`type` is one of {}", SettingKind::ALL.map(SettingKind::word).join(", ")))?;
    let number = |key: &str| declared.get(key).map(|bound| decimal(bound).ok_or_else(|| format!("`{key}` is a number"))).transpose();
    let options = declared.get("options").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).map(str::to_owned);
    let setting = Setting {
        name: name.to_owned(),
        kind,
        label: texts(declared, "label"),
        about: texts(declared, "about"),
        default: declared.get("default").cloned().unwrap_or_default(),
        min: number("min")?,
        max: number("max")?,
        options: options.collect(),
    };
    if kind == SettingKind::Choice && setting.options.is_empty() {
        return Err("a choice has `options`: a list of words".to_owned());
    }
    if !setting.default.is_null() {
        setting.check(&setting.default).map_err(|what| format!("its default: {what}"))?;
    }
    Ok(setting)
}

/// A number, written as one or as text.
fn decimal(value: &Json) -> Option<Decimal> {
    match value {
        Json::Number(number) => number.to_string().parse().ok(),
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
}

impl Setting {
    /// Whether a value may be set; in words why not.
    pub(super) fn check(&self, value: &Json) -> Result<(), String> {
        let length = value.to_string().len();
        if length > SETTING_BYTES_MAX {
            return Err(format!("it has {length} bytes, {SETTING_BYTES_MAX} are allowed (`setting_bytes`)"));
        }
        let text = value.as_str();
        let parses = |fits: fn(&str) -> bool| text.is_some_and(fits);
        let fits = match self.kind {
            SettingKind::Text => text.is_some_and(|text| !text.contains('\0')),
            SettingKind::Integer => value.as_i64().is_some(),
            SettingKind::Decimal => decimal(value).is_some(),
            SettingKind::Boolean => value.is_boolean(),
            SettingKind::Date => parses(|text| text.parse::<Date>().is_ok()),
            SettingKind::DateTime => parses(|text| text.parse::<DateTime>().is_ok()),
            SettingKind::Choice => text.is_some_and(|text| self.options.iter().any(|option| option == text)),
            SettingKind::Email => parses(is_email),
            SettingKind::Url => parses(is_url),
            SettingKind::Json => !value.is_null(),
        };
        match fits {
            true => self.within(value),
            false if self.kind == SettingKind::Choice => Err(format!("it is one of {}", self.options.join(", "))),
            false => Err(format!("it is of type {}", self.kind.word())),
        }
    }

    /// Of a number its size, of a text its length.
    fn within(&self, value: &Json) -> Result<(), String> {
        let (measured, usual) = match self.kind {
            SettingKind::Integer | SettingKind::Decimal => (decimal(value), None),
            SettingKind::Text => {
                let letters = value.as_str().map_or(0, |text| text.chars().count());
                (i64::try_from(letters).ok().map(Decimal::from), Some(Decimal::from(TEXT_LETTERS)))
            }
            _ => return Ok(()),
        };
        let what = if self.kind == SettingKind::Text { "letters" } else { "value" };
        let Some(measured) = measured else { return Err("it is too long".to_owned()) };
        match (self.min, self.max.or(usual)) {
            (Some(min), _) if measured < min => Err(format!("its {what}: at least {min}")),
            (_, Some(max)) if measured > max => Err(format!("its {what}: at most {max}")),
            _ => Ok(()),
        }
    }
}

fn is_email(text: &str) -> bool {
    let plain = text.len() <= ADDRESS_LETTERS && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    plain && text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
}

fn is_url(text: &str) -> bool {
    let plain = text.len() <= ADDRESS_LETTERS && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    plain && rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(declared_as: Json) -> Result<Setting, BundleError> {
        declared(&json!({ "settings": { "it": declared_as } })).map(|mut all| all.remove(0))
    }

    #[test]
    fn a_value_fits_its_declaration_or_is_told_why_not() {
        let text = one(json!({ "type": "text", "max": 3 })).unwrap();
        assert_eq!(text.check(&json!("héé")), Ok(()));
        assert_eq!(text.check(&json!("long")), Err("its letters: at most 3".to_owned()));
        assert_eq!(text.check(&json!(3)), Err("it is of type text".to_owned()));
        let hours = one(json!({ "type": "integer", "min": 1, "max": 24, "default": 8 })).unwrap();
        assert!(hours.check(&json!(24)).is_ok() && hours.check(&json!(25)).is_err() && hours.check(&json!(1.5)).is_err());
        let rate = one(json!({ "type": "decimal", "max": "0.5" })).unwrap();
        assert!(rate.check(&json!("0.25")).is_ok() && rate.check(&json!(0.5)).is_ok() && rate.check(&json!("0.75")).is_err());
        let mode = one(json!({ "type": "choice", "options": ["test", "live"] })).unwrap();
        assert_eq!(mode.check(&json!("prod")), Err("it is one of test, live".to_owned()));
        for (kind, good, bad) in [
            ("email", "a@b.example", "a b@c"),
            ("url", "https://api.acme.example/v1", "ftp://x"),
            ("date", "2026-02-28", "2026-02-30"),
            ("datetime", "2026-02-28T00:00:00Z", "noon"),
        ] {
            let setting = one(json!({ "type": kind })).unwrap();
            assert!(setting.check(&json!(good)).is_ok() && setting.check(&json!(bad)).is_err(), "{kind}");
        }
        let any = one(json!({ "type": "json" })).unwrap();
        assert!(any.check(&json!({ "a": "x".repeat(SETTING_BYTES_MAX) })).is_err(), "too long");
    }

    #[test]
    fn a_declaration_that_makes_no_sense_is_refused_with_the_package() {
        for wrong in [
            json!("text"),
            json!({ "type": "money" }),
            json!({ "type": "text", "secret": true }),
            json!({ "type": "choice" }),
            json!({ "type": "integer", "default": "eight" }),
            json!({ "type": "integer", "min": "low" }),
        ] {
            assert!(matches!(one(wrong.clone()), Err(BundleError::Manifest(_))), "{wrong}");
        }
        assert!(declared(&json!({ "settings": { "Not A Name": { "type": "text" } } })).is_err());
        assert!(declared(&json!({ "settings": [] })).is_err() && declared(&json!({})).unwrap().is_empty());
    }
}
