//! Runs other programs and says plainly what failed.

use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// Runs a program with our own input and output; anything but success is an error.
///
/// # Errors
/// Where it does not start, or fails.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    if succeeds(command)? {
        return Ok(());
    }
    bail!("failed: {}", shown(command))
}

/// Runs a program with our own input and output, and says whether it succeeded.
///
/// # Errors
/// Where it does not start.
pub fn succeeds(command: &mut Command) -> anyhow::Result<bool> {
    let status = command.status().with_context(|| format!("cannot run {}", shown(command)))?;
    Ok(status.success())
}

/// What a program prints on stdout; anything but success is an error that carries its stderr.
///
/// # Errors
/// Where it does not start, or fails.
pub fn output(command: &mut Command) -> anyhow::Result<String> {
    let out = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {}", shown(command)))?;
    if !out.status.success() {
        bail!("failed: {}\n{}", shown(command), String::from_utf8_lossy(&out.stderr).trim_end());
    }
    Ok(String::from_utf8_lossy(&out.stdout).trim_end().to_owned())
}

/// Whether a program starts and succeeds, silently. A missing program is a plain no.
#[must_use]
pub fn answers(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    format!("`{}`", words.join(" "))
}
