//! `cargo xtask test [FILTER]`: all tests, with everything they need set up first.
//!
//! A throw-away PostgreSQL, the plugins as WebAssembly, the `tenon` program for the Node tests. Every part runs even
//! when an earlier one failed; the summary at the end names what failed and what could not run.

mod heard;

use std::path::Path;
use std::process::Command;

use anyhow::bail;

use crate::postgres::{self, Cluster};
use crate::typescript::{self, TypeScript};
use crate::workspace::{Workspace, variable};
use crate::{bench, machine, plugins, program, terminal};

/// Where the tests find the components built by `cargo xtask plugins`.
const PLUGINS_VARIABLE: &str = "TENON_TEST_PLUGINS";

/// Where the Node tests find the program.
const PROGRAM_VARIABLE: &str = "TENON_TEST_PROGRAM";

/// The folder of the real data set, which is not part of the repository.
const REAL_DATA_VARIABLE: &str = "TENON_REAL_DATA";

/// The Node packages with tests of their own.
const NODE_PACKAGES: [&str; 2] = ["tests/node", "examples/01-query-with-graphql"];

/// The long checks in their short form, with a seed that is the same every time.
const SOAKS: [&[&str]; 6] = [
    &["kill", "--kills", "10", "--seed", "1"],
    &["feed", "--kills", "10", "--seed", "1"],
    &["shape", "--kills", "20", "--records", "2000", "--seed", "1"],
    &["import", "--kills", "10", "--seed", "1"],
    &["plugins", "--times", "20"],
    &["fuzz", "--seconds", "20", "--seed", "1"],
];

/// What the tests are told by their environment.
struct Setting {
    variables: Vec<(&'static str, String)>,
    filter: Option<String>,
}

/// One line of the closing summary.
struct Outcome {
    what: String,
    passed: bool,
    /// What failed in it, in lines, where that is known.
    failures: Vec<String>,
}

impl Outcome {
    fn new(what: impl Into<String>, passed: bool) -> Self {
        Self { what: what.into(), passed, failures: Vec::new() }
    }
}

/// Sets up, runs everything, sums up.
pub(crate) fn run(workspace: &Workspace, filter: Option<String>) -> anyhow::Result<()> {
    machine::check()?;
    let cluster = Cluster::start()?;
    let components = plugins::build_all(workspace)?;
    let setting = Setting {
        variables: vec![
            (postgres::VARIABLE, cluster.url.clone()),
            (PLUGINS_VARIABLE, components.display().to_string()),
            (PROGRAM_VARIABLE, workspace.built("tenon").display().to_string()),
        ],
        filter,
    };
    terminal::step("building tests and programs (the first time takes minutes)");
    // In one go: built apart, the programs would ask for other features of nearly every library, which would be built again.
    let built = program::succeeds(workspace.cargo().args(["build", "--workspace", "--lib", "--bins", "--tests"]))?;
    let mut outcomes = vec![Outcome::new("the programs", built), rust(workspace, &setting)?];
    outcomes.extend(plugins_natively(workspace, &setting)?);
    if built {
        outcomes.extend(node(workspace, &setting)?);
    }
    outcomes.extend(typescript(workspace, &setting)?);
    if built && setting.filter.is_none() {
        outcomes.extend(soaks(workspace, &cluster)?);
    }
    drop(cluster);
    summary(&outcomes)
}

fn rust(workspace: &Workspace, setting: &Setting) -> anyhow::Result<Outcome> {
    terminal::step("cargo test --workspace");
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--workspace", "--no-fail-fast"]).args(&setting.filter);
    cargo.envs(setting.variables.iter().map(|(name, value)| (*name, value)));
    let (passed, failures) = heard::run(&mut cargo)?;
    Ok(Outcome { failures, ..Outcome::new("cargo test --workspace", passed) })
}

/// The plugins in Rust, each by its own tests. They are no members of the workspace, and build into a folder of their own.
fn plugins_natively(workspace: &Workspace, setting: &Setting) -> anyhow::Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    for folder in plugins::crates(&workspace.root)? {
        let what = format!("native tests of {}", folder.strip_prefix(&workspace.root).unwrap_or(&folder).display());
        terminal::step(&what);
        let mut cargo = workspace.cargo();
        cargo.current_dir(&folder).args(["test", "--quiet"]).args(&setting.filter);
        cargo.env("CARGO_TARGET_DIR", workspace.target.join("plugins-native"));
        let passed = program::succeeds(&mut cargo)?;
        outcomes.push(Outcome::new(what, passed));
    }
    Ok(outcomes)
}

