//! Text as it is stored (NFC, trimmed), compared without case (fold) and sorted (sort key).

use std::borrow::Cow;
use std::sync::OnceLock;

use icu_collator::options::CollatorOptions;
use icu_collator::{Collator, CollatorBorrowed};
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Why a text cannot be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// It holds U+0000, which no database column takes.
    #[error("text cannot hold the character U+0000")]
    Nul,
}

fn normalized(text: &str) -> Result<Cow<'_, str>, TextError> {
    if text.contains('\0') {
        return Err(TextError::Nul);
    }
    Ok(if is_nfc(text) { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) })
}

/// One-line text as stored: NFC, trimmed; empty is `None`.
///
/// # Errors
/// `Nul`.
pub fn clean_line(text: &str) -> Result<Option<String>, TextError> {
    let text = normalized(text)?;
    let trimmed = text.trim();
    Ok((!trimmed.is_empty()).then(|| trimmed.to_owned()))
}

/// Text of several lines as stored: NFC, not trimmed; empty is `None`.
///
/// # Errors
/// `Nul`.
pub fn clean_block(text: &str) -> Result<Option<String>, TextError> {
    let text = normalized(text)?;
    Ok((!text.is_empty()).then(|| text.into_owned()))
}

/// The form that ignores case and width: NFKC, lower case. Filters beginning with `i`, uniqueness and order use it.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkc().flat_map(char::to_lowercase).collect()
}

fn pinyin() -> Option<&'static CollatorBorrowed<'static>> {
    static PINYIN: OnceLock<Option<CollatorBorrowed<'static>>> = OnceLock::new();
    PINYIN.get_or_init(|| Collator::try_new(icu_locale_core::locale!("zh").into(), CollatorOptions::default()).ok()).as_ref()
}

/// Bytes whose order is the pinyin order of `text` (ICU, locale `zh`), in hexadecimal so that both databases sort them alike.
#[must_use]
pub fn sort_key(text: &str) -> String {
    let mut bytes = Vec::new();
    if let Some(collator) = pinyin()
        && collator.write_sort_key_to(text, &mut bytes).is_err()
    {
        bytes.clear();
    }
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        use std::fmt::Write;
        // Writing to a string cannot fail.
        write!(hex, "{byte:02x}").unwrap_or_default();
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_ignores_case_and_width() {
        assert_eq!(fold("ＡＢＣ Ltd."), "abc ltd.");
        assert_eq!(fold("ÄÖ"), "äö");
    }

    #[test]
    fn cleaning_trims_normalizes_and_empties() {
        assert_eq!(clean_line("  e\u{301} ").unwrap().as_deref(), Some("é"));
        assert_eq!(clean_line("   ").unwrap(), None);
        assert_eq!(clean_line("a\0"), Err(TextError::Nul));
        assert_eq!(clean_block("  a\n").unwrap().as_deref(), Some("  a\n"));
    }

    #[test]
    fn chinese_sorts_by_pinyin() {
        // 阿 ā < 北 běi < 上 shàng < 中 zhōng
        let mut names = vec!["中国", "上海", "阿里", "北京"];
        names.sort_by_key(|name| sort_key(name));
        assert_eq!(names, ["阿里", "北京", "上海", "中国"]);
    }
}
