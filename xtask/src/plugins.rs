//! `cargo xtask plugins`: every plugin of the tree, built to `TARGET/plugins/NAME.wasm`.
//!
//! A plugin is a folder with its own `Cargo.toml` (outside the workspace) directly under `plugins/` or
//! `tests/plugins/`; NAME is the folder's name.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::workspace::Workspace;
use crate::{terminal, wasm};

/// The folders that hold plugins, relative to the root.
const PLUGIN_FOLDERS: [&str; 2] = ["plugins", "tests/plugins"];

/// Builds them all; the answer is the folder in which the components are.
pub(crate) fn build_all(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let out = workspace.target.join("plugins");
    std::fs::create_dir_all(&out)?;
    let mut toolchain = None;
    for (name, folder) in all(&workspace.root)? {
        if toolchain.is_none() {
            toolchain = Some(wasm::Toolchain::choose()?);
        }
        let toolchain = toolchain.as_ref().context("chosen just above")?;
        let built = wasm::build(workspace, toolchain, &folder)?;
        let place = out.join(&name).with_extension("wasm");
        wasm::write_if_changed(&place, &std::fs::read(&built)?)?;
        terminal::result(&place.display().to_string());
    }
    Ok(out)
}

fn all(root: &Path) -> anyhow::Result<BTreeMap<OsString, PathBuf>> {
    let mut found = BTreeMap::new();
    for folder in PLUGIN_FOLDERS {
        let folder = root.join(folder);
        if !folder.try_exists()? {
            continue;
        }
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            if !entry.path().join("Cargo.toml").try_exists()? {
                continue;
            }
            if let Some(other) = found.insert(entry.file_name(), entry.path()) {
                bail!("two plugins have one name: {} and {}", other.display(), entry.path().display());
            }
        }
    }
    Ok(found)
}
