//! Metadata files of a folder, in and out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tenon_compiler::SourceFile;

/// Files of a folder at most: a wrong folder (a home directory) must not be read whole.
const FILES_MAX: usize = 10_000;
/// Folders in folders at most.
const DEPTH_MAX: usize = 16;

/// All YAML files below a folder, with paths relative to it, sorted.
pub(crate) fn read(dir: &Path) -> anyhow::Result<Vec<SourceFile>> {
    let mut found = BTreeMap::new();
    walk(dir, dir, 0, &mut found)?;
    anyhow::ensure!(!found.is_empty(), "there are no .yaml files in `{}`", dir.display());
    Ok(found.into_iter().map(|(path, text)| SourceFile { path, text }).collect())
}

fn walk(root: &Path, dir: &Path, depth: usize, found: &mut BTreeMap<String, String>) -> anyhow::Result<()> {
    anyhow::ensure!(depth <= DEPTH_MAX, "`{}` lies more than {DEPTH_MAX} folders deep", dir.display());
    for entry in std::fs::read_dir(dir).with_context(|| format!("cannot read `{}`", dir.display()))? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            walk(root, &path, depth + 1, found)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            anyhow::ensure!(found.len() < FILES_MAX, "`{}` has more than {FILES_MAX} files", root.display());
            let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
            let relative = path.strip_prefix(root).unwrap_or(&path);
            found.insert(relative.to_string_lossy().into_owned(), text);
        }
    }
    Ok(())
}

/// Writes a file below a folder, making folders as needed. The path comes from a server: it may not lead out.
pub(crate) fn write(dir: &Path, path: &str, text: &str) -> anyhow::Result<PathBuf> {
    let inside = Path::new(path).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    anyhow::ensure!(inside, "the server named a file outside the folder: `{path}`");
    let target = dir.join(path);
    if let Some(parent) = target.parent() {
        std::fs::create_dir_all(parent).with_context(|| format!("cannot make `{}`", parent.display()))?;
    }
    std::fs::write(&target, text).with_context(|| format!("cannot write `{}`", target.display()))?;
    Ok(target)
}
