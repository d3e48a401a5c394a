//! What `cargo test` prints, passed on line by line, and what failed kept for the summary.
//!
//! Hours of output lie between a failure and the end of the run, and a build machine may show only the end.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::Context;

use crate::terminal;

/// How many failures are told again; the rest are counted.
const FAILURES_MAX: usize = 20;

/// How many lines of one failure are told again.
const LINES_MAX: usize = 12;

/// One test that failed, with the beginning of what it said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Failure {
    name: String,
    lines: Vec<String>,
}

/// What a run of `cargo test` came to.
#[derive(Default)]
pub(super) struct Heard {
    failures: Vec<Failure>,
    /// The failure whose output is being printed.
    telling: Option<usize>,
}

/// Runs `cargo test` with its output passed on; whether it passed, and what to tell again at the end.
pub(super) fn run(cargo: &mut Command) -> anyhow::Result<(bool, Vec<String>)> {
    let mut child = cargo.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {cargo:?}"))?;
    let mut heard = Heard::default();
    for line in BufReader::new(child.stdout.take().context("the output was not piped")?).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        terminal::result(&line);
        heard.line(&line);
    }
    Ok((child.wait()?.success(), heard.told()))
}

impl Heard {
    fn line(&mut self, line: &str) {
        if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
            self.failures.push(Failure { name: name.to_owned(), lines: Vec::new() });
        } else if let Some(name) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
            // The latest of that name: two programs may have tests of the same name.
            self.telling = self.failures.iter().rposition(|failure| failure.name == name);
        } else if line == "failures:" || line.starts_with("test result:") {
            self.telling = None;
        } else if let Some(failure) = self.telling.and_then(|at| self.failures.get_mut(at))
            && failure.lines.len() < LINES_MAX
            && !line.is_empty()
        {
            failure.lines.push(line.to_owned());
        }
    }

    fn told(&self) -> Vec<String> {
        let mut told = Vec::new();
        for failure in self.failures.iter().take(FAILURES_MAX) {
            told.push(failure.name.clone());
            told.extend(failure.lines.iter().map(|line| format!("    {line}")));
        }
        if let Some(more @ 1..) = self.failures.len().checked_sub(FAILURES_MAX) {
            told.push(format!("and {more} more"));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_again_with_the_beginning_of_what_they_said() {
        let mut heard = Heard::default();
        for line in [
            "running 3 tests",
            "test sums::adds ... ok",
            "test sums::carries ... FAILED",
            "test sums::waits has been running for over 60 seconds",
            "test sums::waits ... FAILED",
            "",
            "failures:",
            "",
            "---- sums::carries stdout ----",
            "",
            "thread 'sums::carries' panicked at src/sums.rs:4:5:",
            "left: 1",
            "",
            "---- sums::waits stdout ----",
            "too late",
            "",
            "failures:",
            "    sums::carries",
            "    sums::waits",
            "test result: FAILED. 1 passed; 2 failed",
        ] {
            heard.line(line);
        }
        assert_eq!(
            heard.told(),
            ["sums::carries", "    thread 'sums::carries' panicked at src/sums.rs:4:5:", "    left: 1", "sums::waits", "    too late",]
        );
    }

    #[test]
    fn what_is_told_again_is_bounded() {
        let mut heard = Heard::default();
        for at in 0..FAILURES_MAX + 3 {
            heard.line(&format!("test t{at} ... FAILED"));
        }
        heard.line("---- t0 stdout ----");
        for _ in 0..LINES_MAX + 5 {
            heard.line("again");
        }
        let told = heard.told();
        assert_eq!(told.len(), FAILURES_MAX + LINES_MAX + 1);
        assert_eq!(told.last().map(String::as_str), Some("and 3 more"));
    }
}
