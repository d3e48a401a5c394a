//! `cargo xtask bench` and `cargo xtask soak`: set-up here, the work in the crate `tenon-bench`.
//!
//! Measured is the release build; soaked is the development build, whose checks are on.

use anyhow::Context;

use crate::postgres::{self, Cluster};
use crate::workspace::Workspace;
use crate::{machine, plugins, program, terminal};

/// Ids at each kind of door.
const ATTACK_IDS: &str = "10000";

/// Passes the words on to the crate that does it.
pub(crate) fn soak(workspace: &Workspace, words: &[String]) -> anyhow::Result<()> {
    if let Some(("attack", rest)) = words.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return attack(workspace, rest);
    }
    run(workspace, "soak", words, "dev")
}

/// The attack suite of `cargo xtask test` with more ids: it listens to the server's trace, so it is a test program.
fn attack(workspace: &Workspace, words: &[String]) -> anyhow::Result<()> {
    let (mut ids, mut seed) = (ATTACK_IDS.to_owned(), "0".to_owned());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("`{word}` wants a number"))?;
        anyhow::ensure!(value.parse::<u32>().is_ok(), "`{word} {value}`: {value} is no number");
        match word.as_str() {
            "--ids" => value.clone_into(&mut ids),
            "--seed" => value.clone_into(&mut seed),
            other => anyhow::bail!("`soak attack` knows --ids and --seed, and not `{other}`"),
        }
    }
    machine::check()?;
    let cluster = Cluster::start()?;
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--package", "tenon-tests", "--test", "attack", "--", "--nocapture"]);
    cargo.env(postgres::VARIABLE, &cluster.url).env("TENON_ATTACK_IDS", ids).env("TENON_ATTACK_SEED", seed);
    program::run(&mut cargo)
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
    if words.first().is_some_and(|word| word == "plugins") || command == "bench" {
        plugins::build_all(workspace)?;
    }
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
    work.env("TENON_TEST_PLUGINS", plugins::folder(workspace));
    work.env("TENON_POSTGRES_PROGRAMS", postgres::programs()?);
    Ok(work)
}
