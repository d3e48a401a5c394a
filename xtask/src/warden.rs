//! A small shell that outlives us: however we end, it stops a process we started and clears up behind it.
//!
//! Its input is a pipe only we hold, so it wakes on Ctrl-C, on `kill -9` and on a plain end alike.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use anyhow::Context;
use tempfile::TempDir;

use crate::terminal;

/// Waits for the end of its input, interrupts $1, by force after 20 s, and removes $2 if it names a folder.
///
/// A zombie counts as ended: where nobody reaps orphans, as in many containers, it stays for ever.
const SCRIPT: &str = r#"
state() { ps -o stat= -p "$1" 2>/dev/null || { kill -0 "$1" 2>/dev/null && echo R; }; }
alive() { case "$(state "$1")" in "" | Z*) return 1 ;; esac; }
trap "" INT TERM HUP
read -r _
kill -INT "$1" 2>/dev/null
turns=0
while alive "$1" && [ "$turns" -lt 200 ]; do sleep 0.1; turns=$((turns + 1)); done
kill -KILL "$1" 2>/dev/null
[ -z "$2" ] || rm -rf "$2"
"#;

/// A process that is stopped when this is dropped, or when we die.
pub(crate) struct Watched {
    /// The process itself.
    pub(crate) process: Child,
    warden: Child,
}

impl Watched {
    /// Starts a process, and takes over the folder that goes when it ends.
    pub(crate) fn spawn(command: &mut Command, folder: Option<TempDir>) -> anyhow::Result<Self> {
        // In a group of its own, Ctrl-C does not reach it: it is interrupted once, by the shell.
        let process = command.process_group(0).spawn();
        let process = process.with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let folder = folder.map(TempDir::keep).unwrap_or_default();
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "warden"]).arg(process.id().to_string()).arg(folder);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let warden = shell.spawn().context("cannot start the shell that stops what we start")?;
        Ok(Self { process, warden })
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        drop(self.warden.stdin.take());
        for child in [&mut self.process, &mut self.warden] {
            if let Err(error) = child.wait() {
                terminal::notice(&format!("a process we started may not have stopped: {error}"));
            }
        }
    }
}
