//! A file as its author wrote it: where it lies and what it says.

/// One metadata file. The caller reads it; the compiler does no I/O.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Path relative to the package's folder, with `/`: `objects/account/object.yaml`.
    pub path: String,
    /// Its whole text.
    pub text: String,
}

impl SourceFile {
    /// A file of this path and text.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }
}
