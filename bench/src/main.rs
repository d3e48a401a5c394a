//! Benchmarks and soak runs, started by `cargo xtask bench` and `cargo xtask soak`.
//!
//! Outside the fences on purpose: the floor servers are the hand-written SQL and HTTP the platform is measured
//! against, and the soak looks into the database behind the platform's back.

mod chance;
mod databases;
mod floor;
mod measure;
mod platform;
mod say;
mod soak;
mod wire;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The commands of this crate; `cargo xtask` sets up what they need.
#[derive(Parser)]
#[command(disable_version_flag = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What may be asked for.
#[derive(Subcommand)]
enum Command {
    /// Measure the platform beside its floor
    Bench(measure::Wish),
    /// Serve the floor (started by `bench`)
    #[command(hide = true)]
    Floor(floor::Wish),
    /// Work against the platform until it breaks, or the time is up
    Soak(soak::Wish),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Bench(wish) => measure::run(wish).await,
        Command::Floor(wish) => floor::serve(wish).await,
        Command::Soak(wish) => soak::run(wish).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::step(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
