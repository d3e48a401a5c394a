//! `cargo xtask bench` and `cargo xtask soak`: set-up here, the work in the crate `tenon-bench`.
//!
//! Measured is the release build; soaked is the development build, whose checks are on.

use crate::postgres::{self, Cluster};
use crate::workspace::Workspace;
use crate::{machine, program, terminal};

/// Passes the words on to the crate that does it.
pub(crate) fn soak(workspace: &Workspace, words: &[String]) -> anyhow::Result<()> {
    run(workspace, "soak", words, "dev")
}

/// The table of DESIGN's budgets.
pub(crate) fn bench(workspace: &Workspace, is_quick: bool, words: &[String]) -> anyhow::Result<()> {
    if is_quick {
        terminal::notice("the development build is measured: only the way is tried, the figures mean nothing");
    }
    run(workspace, "bench", words, if is_quick { "dev" } else { "release" })
}

fn run(workspace: &Workspace, command: &str, words: &[String], profile: &str) -> anyhow::Result<()> {
    machine::check()?;
    let cluster = Cluster::start()?;
    terminal::step(&format!("building tenon and tenon-bench ({profile}; the first build takes minutes)"));
    program::run(&mut workspace.build(&["tenon", "tenon-bench"], profile))?;
    program::run(worker(workspace, profile, &cluster)?.arg(command).args(words))
}

/// The crate that does the work, told where everything is.
pub(crate) fn worker(workspace: &Workspace, profile: &str, cluster: &Cluster) -> anyhow::Result<std::process::Command> {
    let folder = workspace.target.join(if profile == "dev" { "debug" } else { profile });
    let mut work = std::process::Command::new(folder.join("tenon-bench"));
    work.current_dir(&workspace.root);
    work.env(postgres::VARIABLE, &cluster.url);
    work.env("TENON_TEST_PROGRAM", folder.join("tenon"));
    work.env("TENON_BENCH_FOLDER", workspace.target.join("bench-data"));
    work.env("TENON_BENCH_ROOT", &workspace.root);
    work.env("TENON_POSTGRES_PROGRAMS", postgres::programs()?);
    Ok(work)
}
