//! Installs what is missing through the system's package manager, where that is allowed.
//!
//! Invariant: nothing is installed without root; everybody else is told the exact command.

use std::process::Command;

use anyhow::bail;

use crate::{program, terminal};

/// Installs Debian packages, or says which command would.
pub(crate) fn apt(packages: &[&str], what_for: &str) -> anyhow::Result<()> {
    let by_hand = format!("apt-get install --yes --no-install-recommends {}", packages.join(" "));
    if !program::answers(Command::new("apt-get").arg("--version")) {
        bail!("{what_for} is missing, and there is no apt-get here: install {} and run this again", packages.join(", "));
    }
    if !is_root() {
        bail!("{what_for} is missing: run `sudo {by_hand}` and then this again");
    }
    terminal::step(&format!("installing {what_for}: {by_hand}"));
    if try_apt(packages)? {
        return Ok(());
    }
    terminal::step("the package lists look stale: apt-get update");
    program::run(Command::new("apt-get").arg("update").arg("--quiet"))?;
    if try_apt(packages)? {
        return Ok(());
    }
    bail!("cannot install {what_for}: run `{by_hand}` by hand to see why")
}

fn try_apt(packages: &[&str]) -> anyhow::Result<bool> {
    let mut command = Command::new("apt-get");
    command.args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(packages);
    program::succeeds(command.env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Whether we act as the superuser.
pub(crate) fn is_root() -> bool {
    program::output(Command::new("id").arg("-u")).is_ok_and(|uid| uid == "0")
}
