//! `cargo xtask ci`: what the build machine runs, by the same script.

use std::process::Command;

use crate::program;
use crate::workspace::Workspace;

/// Runs `.ci/run`.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    program::run(Command::new(workspace.root.join(".ci/run")).current_dir(&workspace.root))
}