fn node(workspace: &Workspace, setting: &Setting) -> anyhow::Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    for package in NODE_PACKAGES {
        let folder = workspace.root.join(package);
        if !folder.join("package.json").try_exists()? {
            continue;
        }
        terminal::step(&format!("the Node tests of {package}"));
        let passed = node_package(&folder, setting)?;
        outcomes.push(Outcome::new(format!("Node tests of {package}"), passed));
    }
    Ok(outcomes)
}

/// The SDK for TypeScript and its plugins, each by its own tests.
fn typescript(workspace: &Workspace, setting: &Setting) -> anyhow::Result<Vec<Outcome>> {
    let typescript = TypeScript::ready(workspace)?;
    let mut outcomes = Vec::new();
    for folder in std::iter::once(workspace.root.join(typescript::SDK)).chain(plugins::in_typescript(&workspace.root)?) {
        let what = format!("TypeScript tests of {}", folder.strip_prefix(&workspace.root).unwrap_or(&folder).display());
        terminal::step(&what);
        let passed = typescript.test(&folder, setting.filter.as_deref())?;
        outcomes.push(Outcome::new(what, passed));
    }
    Ok(outcomes)
}

/// The short forms of the long checks; `cargo xtask soak` runs the long ones.
fn soaks(workspace: &Workspace, cluster: &Cluster) -> anyhow::Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    for words in &SOAKS {
        let what = format!("soak {}", words.join(" "));
        terminal::step(&what);
        let passed = program::succeeds(bench::worker(workspace, "dev", cluster)?.arg("soak").args(words.iter()))?;
        outcomes.push(Outcome::new(what, passed));
    }
    Ok(outcomes)
}

fn node_package(folder: &Path, setting: &Setting) -> anyhow::Result<bool> {
    if !install_packages(folder, "ci")? {
        return Ok(false);
    }
    let mut npm = Command::new("npm");
    npm.args(["test", "--silent"]).current_dir(folder);
    if let Some(filter) = &setting.filter {
        npm.args(["--", &format!("--test-name-pattern={filter}")]);
    }
    npm.envs(setting.variables.iter().map(|(name, value)| (*name, value)));
    program::succeeds(&mut npm)
}

/// `npm ci` (or `install`), unless the installed packages are those of the lock file already.
pub(crate) fn install_packages(folder: &Path, verb: &str) -> anyhow::Result<bool> {
    let stamp = folder.join("node_modules/.tenon-lock");
    let lock = std::fs::read(folder.join("package-lock.json"))?;
    if std::fs::read(&stamp).is_ok_and(|old| old == lock) {
        return Ok(true);
    }
    let mut npm = Command::new("npm");
    npm.args([verb, "--no-audit", "--no-fund"]).current_dir(folder);
    let installed = program::succeeds(&mut npm)?;
    if installed {
        std::fs::write(stamp, lock)?;
    }
    Ok(installed)
}

fn summary(outcomes: &[Outcome]) -> anyhow::Result<()> {
    terminal::step("summary");
    for outcome in outcomes {
        let word = if outcome.passed { "passed" } else { "FAILED" };
        terminal::result(&format!("{word}: {}", outcome.what));
        for line in &outcome.failures {
            terminal::result(&format!("    {line}"));
        }
    }
    if variable(REAL_DATA_VARIABLE).is_none() {
        terminal::result(&format!("NOT RUN: real pipeline (set {REAL_DATA_VARIABLE} to the folder of the data set)"));
    }
    let failed = outcomes.iter().filter(|outcome| !outcome.passed).count();
    if failed > 0 {
        bail!("{failed} of {} parts failed", outcomes.len());
    }
    Ok(())
}
