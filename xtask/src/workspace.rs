//! Where things are: the repository, cargo's target directory, and the cargo that started us.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::{program, terminal};

/// In the target directory: the root of the clone that built there last.
const BUILT_FROM: &str = "built-from";

/// The places every command needs.
pub(crate) struct Workspace {
    /// The root of the repository.
    pub(crate) root: PathBuf,
    /// Cargo's target directory, wherever it was set.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Finds the repository cargo runs us for, and asks cargo for its target directory.
    pub(crate) fn find() -> anyhow::Result<Self> {
        // Asked at run time: two clones may share a target directory, and with it this program.
        let here = variable("CARGO_MANIFEST_DIR").context("run this as `cargo xtask`")?;
        let root = Path::new(&here).parent().context("xtask has no parent folder")?.to_owned();
        let mut ask = Command::new(cargo_path());
        ask.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).current_dir(&root);
        let answer: serde_json::Value = serde_json::from_str(&program::output(&mut ask)?)?;
        let target = answer.get("target_directory").and_then(serde_json::Value::as_str);
        let target = PathBuf::from(target.context("cargo metadata names no target directory")?);
        Ok(Self { root, target })
    }

    /// Throws away what another clone has built of this repository in the same target directory; dependencies stay.
    ///
    /// Programs and tests know the folder they were built in. To cargo those of an older clone are fresh, and read files that
    /// may not be there any more.
    pub(crate) fn claim(&self) -> anyhow::Result<()> {
        let (stamp, root) = (self.target.join(BUILT_FROM), self.root.display().to_string());
        let built_from = std::fs::read_to_string(&stamp).ok();
        if built_from.as_ref() == Some(&root) {
            return Ok(());
        }
        // Without a name nobody but this clone's own cargo was here.
        if built_from.is_some() {
            terminal::notice("another clone has built here: what is the repository's own is built anew");
            anyhow::ensure!(program::succeeds(self.cargo().args(["clean", "--workspace", "--quiet"]))?, "cargo clean failed");
        }
        std::fs::create_dir_all(&self.target)?;
        std::fs::write(&stamp, root).with_context(|| format!("cannot write {}", stamp.display()))
    }

    /// A cargo command in the root of the repository.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new(cargo_path());
        command.current_dir(&self.root);
        command
    }

    /// The command that builds programs of this workspace.
    ///
    /// The whole workspace is named, so that dependencies get the features they have in `cargo test --workspace`,
    /// and are built once for both.
    pub(crate) fn build(&self, programs: &[&str], profile: &str) -> Command {
        let mut command = self.cargo();
        command.args(["build", "--workspace", "--profile", profile]);
        for program in programs {
            command.args(["--bin", program]);
        }
        command
    }

    /// A program this workspace builds in the development profile.
    pub(crate) fn built(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }
}

/// Reads one variable of the environment; xtask is configured by nothing else.
#[expect(clippy::disallowed_methods, reason = "xtask is a program of its own and has no configuration layer")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn cargo_path() -> String {
    variable("CARGO").unwrap_or_else(|| "cargo".to_owned())
}
