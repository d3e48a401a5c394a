//! `metadata/unknown-file`: a file lies where metadata is read and has no name that we know.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/unknown-file";

pub(crate) fn unknown_file(path: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{path}` is no file of metadata"))
        .help(
        "an object has `object.yaml`, `views.yaml`, `layout.yaml`, `access.yaml` and `labels/<locale>.yaml`; a role `roles/<name>.yaml`; a package `package.yaml`",
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::codes_of;

    #[test]
    fn metadata_lies_in_known_files() {
        assert_eq!(
            codes_of(&[("object.yaml", "format: tenon/v1\nobject: deal\nlabel: { en: Deal }\n"), ("view.yaml", "format: tenon/v1\n")]),
            [super::CODE]
        );
        assert!(
            codes_of(&[
                ("object.yaml", "format: tenon/v1\nobject: deal\nlabel: { en: Deal }\n"),
                ("README.md", "words"),
                ("deals.yaml", "format: tenon/v1\nmapping: deal\n")
            ])
            .is_empty()
        );
    }
}
