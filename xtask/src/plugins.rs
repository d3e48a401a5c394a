//! `cargo xtask plugins`: every plugin of the tree, built to `TARGET/plugins/NAME.wasm`.
//!
//! A plugin is a folder directly under `plugins/`, `examples/` or `tests/plugins/` with its own `Cargo.toml` (outside the
//! workspace), or with a `package.json` and a `package.yaml`, which is one in TypeScript; NAME is the folder's name.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use plugin_build::{Node, Toolchain};

use crate::typescript::TypeScript;
use crate::workspace::Workspace;
use crate::{install, program, terminal};

/// The folders that hold plugins, relative to the root.
const PLUGIN_FOLDERS: [&str; 3] = ["plugins", "examples", "tests/plugins"];

/// Where they are built to.
pub(crate) fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("plugins")
}

/// Builds them all; the answer is the folder in which the components are.
pub(crate) fn build_all(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let out = folder(workspace);
    std::fs::create_dir_all(&out)?;
    let (mut toolchain, mut typescript) = (None, None);
    for (name, folder) in all(&workspace.root)? {
        let place = out.join(&name).with_extension("wasm");
        if Node::is_of(&folder) {
            if typescript.is_none() {
                typescript = Some(TypeScript::ready(workspace)?);
            }
            let component = typescript.as_ref().context("made ready just above")?.component(&folder)?;
            plugin_build::write_if_changed(&place, &component)?;
            terminal::result(&place.display().to_string());
            continue;
        }
        if toolchain.is_none() {
            toolchain = Some(choose()?);
        }
        let toolchain = toolchain.as_ref().context("chosen just above")?;
        terminal::step(&format!("building {} to WebAssembly with {toolchain}", folder.display()));
        let component = plugin_build::component(toolchain, &folder, &workspace.target.join("wasm"))?;
        plugin_build::write_if_changed(&place, &component)?;
        terminal::result(&place.display().to_string());
    }
    Ok(out)
}

/// Finds a way to build for WebAssembly, or installs one, or says what to run.
fn choose() -> anyhow::Result<Toolchain> {
    if let Some(found) = Toolchain::present()? {
        return Ok(found);
    }
    let target = plugin_build::TARGET;
    terminal::step(&format!("installing the Rust target {target}"));
    if program::answers(Command::new("timeout").args(["120", "rustup", "target", "add", target])) {
        return Ok(Toolchain::Installed);
    }
    let what_for = format!("a Rust that builds for {target} (rustup could not add the target)");
    install::apt(&["rustc-web", "cargo-web", "rust-web-src"], &what_for)?;
    Toolchain::present()?.with_context(|| format!("still no {what_for}: {}", Toolchain::HELP))
}

/// All plugins in TypeScript.
pub(crate) fn in_typescript(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    Ok(all(root)?.into_values().filter(|folder| Node::is_of(folder)).collect())
}

/// An example with a `package.json` alone is a page or a script.
fn is_plugin(folder: &Path) -> bool {
    folder.join("Cargo.toml").is_file() || (Node::is_of(folder) && folder.join("package.yaml").is_file())
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
            if !is_plugin(&entry.path()) {
                continue;
            }
            if let Some(other) = found.insert(entry.file_name(), entry.path()) {
                bail!("two plugins have one name: {} and {}", other.display(), entry.path().display());
            }
        }
    }
    Ok(found)
}
