//! What xtask says to the person in front of it: steps, notices, and why it stopped.
//!
//! Progress goes to stderr; results a script may want go to stdout.
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "this file is xtask's mouth")]

use std::io::IsTerminal;

/// Announces the next step.
pub(crate) fn step(text: &str) {
    say("==>", "1;34", text);
}

/// Says something the reader should not miss.
pub(crate) fn notice(text: &str) {
    say("note:", "1;33", text);
}

/// Says why the command failed, causes included.
pub(crate) fn failure(error: &anyhow::Error) {
    say("error:", "1;31", &format!("{error:#}"));
}

/// Prints one line of the command's result.
pub(crate) fn result(text: &str) {
    println!("{text}");
}

fn say(label: &str, colour: &str, text: &str) {
    if std::io::stderr().is_terminal() {
        eprintln!("\x1b[{colour}m{label}\x1b[0m {text}");
    } else {
        eprintln!("{label} {text}");
    }
}
