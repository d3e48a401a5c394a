//! `metadata/duplicate`: the same element is described twice in one package.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/duplicate";

pub(crate) fn duplicate(path: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{path}` is described twice")).help("keep one of the two places")
}

/// Two elements claim the data of one: a `was` names something that is still there.
pub(crate) fn same_element(path: &str, other: &str, was: Option<&str>) -> Diagnostic {
    let words = match was {
        Some(was) => format!("`{path}` says it was `{was}`, and `{other}` is that too"),
        None => format!("`{path}` is taken for `{other}`, which had this name before"),
    };
    Diagnostic::error(CODE, words).help("a name that was given up is not used again while its data is kept")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes_of;

    #[test]
    fn an_element_is_described_once() {
        assert_eq!(
            codes_of(&[
                ("a/object.yaml", "format: tenon/v1\nobject: deal\nlabel: { en: Deal }\n"),
                ("b/object.yaml", "format: tenon/v1\nobject: deal\nlabel: { en: Deal }\n")
            ]),
            [super::CODE]
        );
        assert!(
            codes_of(&[
                ("a/object.yaml", "format: tenon/v1\nobject: deal\nlabel: { en: Deal }\n"),
                ("b/object.yaml", "format: tenon/v1\nobject: offer\nlabel: { en: Offer }\n")
            ])
            .is_empty()
        );
    }

    #[test]
    fn a_former_name_belongs_to_one_element() {
        let fields =
            |was: &str| format!("fields:\n  a: {{ type: text, label: {{ en: A }} }}\n  b: {{ {was}type: text, label: {{ en: B }} }}\n");
        assert_eq!(crate::testing::codes(&fields("was: a, ")), [super::CODE]);
        assert!(crate::testing::codes(&fields("was: c, ")).is_empty());
    }
}
