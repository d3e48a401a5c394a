//! The files of the repository, read once per rule: paths relative to the root, with `/`.

use std::path::{Path, PathBuf};

/// Folders that hold nothing a person wrote.
const SKIPPED: [&str; 6] = [".git", "target", "node_modules", "dist", "generated", "vendor"];

/// Every file whose text the rules look at.
const EXTENSIONS: [&str; 9] = ["rs", "toml", "md", "yaml", "graphql", "wit", "ts", "tsx", "mjs"];

/// One text file.
pub(crate) struct File {
    /// Path from the root, with `/`.
    pub(crate) path: String,
    /// The whole text.
    pub(crate) text: String,
}

impl File {
    /// The file's name without its extension.
    pub(crate) fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.split('.').next().unwrap_or(name)
    }

    /// The text above the unit tests, which may do what the code may not; nothing of a file that is only for them.
    pub(crate) fn shipped(&self) -> &str {
        if self.text.contains("#![cfg(test)]") { "" } else { self.text.split("#[cfg(test)]").next().unwrap_or_default() }
    }
}

/// The repository as the rules see it.
pub(crate) struct Tree {
    files: Vec<File>,
}

impl Tree {
    /// Reads the repository cargo runs this test for.
    pub(crate) fn read() -> Self {
        let root = root();
        let mut files = Vec::new();
        walk(&root, &root, &mut files);
        files.sort_by(|left, right| left.path.cmp(&right.path));
        assert!(files.iter().any(|file| file.path == "Cargo.toml"), "no Cargo.toml under {}", root.display());
        Self { files }
    }

    /// One file by its path.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The files under a folder (`""` is the root) with this extension.
    pub(crate) fn under(&self, folder: &str, extension: &str) -> impl Iterator<Item = &File> {
        let dotted = format!(".{extension}");
        self.files.iter().filter(move |file| file.path.starts_with(folder) && file.path.ends_with(&dotted))
    }

    /// Every text file.
    pub(crate) fn all(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }
}

#[expect(clippy::disallowed_methods, reason = "asked at run time, since two clones may share a target directory")]
fn root() -> PathBuf {
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    Path::new(&here).parent().expect("tests/ lies in the repository").to_owned()
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<File>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the repository can be read") {
        let path = entry.expect("an entry of the repository can be read").path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() {
            if !SKIPPED.contains(&name.as_str()) {
                walk(root, &path, files);
            }
        } else if EXTENSIONS.iter().any(|known| path.extension().is_some_and(|own| own == *known)) {
            // A file may vanish between listing and reading when an editor saves: that is no finding.
            let Ok(text) = std::fs::read_to_string(&path) else {
                continue;
            };
            let relative = path.strip_prefix(root).expect("walked from the root");
            files.push(File { path: relative.to_string_lossy().replace('\\', "/"), text });
        }
    }
}
