//! The base package, built into the binary: what every tenant begins with.

use rust_embed::RustEmbed;
use tenon_compiler::SourceFile;
use tenon_value::{Localized, Name};

/// The name of the base package.
pub const BASE_PACKAGE: &str = "crm";

#[derive(RustEmbed)]
#[folder = "../../metadata/crm"]
#[include = "*.yaml"]
struct BaseFiles;

/// A package as the metadata API names it.
#[derive(Clone, Debug)]
pub struct PackageInfo {
    /// Its name.
    pub name: Name,
    /// Its version.
    pub version: String,
    /// Who publishes it.
    pub publisher: Option<String>,
    /// What people call it.
    pub label: Localized,
    /// Help.
    pub about: Localized,
}

/// The files of the base package, by path.
pub(crate) fn files() -> Vec<SourceFile> {
    let mut paths: Vec<_> = BaseFiles::iter().collect();
    paths.sort();
    let read = |path: &str| {
        let bytes = BaseFiles::get(path)?.data;
        Some(SourceFile::new(path, String::from_utf8_lossy(&bytes).into_owned()))
    };
    paths.iter().filter_map(|path| read(path)).collect()
}

/// What the base package says of itself.
pub(crate) fn info() -> Option<PackageInfo> {
    let manifest_file: Vec<SourceFile> = files().into_iter().filter(|file| file.path == "package.yaml").collect();
    let manifest = tenon_compiler::read(&Name::known(BASE_PACKAGE), &manifest_file).manifest?;
    Some(PackageInfo {
        name: manifest.package,
        version: manifest.version,
        publisher: manifest.publisher,
        label: manifest.label,
        about: manifest.about,
    })
}
