//! The SDK for TypeScript and its plugins: what npm brings for them is kept beside cargo's target, not in the clone.
//!
//! Invariant: `node_modules` of the SDK and of its plugins is a link there, unless somebody has put a folder of his own.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use plugin_build::Node;

use crate::workspace::Workspace;
use crate::{terminal, test};

/// The SDK, relative to the root.
pub(crate) const SDK: &str = "sdk/typescript";
/// What says what npm brings.
const ASKED: [&str; 2] = ["package.json", "package-lock.json"];

/// Node.js, with everything the SDK needs.
pub(crate) struct TypeScript {
    node: Node,
    tool: PathBuf,
    packages: PathBuf,
}

impl TypeScript {
    /// Lets npm bring what the SDK needs, unless it is there.
    pub(crate) fn ready(workspace: &Workspace) -> anyhow::Result<Self> {
        let node = Node::present().with_context(|| format!("there is no Node.js here: {}", Node::HELP))?;
        let (sdk, kept) = (workspace.root.join(SDK), workspace.target.join("typescript"));
        std::fs::create_dir_all(&kept)?;
        for name in ASKED {
            std::fs::copy(sdk.join(name), kept.join(name)).with_context(|| format!("{SDK}/{name}"))?;
        }
        // Not `ci`: that wants packages of other machines in the lock file, which not every registry has.
        if !test::install_packages(&kept, "install")? {
            bail!("npm could not bring what {SDK} needs");
        }
        let this = Self { node, tool: sdk.join("tool/main.mjs"), packages: kept.join("node_modules") };
        this.link(&sdk)?;
        Ok(this)
    }

    /// Builds the plugin in a folder; the answer is the component.
    pub(crate) fn component(&self, folder: &Path) -> anyhow::Result<Vec<u8>> {
        self.link(folder)?;
        terminal::step(&format!("building {} to WebAssembly with {}", folder.display(), self.node));
        self.node.component(folder, Some(&self.tool))
    }

    /// Runs the tests of a plugin, or of the SDK itself, natively.
    pub(crate) fn test(&self, folder: &Path, filter: Option<&str>) -> anyhow::Result<bool> {
        self.link(folder)?;
        self.node.test(folder, Some(&self.tool), filter)
    }

    /// What npm has brought, where the folder expects it.
    fn link(&self, folder: &Path) -> anyhow::Result<()> {
        let place = folder.join("node_modules");
        match std::fs::symlink_metadata(&place) {
            Ok(there) if there.is_dir() => return Ok(()),
            Ok(_) if std::fs::read_link(&place).is_ok_and(|to| to == self.packages) => return Ok(()),
            Ok(_) => std::fs::remove_file(&place)?,
            Err(_) => {}
        }
        symlink(&self.packages, &place).with_context(|| format!("cannot link {}", place.display()))
    }
}
