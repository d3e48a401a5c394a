//! `metadata/unique`: a key that cannot keep records apart.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/unique";

pub(crate) fn unfit(name: &str, kind: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{name}` is of type {kind}, which cannot be unique"))
}

pub(crate) fn empty(key: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("unique key `{key}` has no parts"))
        .help("for example `unique: { by_account_and_name: [account, name] }`")
}

pub(crate) fn twice(key: &str, part: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("unique key `{key}` names `{part}` twice"))
}

pub(crate) fn many(key: &str, part: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("unique key `{key}` cannot hold relation `{part}`"))
        .help("a key is made of fields and of relations to one object")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn a_key_is_made_of_what_can_be_compared() {
        assert_eq!(codes("fields:\n  a: { label: { en: A }, type: geo, unique: true }\n"), [super::CODE]);
        assert!(codes("fields:\n  a: { label: { en: A }, type: text, unique: true }\n").is_empty());
    }
}
