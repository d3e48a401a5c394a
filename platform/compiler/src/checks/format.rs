//! `metadata/format`: the file does not say that it is Tenon metadata of a version we read.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/format";

/// The only version there is.
pub(crate) const VERSION: &str = "tenon/v1";

pub(crate) fn empty() -> Diagnostic {
    Diagnostic::error(CODE, "the file is empty").help("begin it with `format: tenon/v1`, or delete it")
}

pub(crate) fn missing() -> Diagnostic {
    Diagnostic::error(CODE, "the file does not say its format").help("begin it with `format: tenon/v1`")
}

pub(crate) fn unknown(found: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("format {found} is not known")).help("write `format: tenon/v1`")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes_of;

    #[test]
    fn a_file_says_its_format() {
        assert_eq!(codes_of(&[("object.yaml", "format: tenon/v9\nobject: deal\nlabel: { en: Deal }\n")]), [super::CODE]);
        assert!(codes_of(&[("object.yaml", "format: tenon/v1\nobject: deal\nlabel: { en: Deal }\n")]).is_empty());
    }
}
