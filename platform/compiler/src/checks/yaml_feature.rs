//! `metadata/yaml-feature`: valid YAML of a kind that metadata does without: what stands in a file is what is meant.
//!
//! Anchors, aliases, merge keys and tags hide what a line says; a key written twice says two things.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/yaml-feature";

pub(crate) fn anchor() -> Diagnostic {
    Diagnostic::error(CODE, "anchors (`&name`) are not used in metadata").help("write the value out")
}

pub(crate) fn alias() -> Diagnostic {
    Diagnostic::error(CODE, "aliases (`*name`) are not used in metadata").help("write the value out")
}

pub(crate) fn tag() -> Diagnostic {
    Diagnostic::error(CODE, "tags (`!name`) are not used in metadata").help("leave the tag away; put text in quotes")
}

pub(crate) fn merge_key() -> Diagnostic {
    Diagnostic::error(CODE, "merge keys (`<<`) are not used in metadata").help("write the keys out")
}

pub(crate) fn complex_key() -> Diagnostic {
    Diagnostic::error(CODE, "a key is a word, not a list or a mapping").help("put text that begins with `[`, `{` or `?` in quotes")
}

pub(crate) fn duplicate_key(key: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("key `{}` is written twice", super::wrong_type::shorten(key))).help("keep one of them")
}

pub(crate) fn documents() -> Diagnostic {
    Diagnostic::error(CODE, "a file holds one document").help("put what follows `---` into a file of its own")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn a_key_is_written_once() {
        assert_eq!(codes("icon: a\nicon: b\n"), [super::CODE]);
        assert!(codes("icon: a\n").is_empty());
    }
}
