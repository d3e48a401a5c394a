//! Which paths a bundle may have: few letters, no way out, and only what a package is made of.

use super::limits::PATH_MAX;
use super::{BundleError, COMPONENT, MANIFEST};

/// The index, before everything else.
pub(super) const INDEX: &str = "index.json";
/// The signature of the index.
pub(super) const SIGNATURE: &str = "index.sig";

/// Files that may stand at the root.
const AT_ROOT: [&str; 6] = [MANIFEST, COMPONENT, "README.md", "LICENSE", "CHANGELOG.md", "sbom.cdx.json"];
/// Folders of metadata.
const METADATA: [&str; 3] = ["objects/", "roles/", "labels/"];
/// Folders of what is read by people and tools only.
const BESIDE: [&str; 2] = ["tests/", "docs/"];

/// Refuses what is no path of a package's file.
pub(super) fn check(path: &str) -> Result<(), BundleError> {
    let wrong = |reason| Err(BundleError::Path { path: path.chars().take(PATH_MAX).collect(), reason });
    if path.is_empty() || path.len() > PATH_MAX {
        return wrong("it is empty or too long");
    }
    if !path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte)) {
        return wrong("only letters, digits and `_ - . /` are allowed");
    }
    if path.split('/').any(|step| step.is_empty() || step.starts_with('.') || step.ends_with('.')) {
        return wrong("no step of it may be empty, or begin or end with `.`");
    }
    if !is_known(path) {
        return wrong("a package has `package.yaml`, `plugin.wasm`, `objects/`, `roles/`, `labels/`, `tests/`, `docs/` and few others");
    }
    Ok(())
}

/// Whether a package may have it.
pub(super) fn is_known(path: &str) -> bool {
    AT_ROOT.contains(&path) || is_metadata(path) || BESIDE.iter().any(|folder| path.starts_with(folder))
}

/// The manifest and what describes objects, roles and labels.
pub(super) fn is_metadata(path: &str) -> bool {
    let is_yaml = path.rsplit_once('.').is_some_and(|(_, extension)| extension == "yaml");
    path == MANIFEST || (is_yaml && METADATA.iter().any(|folder| path.starts_with(folder)))
}
