//! `metadata/inverse`: the way back from the target is described in a way that cannot be.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/inverse";

pub(crate) fn flag() -> Diagnostic {
    Diagnostic::error(CODE, "`inverse` is `false` or has a `name`").help("for example `inverse: { name: opportunities }`")
}

pub(crate) fn link_of_one() -> Diagnostic {
    Diagnostic::error(CODE, "only a many-to-many relation has attributes on its links")
        .help("add `many: true`, or make these fields of the object")
}

pub(crate) fn target_twice(name: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{name}` is named twice"))
}

pub(crate) fn many(reason: &str) -> Diagnostic {
    Diagnostic::error(CODE, reason.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn an_inverse_has_a_name_or_is_none() {
        assert_eq!(codes("relations:\n  a: { label: { en: A }, to: deal, inverse: true }\n"), [super::CODE]);
        assert!(codes("relations:\n  a: { label: { en: A }, to: deal, inverse: { name: others } }\n").is_empty());
    }
}
