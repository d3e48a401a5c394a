//! `metadata/unknown-key`: a key that nobody reads; most often a slip of the pen, so the nearest known one is offered.

use tenon_diagnostics::{Diagnostic, nearest};

use super::wrong_type::shorten;

pub(crate) const CODE: &str = "metadata/unknown-key";

/// `owner` is what has the key: `a boolean field`.
pub(crate) fn unknown_key<'a>(owner: &str, key: &str, known: impl IntoIterator<Item = &'a str>) -> Diagnostic {
    let known: Vec<&str> = known.into_iter().collect();
    let diagnostic = Diagnostic::error(CODE, format!("{owner} has no key `{}`", shorten(key)));
    match nearest(key, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("it has `{}`", known.join("`, `"))),
    }
}

/// A key of the object's folder that stands in another file.
pub(crate) fn in_other_file(key: &str, file: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{key}` does not stand in this file")).help(format!("move it to `{file}`, beside this file"))
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn a_key_is_known() {
        assert_eq!(codes("plurals: deals\n"), [super::CODE]);
        assert!(codes("plural: deals\n").is_empty());
    }
}
