//! What a machine must bring: Rust, Node, a C compiler. PostgreSQL is looked for in `postgres`.

use std::process::Command;

use anyhow::{Context, bail};

use crate::{install, program};

/// The oldest Node the tests run on.
const NODE_MAJOR_MIN: u32 = 20;

/// Checks the tools every command needs, and installs or names what is missing.
pub(crate) fn check() -> anyhow::Result<()> {
    if !program::answers(Command::new("cc").arg("--version")) {
        install::apt(&["gcc", "libc6-dev"], "a C compiler (`cc`)")?;
    }
    node()
}

fn node() -> anyhow::Result<()> {
    let Ok(version) = program::output(Command::new("node").arg("--version")) else {
        bail!("Node {NODE_MAJOR_MIN} or newer is missing: install it from https://nodejs.org/en/download and run this again");
    };
    let major = version.trim_start_matches('v').split('.').next().and_then(|text| text.parse::<u32>().ok());
    let major = major.with_context(|| format!("cannot read Node's version `{version}`"))?;
    if major < NODE_MAJOR_MIN {
        bail!("Node {NODE_MAJOR_MIN} or newer is needed, this is {version}: see https://nodejs.org/en/download");
    }
    Ok(())
}
