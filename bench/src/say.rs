//! Progress goes to stderr, results to stdout.
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "this file is the crate's mouth")]

/// One line of progress.
pub(crate) fn step(text: &str) {
    eprintln!("{text}");
}

/// One line of the result.
pub(crate) fn result(text: &str) {
    println!("{text}");
}
