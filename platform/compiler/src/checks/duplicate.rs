//! `metadata/duplicate`: the same element is described twice in one package.

use tenon_diagnostics::Diagnostic;


pub(crate) const CODE: &str = "metadata/duplicate";

pub(crate) fn duplicate(path: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{path}` is described twice")).help("keep one of the two places")
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::codes_of;

    #[test]
    fn an_element_is_described_once() {
        assert_eq!(codes_of(&[("a/object.yaml", "format: tenon/v1\nobject: deal\nlabel: { en: Deal }\n"), ("b/object.yaml", "format: tenon/v1\nobject: deal\nlabel: { en: Deal }\n")]), [super::CODE]);
        assert!(codes_of(&[("a/object.yaml", "format: tenon/v1\nobject: deal\nlabel: { en: Deal }\n"), ("b/object.yaml", "format: tenon/v1\nobject: offer\nlabel: { en: Offer }\n")]).is_empty());
    }
}
