//! A `.tenon` file: what is signed, handed over and installed.
//!
//! A tar of plain files under one zstd frame, `index.json` first, then the signature, then the files by path; behind the
//! frame a skippable one with the digest of everything before. Invariants: equal files make equal bytes; a bundle that
//! was read is exactly what its index says; nothing of it is believed before its size, paths and digests were checked.

mod archive;
mod error;
mod folder;
mod index;
mod keys;
mod limits;
mod pack;
mod paths;
mod seal;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use tenon_compiler::{Manifest, SourceFile};
use tenon_value::Name;

pub use error::BundleError;
pub use folder::files_of;
pub use index::Index;
pub use keys::{PublicKey, Publishers, SecretKey, Signature};
pub use limits::{BUNDLE_BYTES_MAX, ENTRIES_MAX, METADATA_FILE_MAX, PATH_MAX, UNPACKED_MAX};

/// The manifest's file.
pub const MANIFEST: &str = "package.yaml";
/// Where a plugin lies, wherever its author keeps it.
pub const COMPONENT: &str = "plugin.wasm";

/// A package as it is handed over, checked against itself. Whether anybody trusts who signed it is [`Publishers`]' to say.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// What it says it holds.
    pub index: Index,
    /// Who vouches for that.
    pub signature: Option<Signature>,
    /// What it says of itself.
    pub manifest: Manifest,
    files: BTreeMap<String, Vec<u8>>,
}

impl Bundle {
    /// Names it: the SHA-256 of its index, in hexadecimal. A signature changes nothing of it.
    #[must_use]
    pub fn digest(&self) -> String {
        self.index.digest()
    }

    /// Its plugin's component.
    #[must_use]
    pub fn component(&self) -> Option<&[u8]> {
        self.files.get(COMPONENT).map(Vec::as_slice)
    }

    /// Its files, by path.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// The bytes of a file.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// Its metadata: the manifest and what describes objects, roles and labels.
    #[must_use]
    pub fn metadata(&self) -> Vec<SourceFile> {
        metadata_of(&self.files)
    }
}

/// The metadata among the files of a package.
#[must_use]
pub fn metadata_of(files: &BTreeMap<String, Vec<u8>>) -> Vec<SourceFile> {
    let metadata = files.iter().filter(|(path, _)| paths::is_metadata(path));
    metadata.map(|(path, bytes)| SourceFile::new(path.as_str(), String::from_utf8_lossy(bytes).into_owned())).collect()
}

/// What a manifest says, if it says it rightly.
fn manifest_of(files: &BTreeMap<String, Vec<u8>>) -> Result<Manifest, BundleError> {
    let bytes = files.get(MANIFEST).ok_or_else(|| BundleError::Manifest(format!("there is no `{MANIFEST}`")))?;
    let text = String::from_utf8(bytes.clone()).map_err(|_| BundleError::Manifest("it is no text".to_owned()))?;
    let read = tenon_compiler::read(&Name::known(crate::TENANT_LAYER), &[SourceFile::new(MANIFEST, text)]);
    let wrong = read.diagnostics.iter().find(|one| one.severity == tenon_diagnostics::Severity::Error);
    match (read.manifest, wrong) {
        (Some(manifest), None) => Ok(manifest),
        (_, Some(wrong)) => Err(BundleError::Manifest(wrong.message.clone())),
        (None, None) => Err(BundleError::Manifest("it does not say its name".to_owned())),
    }
}
