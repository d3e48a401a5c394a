//! Where things are: the repository, cargo's target directory, and the cargo that started us.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::program;

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
