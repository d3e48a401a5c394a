//! `cargo xtask plugins`: every plugin of the tree, built to `TARGET/plugins/NAME.wasm`.
//!
//! A plugin is a folder directly under `plugins/`, `examples/` or `tests/plugins/` with its own `Cargo.toml` (outside the
//! workspace), or with a `package.json` and a `package.yaml`, which is one in TypeScript; NAME is the folder's name. Where a
//! package has several versions, each is a folder below, with code and a `package.yaml`: NAME is `FOLDER-VERSION` then. A crate
//! with examples stands for these, each a plugin under its own name: so the tests keep theirs in one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use plugin_build::{Node, Toolchain};

use crate::typescript::TypeScript;
use crate::workspace::Workspace;
use crate::{install, program, terminal};

/// The folders that hold plugins, relative to the root.
const PLUGIN_FOLDERS: [&str; 3] = ["plugins", "examples", "tests/plugins"];

/// What makes a folder a crate.
const MANIFEST: &str = "Cargo.toml";
/// What begins an example in it.
const EXAMPLE: &str = "[[example]]";

/// Where a plugin's source lies.
#[derive(Debug)]
struct Source {
    /// Its folder, or that of the crate it is an example of.
    folder: PathBuf,
    /// The example, where it is one.
    example: Option<String>,
}

/// Where they are built to.
pub(crate) fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("plugins")
}

/// Builds them all; the answer is the folder in which the components are.
pub(crate) fn build_all(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let out = folder(workspace);
    std::fs::create_dir_all(&out)?;
    let (mut toolchain, mut typescript) = (None, None);
    for (name, Source { folder, example }) in all(&workspace.root)? {
        let place = out.join(format!("{name}.wasm"));
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
        terminal::step(&format!("building {name} of {} to WebAssembly with {toolchain}", folder.display()));
        let target = workspace.target.join("wasm");
        let component = match example {
            Some(example) => plugin_build::example(toolchain, &folder, &target, &example)?,
            None => plugin_build::component(toolchain, &folder, &target)?,
        };
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
    Ok(all(root)?.into_values().map(|source| source.folder).filter(|folder| Node::is_of(folder)).collect())
}

/// The Rust crates whose own tests are worth running: plugins that are shipped, and what their versions share. Those of
/// `tests/plugins` are tested by what the host makes of them.
pub(crate) fn crates(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in ["plugins", "examples"] {
        for folder in folders(&root.join(folder))? {
            if folder.join(MANIFEST).is_file() {
                found.push(folder);
            } else {
                found.extend(folders(&folder)?.into_iter().filter(|below| below.join(MANIFEST).is_file()));
            }
        }
    }
    Ok(found)
}

/// An example with a `package.json` alone is a page or a script.
fn is_plugin(folder: &Path) -> bool {
    folder.join(MANIFEST).is_file() || (Node::is_of(folder) && is_package(folder))
}

/// One of several versions of a package; what they share is a crate beside them, and no package.
fn is_version(folder: &Path) -> bool {
    is_package(folder) && (folder.join(MANIFEST).is_file() || Node::is_of(folder))
}

fn is_package(folder: &Path) -> bool {
    folder.join("package.yaml").is_file()
}

/// Every plugin by its name.
fn all(root: &Path) -> anyhow::Result<BTreeMap<String, Source>> {
    let mut found = BTreeMap::new();
    for folder in PLUGIN_FOLDERS {
        for folder in folders(&root.join(folder))? {
            let examples = examples(&folder)?;
            for example in &examples {
                put(&mut found, example.clone(), Source { folder: folder.clone(), example: Some(example.clone()) })?;
            }
            if !examples.is_empty() {
                continue;
            }
            if is_plugin(&folder) {
                put(&mut found, name(&folder)?, Source { folder, example: None })?;
                continue;
            }
            for version in folders(&folder)?.into_iter().filter(|below| is_version(below)) {
                put(&mut found, format!("{}-{}", name(&folder)?, name(&version)?), Source { folder: version, example: None })?;
            }
        }
    }
    Ok(found)
}

fn put(found: &mut BTreeMap<String, Source>, name: String, source: Source) -> anyhow::Result<()> {
    if let Some(other) = found.get(&name) {
        bail!("two plugins have one name: {} and {}", other.folder.display(), source.folder.display());
    }
    found.insert(name, source);
    Ok(())
}

/// The examples of a crate, read line by line: cargo refuses what is malformed.
fn examples(folder: &Path) -> anyhow::Result<Vec<String>> {
    let manifest = folder.join(MANIFEST);
    if !manifest.is_file() {
        return Ok(Vec::new());
    }
    let (mut found, mut in_example) = (Vec::new(), false);
    for line in std::fs::read_to_string(manifest)?.lines().map(str::trim) {
        if line.starts_with('[') {
            in_example = line == EXAMPLE;
        } else if in_example && let Some(("name", name)) = line.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
            found.push(name.trim_matches('"').to_owned());
        }
    }
    Ok(found)
}

fn name(folder: &Path) -> anyhow::Result<String> {
    let name = folder.file_name().and_then(|name| name.to_str());
    Ok(name.with_context(|| format!("{} has no name that can be written", folder.display()))?.to_owned())
}

/// The folders in a folder, by name; none where it is not there.
fn folders(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let mut found: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(root: &Path, path: &str) {
        let file = root.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, "").unwrap();
    }

    fn relative(root: &Path, folders: &[PathBuf]) -> Vec<String> {
        folders.iter().map(|folder| folder.strip_prefix(root).unwrap().display().to_string()).collect()
    }

    #[test]
    fn versions_of_a_package_are_plugins_of_their_own() {
        let root = tempfile::tempdir().unwrap();
        for path in [
            "plugins/hello/Cargo.toml",
            "examples/one/Cargo.toml",
            "examples/page/package.json",
            "examples/two/1.0.0/Cargo.toml",
            "examples/two/1.0.0/package.yaml",
            "examples/two/1.1.0/Cargo.toml",
            "examples/two/1.1.0/package.yaml",
            "examples/two/shared/Cargo.toml",
            "examples/two/README.md",
            "examples/words/1.0.0/package.yaml",
            "tests/plugins/odd/Cargo.toml",
        ] {
            file(root.path(), path);
        }
        let guests =
            "[package]\nname = \"guests\"\n[[example]]\nname = \"good\"\npath = \"good.rs\"\n\n[[example]]\nname = \"bad\"\n[workspace]\n";
        file(root.path(), "tests/plugins/guests/Cargo.toml");
        std::fs::write(root.path().join("tests/plugins/guests/Cargo.toml"), guests).unwrap();
        let names: Vec<String> = all(root.path()).unwrap().into_keys().collect();
        assert_eq!(names, ["bad", "good", "hello", "odd", "one", "two-1.0.0", "two-1.1.0"]);
        let crates = relative(root.path(), &crates(root.path()).unwrap());
        assert_eq!(crates, ["plugins/hello", "examples/one", "examples/two/1.0.0", "examples/two/1.1.0", "examples/two/shared"]);
    }

    #[test]
    fn two_plugins_have_two_names() {
        let root = tempfile::tempdir().unwrap();
        for path in ["plugins/two-1.0.0/Cargo.toml", "examples/two/1.0.0/Cargo.toml", "examples/two/1.0.0/package.yaml"] {
            file(root.path(), path);
        }
        let told = all(root.path()).unwrap_err().to_string();
        assert!(told.contains("plugins/two-1.0.0") && told.contains("examples/two/1.0.0"), "{told}");
    }
}
