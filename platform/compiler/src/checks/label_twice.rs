//! `metadata/label-twice`: a text stands inline and in `labels/`, and only one of them can be shown.

use tenon_diagnostics::Diagnostic;


pub(crate) const CODE: &str = "metadata/label-twice";

pub(crate) fn label_twice(path: &str, key: &str, locale: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{path}` has its `{key}` in `{locale}` inline too")).help("keep one of the two")
}
