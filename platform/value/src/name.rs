//! API names, and the mechanical derivation of all others from them (API.md §0.2).

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Letters of an API name at most.
pub const NAME_LENGTH_MAX: usize = 40;

/// An API name: `[a-z][a-z0-9]*(_[a-z0-9]+)*`, at most 40 letters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

/// Why a text is not an API name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Empty.
    #[error("a name cannot be empty")]
    Empty,
    /// More than 40 letters.
    #[error("a name has at most 40 letters")]
    TooLong,
    /// Other letters than `a–z`, `0–9`, `_`: write the label in any script, the name in ASCII.
    #[error("a name is written with a–z, 0–9 and _ only")]
    NotAscii,
    /// A digit or `_` in front, `_` at the end, or two in a row.
    #[error("a name begins with a letter, and each `_` stands between letters or digits")]
    Shape,
}

impl Name {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Says whether `text` is a name, and if not, why.
    ///
    /// # Errors
    /// The first rule that `text` breaks.
    pub fn check(text: &str) -> Result<(), NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if !text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')) {
            return Err(NameError::NotAscii);
        }
        if text.len() > NAME_LENGTH_MAX {
            return Err(NameError::TooLong);
        }
        let begins_with_letter = text.starts_with(|letter: char| letter.is_ascii_lowercase());
        if !begins_with_letter || text.ends_with('_') || text.contains("__") {
            return Err(NameError::Shape);
        }
        Ok(())
    }

    /// The code of a choice option: like a name, but a digit may stand in front (`5_star`).
    ///
    /// # Errors
    /// The first rule that `text` breaks.
    pub fn code(text: &str) -> Result<Self, NameError> {
        let shifted = if text.starts_with(|letter: char| letter.is_ascii_digit()) { format!("n{text}") } else { text.to_owned() };
        match Self::check(&shifted) {
            Err(NameError::TooLong) if text.len() <= NAME_LENGTH_MAX => Ok(Self(Arc::from(text))),
            Err(error) => Err(error),
            Ok(()) => Ok(Self(Arc::from(text))),
        }
    }

    /// A name known to be right because we wrote it: system fields, tests.
    ///
    /// # Panics
    /// If `text` is no name: that is a bug of ours.
    #[must_use]
    pub fn known(text: &str) -> Self {
        text.parse().expect("a name written in our own code follows the rule")
    }
}

impl FromStr for Name {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::check(text).map(|()| Self(Arc::from(text)))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// `close_date` → `CloseDate`.
#[must_use]
pub fn pascal(name: &str) -> String {
    name.split('_').map(capitalized).collect()
}

/// `close_date` → `closeDate`.
#[must_use]
pub fn camel(name: &str) -> String {
    let mut words = name.split('_');
    words.next().unwrap_or_default().to_owned() + &words.map(capitalized).collect::<String>()
}

/// `prospecting` → `PROSPECTING`; a leading digit gets a `_`: `5_star` → `_5_STAR`.
#[must_use]
pub fn screaming(code: &str) -> String {
    let upper = code.to_ascii_uppercase();
    if upper.starts_with(|letter: char| letter.is_ascii_digit()) { format!("_{upper}") } else { upper }
}

/// The mechanical plural: consonant + y → ies; s, x, z, ch, sh → es; else s.
#[must_use]
pub fn plural_of(name: &str) -> String {
    let before_y = name.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u']) && !stem.is_empty());
    if let Some(stem) = before_y {
        return format!("{stem}ies");
    }
    if name.ends_with(['s', 'x', 'z']) || name.ends_with("ch") || name.ends_with("sh") {
        return format!("{name}es");
    }
    format!("{name}s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_derive_mechanically() {
        assert_eq!(camel("close_date"), "closeDate");
        assert_eq!(pascal("price_book_entry"), "PriceBookEntry");
        assert_eq!(screaming("5_star"), "_5_STAR");
        assert_eq!(camel("line_2"), camel("line2"));
        for (one, many) in
            [("opportunity", "opportunities"), ("boy", "boys"), ("address", "addresses"), ("branch", "branches"), ("tax", "taxes")]
        {
            assert_eq!(plural_of(one), many);
        }
    }

    #[test]
    fn a_name_follows_the_rule() {
        assert!(Name::check("line_2").is_ok());
        let check = |text: &str, expected| assert_eq!(Name::check(text), Err(expected), "{text}");
        check("", NameError::Empty);
        check("客户", NameError::NotAscii);
        check("Close", NameError::NotAscii);
        check("2nd", NameError::Shape);
        check("a__b", NameError::Shape);
        check("a_", NameError::Shape);
        check(&"a".repeat(41), NameError::TooLong);
    }
}
