//! `tenon`: the server, and the command line of operators, tenant admins and developers.
//!
//! Results go to stdout, progress and prose to stderr. Exit: 0 done, 1 failed, 2 usage, 3 refused or not confirmed,
//! 4 partial (API.md §6).
// The futures of a save are nested deeper than the compiler expects by default.
#![recursion_limit = "256"]
#![expect(clippy::print_stderr, reason = "a command line speaks on it")]

mod args;
mod client;
mod files;
mod output;
mod profiles;
mod verbs;

use std::process::ExitCode;

use crate::args::Args;
use crate::output::Output;

/// A fifth of a request's time went into the allocator of the C library.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Said by this program to itself, never by people: so it is no verb of theirs.
    let said: Vec<String> = std::env::args().take(3).collect();
    if let [_, verb, size] = said.as_slice()
        && verb == tenon_server::COMPILE_VERB
    {
        return match tenon_server::compile_for_parent(size) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        };
    }
    let args = Args::of(std::env::args_os());
    let output = Output::new(&args);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(verbs::run(&args, &output)),
        Err(error) => Err(anyhow::Error::new(error).context("cannot start")),
    };
    match result {
        Ok(exit) => output.ended(exit).into(),
        Err(error) => output.failure(&error).into(),
    }
}
