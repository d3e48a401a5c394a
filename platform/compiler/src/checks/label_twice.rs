//! `metadata/label-twice`: a text stands inline and in `labels/`, and only one of them can be shown.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/label-twice";

pub(crate) fn label_twice(path: &str, key: &str, locale: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{path}` has its `{key}` in `{locale}` inline too")).help("keep one of the two")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes_of;

    #[test]
    fn a_text_stands_in_one_place() {
        assert_eq!(
            codes_of(&[
                ("object.yaml", "format: tenon/v1\nobject: deal\nlabel: { en: Deal, zh: 商机 }\n"),
                ("labels/zh.yaml", "format: tenon/v1\nobject: deal\nlabels: { deal: 生意 }\n")
            ]),
            [super::CODE]
        );
        assert!(
            codes_of(&[
                ("object.yaml", "format: tenon/v1\nobject: deal\nlabel: { en: Deal }\n"),
                ("labels/zh.yaml", "format: tenon/v1\nobject: deal\nlabels: { deal: 生意 }\n")
            ])
            .is_empty()
        );
    }
}
