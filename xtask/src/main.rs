//! `cargo xtask`: what cargo alone cannot express.
//!
//! Each command is one module. Nothing here is part of the product; the fences of `tests/tidy.rs` end at this
//! crate and at `bench/`, which holds everything that needs a database driver.

mod bench;
mod ci;
mod client;
mod demo;
mod install;
mod machine;
mod plugins;
mod postgres;
mod terminal;
mod test;
mod typescript;
mod warden;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use plugin_build::program;

use crate::workspace::Workspace;

/// The commands of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_version_flag = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What may be asked for.
#[derive(Subcommand)]
enum Command {
    /// Run all tests, set-up included
    Test {
        /// Only tests whose name contains this
        filter: Option<String>,
    },
    /// Start the platform with a demo tenant full of invented data, and keep serving until Ctrl-C
    Demo {
        /// Forget the demo tenant of an earlier run
        #[arg(long)]
        fresh: bool,
        /// Stop once the data is in
        #[arg(long)]
        once: bool,
    },
    /// Measure the platform against hand-written floors; `--help` after `--` lists what can be chosen
    #[command(trailing_var_arg = true)]
    Bench {
        /// Try the way with the development build
        #[arg(long)]
        quick: bool,
        /// Passed on to `tenon-bench bench`
        #[arg(allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Work against the platform until it breaks: `kill`, `feed`, `shape`, `plugins`, `fuzz` or `attack`
    #[command(trailing_var_arg = true)]
    Soak {
        /// Passed on to `tenon-bench soak`: `kill|feed|shape|import|plugins|fuzz [--minutes N] [--kills N] [--seed S] [--records N] [--times N] [--on sqlite|postgres|both]`,
        /// or `attack [--ids N] [--seed S]`
        #[arg(allow_hyphen_values = true, required = true)]
        words: Vec<String>,
    },
    /// Run what the build machine runs: tests, formatting, lints, documentation
    Ci,
    /// Build every plugin under `plugins/`, `examples/` and `tests/plugins/` to a WebAssembly component
    Plugins,
    /// Start a throw-away PostgreSQL, print its address, and stop it on Ctrl-C
    Postgres,
}

fn main() -> ExitCode {
    match dispatch(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::failure(&error);
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> anyhow::Result<()> {
    let workspace = Workspace::find()?;
    workspace.claim()?;
    match command {
        Command::Test { filter } => test::run(&workspace, filter),
        Command::Demo { fresh, once } => demo::run(&workspace, &demo::Wish { fresh, once }),
        Command::Bench { quick, words } => bench::bench(&workspace, quick, &words),
        Command::Soak { words } => bench::soak(&workspace, &words),
        Command::Ci => ci::run(&workspace),
        Command::Plugins => plugins::build_all(&workspace).map(drop),
        Command::Postgres => postgres::serve(),
    }
}
