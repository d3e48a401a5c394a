//! Plugin in TypeScript → WebAssembly component: npm brings what the SDK needs, the SDK's own tool does the rest.
//!
//! Invariant: what npm has brought is that of `package.json` and the lock file, or npm is asked again.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::program;

/// The oldest Node.js that the SDK's tool runs on.
const NODE_OLDEST: u32 = 20;
/// The tool, as npm links it into a package.
const TOOL: &str = "node_modules/@tenon/sdk/tool/main.mjs";
/// What npm was asked for the last time.
const STAMP: &str = "node_modules/.tenon-asked";

/// What builds plugins in TypeScript on this machine.
#[derive(Clone, Debug)]
pub struct Node {
    version: String,
}

impl std::fmt::Display for Node {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Node.js {}", self.version)
    }
}

impl Node {
    /// What a person may do where there is none.
    pub const HELP: &'static str = "install Node.js 20 or newer with npm, from https://nodejs.org or your system's packages";

    /// Node.js and npm, if this machine has both and they are young enough.
    #[must_use]
    pub fn present() -> Option<Self> {
        let version = program::output(Command::new("node").arg("--version")).ok()?;
        let version = version.trim_start_matches('v').to_owned();
        let major: u32 = version.split('.').next()?.parse().ok()?;
        (major >= NODE_OLDEST && program::answers(Command::new("npm").arg("--version"))).then_some(Self { version })
    }

    /// Whether the plugin in a folder is one in TypeScript.
    #[must_use]
    pub fn is_of(folder: &Path) -> bool {
        folder.join("package.json").is_file() && !folder.join("Cargo.toml").is_file()
    }

    /// Whether npm has still to bring what the plugin in a folder needs.
    #[must_use]
    pub fn lacks_packages(folder: &Path) -> bool {
        !folder.join(TOOL).is_file() || std::fs::read(folder.join(STAMP)).ok() != asked(folder)
    }

    /// Lets npm bring it, in the versions of the lock file where there is one.
    ///
    /// # Errors
    /// Where npm fails.
    pub fn bring_packages(&self, folder: &Path) -> anyhow::Result<()> {
        // Not `ci`: that wants packages of other machines in the lock file, which not every registry has.
        let mut npm = Command::new("npm");
        program::run(npm.args(["install", "--no-audit", "--no-fund"]).current_dir(folder))?;
        if !folder.join(TOOL).is_file() {
            bail!("npm brought no {TOOL}: `package.json` needs \"@tenon/sdk\": \"file:vendor/tenon-sdk\"");
        }
        let asked = asked(folder).context("package.json has gone")?;
        std::fs::write(folder.join(STAMP), asked).context("cannot write into node_modules")
    }

    /// Builds the plugin in a folder; the answer is the component. `tool` is that of the SDK, where npm did not link it.
    ///
    /// # Errors
    /// Where the types are wrong, or it cannot be built.
    pub fn component(&self, folder: &Path, tool: Option<&Path>) -> anyhow::Result<Vec<u8>> {
        let folder = std::path::absolute(folder)?;
        let out = folder.join("target/component.wasm");
        std::fs::create_dir_all(folder.join("target"))?;
        let mut node = run_tool(&folder, tool);
        program::run(node.arg("component").arg(&folder).arg(&out))?;
        std::fs::read(&out).with_context(|| format!("the SDK's tool left no {}", out.display()))
    }

    /// Runs a plugin's own tests natively, all or those whose name has this in it; whether they passed.
    ///
    /// # Errors
    /// Where the tool does not start.
    pub fn test(&self, folder: &Path, tool: Option<&Path>, filter: Option<&str>) -> anyhow::Result<bool> {
        let folder = std::path::absolute(folder)?;
        program::succeeds(run_tool(&folder, tool).arg("test").arg(&folder).args(filter))
    }
}

fn run_tool(folder: &Path, tool: Option<&Path>) -> Command {
    let mut node = Command::new("node");
    node.arg(tool.map_or_else(|| folder.join(TOOL), PathBuf::from)).current_dir(folder).stdin(Stdio::null());
    node
}

/// What npm is asked for: `package.json` and the lock file, as they are.
fn asked(folder: &Path) -> Option<Vec<u8>> {
    let mut asked = std::fs::read(folder.join("package.json")).ok()?;
    asked.extend(std::fs::read(folder.join("package-lock.json")).unwrap_or_default());
    Some(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_says_which_language_it_is() {
        let folder = std::env::temp_dir().join(format!("tenon-language-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        assert!(!Node::is_of(&folder));
        std::fs::write(folder.join("package.json"), "{}").unwrap();
        assert!(Node::is_of(&folder) && Node::lacks_packages(&folder));
        std::fs::write(folder.join("Cargo.toml"), "").unwrap();
        assert!(!Node::is_of(&folder), "a crate may have scripts of its own");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
