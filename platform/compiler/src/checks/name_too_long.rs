//! `name/too-long`: a name of more than 40 letters.

use tenon_diagnostics::Diagnostic;
use tenon_value::NAME_LENGTH_MAX;

pub(crate) const CODE: &str = "name/too-long";

pub(crate) fn too_long(name: &str) -> Diagnostic {
    Diagnostic::error(
        CODE,
        format!("name `{}` has {} letters, a name has at most {NAME_LENGTH_MAX}", super::wrong_type::shorten(name), name.chars().count()),
    )
    .help("say the rest in the label")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn a_name_has_forty_letters_at_most() {
        assert_eq!(codes("fields:\n  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: { type: text, label: { en: A } }\n"), [super::CODE]);
        assert!(codes("fields:\n  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: { type: text, label: { en: A } }\n").is_empty());
    }
}
