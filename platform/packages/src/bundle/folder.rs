//! A package's folder, as its author keeps it → the files that are packed.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::limits::ENTRIES_MAX;
use super::paths;

/// What belongs into a package, by path; what an author keeps beside it (sources, `target`, `vendor`) is left out.
///
/// # Errors
/// What the system says; `InvalidData` where a link stands in the way, or there are too many files.
pub fn files_of(folder: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut open: Vec<(PathBuf, String)> = vec![(folder.to_owned(), String::new())];
    while let Some((place, prefix)) = open.pop() {
        for entry in std::fs::read_dir(&place)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() && is_packed(&path) {
                open.push((entry.path(), format!("{path}/")));
            } else if kind.is_file() && paths::is_known(&path) && paths::check(&path).is_ok() {
                files.insert(path, std::fs::read(entry.path())?);
            } else if kind.is_symlink() && paths::is_known(&path) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, format!("`{path}` is a link: a package has plain files only")));
            }
            if files.len() > ENTRIES_MAX {
                return Err(io::Error::new(io::ErrorKind::InvalidData, format!("there are more than {ENTRIES_MAX} files")));
            }
        }
    }
    Ok(files)
}

/// Whether files below a folder may be packed.
fn is_packed(folder: &str) -> bool {
    let first = folder.split('/').next().unwrap_or_default();
    ["objects", "roles", "labels", "tests", "docs"].contains(&first) && !folder.split('/').any(|step| step.starts_with('.'))
}
