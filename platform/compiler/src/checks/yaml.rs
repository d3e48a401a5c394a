//! `metadata/yaml`: the text is no YAML, so nothing more can be said about the file.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/yaml";

/// The parser's own words about what it met.
pub(crate) fn broken(words: &str) -> Diagnostic {
    Diagnostic::error(CODE, words.trim_end_matches('.').to_owned())
        .help("check indentation, brackets and quotes here and on the line above")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn broken_text_is_no_metadata() {
        assert_eq!(codes("fields: {\n"), [super::CODE]);
        assert!(codes("fields: {}\n").is_empty());
    }
}
