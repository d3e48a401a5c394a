//! `name/clash`: two things would have one name in GraphQL, or in the files.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "name/clash";

/// `first` and `second` are both met as `derived`.
pub(crate) fn clash(first: &str, second: &str, derived: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("{second} and {first} are both `{derived}` in GraphQL")).help("rename one of them; labels can stay")
}

pub(crate) fn plural(name: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("the plural of `{name}` is `{name}` too, so a list could not be told from a record"))
        .help("say another `plural`; `plural_label` is what people read")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn two_fields_have_two_names_in_graphql() {
        assert_eq!(
            codes(
                "fields:\n  a: { label: { en: A }, type: text }\n  b_2: { type: text, label: { en: B } }\n  b2: { type: text, label: { en: B } }\n"
            ),
            [super::CODE]
        );
        assert!(codes("fields:\n  a: { label: { en: A }, type: text }\n  b_2: { type: text, label: { en: B } }\n  b3: { type: text, label: { en: B } }\n").is_empty());
    }
}
