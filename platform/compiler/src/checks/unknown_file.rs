//! `metadata/unknown-file`: a file lies where metadata is read and has no name that we know.

use tenon_diagnostics::Diagnostic;


pub(crate) const CODE: &str = "metadata/unknown-file";

pub(crate) fn unknown_file(path: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{path}` is no file of metadata"))
        .help("an object has `object.yaml`, `views.yaml`, `layout.yaml` and `labels/<locale>.yaml`; a package has `package.yaml`")
}
