//! The little of Cargo's manifests the rules need: the crate's name, and what it depends on.

use super::tree::{File, Tree};

/// One `Cargo.toml` with a package.
pub(crate) struct Manifest<'a> {
    /// Its path.
    pub(crate) path: &'a str,
    /// The package's name.
    pub(crate) name: String,
    /// What it is built from.
    pub(crate) dependencies: Vec<String>,
    /// What only its tests use.
    pub(crate) dev_dependencies: Vec<String>,
    /// Whether it takes the lints of the workspace.
    pub(crate) takes_lints: bool,
}

impl<'a> Manifest<'a> {
    /// Reads a manifest line by line; cargo has already refused anything malformed.
    pub(crate) fn read(file: &'a File) -> Self {
        let mut manifest =
            Self { path: &file.path, name: String::new(), dependencies: Vec::new(), dev_dependencies: Vec::new(), takes_lints: false };
        let mut section = String::new();
        for line in file.text.lines().map(str::trim) {
            if let Some(header) = line.strip_prefix('[') {
                section = header.trim_end_matches(']').to_owned();
                if let Some((kind, name)) = section.rsplit_once("dependencies.") {
                    manifest.depend(kind, name);
                }
            } else if let Some((key, value)) = line.split_once('=') {
                manifest.entry(&section, key.trim(), value.trim());
            }
        }
        manifest
    }

    fn entry(&mut self, section: &str, key: &str, value: &str) {
        match section {
            "package" if key == "name" => value.trim_matches('"').clone_into(&mut self.name),
            "lints" if key == "workspace" => self.takes_lints = value == "true",
            _ => {
                if let Some(kind) = section.strip_suffix("dependencies") {
                    self.depend(kind, key.split('.').next().unwrap_or(key));
                }
            }
        }
    }

    fn depend(&mut self, kind: &str, name: &str) {
        let list = if kind.ends_with("dev-") { &mut self.dev_dependencies } else { &mut self.dependencies };
        list.push(name.trim_matches('"').to_owned());
    }

    /// Everything named, tests included.
    pub(crate) fn all_dependencies(&self) -> impl Iterator<Item = &String> {
        self.dependencies.iter().chain(&self.dev_dependencies)
    }

    /// The folder the crate lies in.
    pub(crate) fn folder(&self) -> &str {
        self.path.strip_suffix("/Cargo.toml").unwrap_or_default()
    }
}

/// Every package under a folder (`""`: of the whole tree).
pub(crate) fn all<'a>(tree: &'a Tree, folder: &'a str) -> impl Iterator<Item = Manifest<'a>> {
    let files = tree.under(folder, "toml").filter(|file| file.path.ends_with("Cargo.toml"));
    files.map(Manifest::read).filter(|manifest| !manifest.name.is_empty())
}
