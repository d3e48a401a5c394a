//! `metadata/unknown-word`: a key takes one of a few words, and this is none of them.

use tenon_diagnostics::{Diagnostic, nearest};

pub(crate) const CODE: &str = "metadata/unknown-word";

pub(crate) fn unknown_word(key: &str, word: &str, known: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::error(CODE, format!("`{key}` cannot be `{}`", super::wrong_type::shorten(word)));
    match nearest(word, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("it is one of `{}`", known.join("`, `"))),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn a_word_is_one_of_its_keys_words() {
        assert_eq!(codes("relations:\n  a: { label: { en: A }, to: deal, on_delete: delete }\n"), [super::CODE]);
        assert!(codes("relations:\n  a: { label: { en: A }, to: deal, on_delete: cascade }\n").is_empty());
    }
}
