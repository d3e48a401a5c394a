//! `tenon plugin test`: native tests by the language's own tool, then host tests in a server that is nobody else's.
//!
//! It keeps compiled components in `target/tenon-test` of the package, so that the second run is quick; tenants are thrown away.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use plugin_build::Node;
use tenon_packages::Bundle;
use tenon_plugin_host::Trace;
use tenon_server::{Engine, HostTestOutcome, HostTests, ServeConfig};

use super::{build_if_any, bundle_of, is_package, node, pack};
use crate::output::{Exit, Output};

/// Native tests unless only the host's are wanted; host tests where there are any.
pub(super) async fn test(output: &Output, dir: &Path, (host, with): (bool, &[PathBuf])) -> anyhow::Result<Exit> {
    is_package(dir)?;
    if !host && !native(output, dir)? {
        return Ok(Exit::Failed);
    }
    build_if_any(output, dir)?;
    let bundle = pack(dir)?;
    if bundle.host_tests().map_err(super::wrong)?.is_empty() {
        output.say("there are no host tests (tests/*.yaml)");
        return Ok(Exit::Done);
    }
    let beside = with.iter().map(|file| bundle_of(file)).collect::<anyhow::Result<Vec<_>>>()?;
    let outcomes = stage(dir).await?.play(&bundle, &beside).await?;
    let failed = outcomes.iter().filter(|one| one.failure.is_some()).count();
    let lines: Vec<String> = outcomes.iter().map(line).collect();
    let tests = if outcomes.len() == 1 { "host test" } else { "host tests" };
    let sum = format!("{} {tests}: {} passed, {failed} failed", outcomes.len(), outcomes.len() - failed);
    output.result(&outcomes.iter().map(HostTestOutcome::json).collect(), format!("{}\n{sum}", lines.join("\n")));
    Ok(if failed == 0 { Exit::Done } else { Exit::Failed })
}

/// Plays a package's host tests, and keeps each call of its plugin.
pub(super) async fn calls(dir: &Path, bundle: &Bundle, beside: &[Bundle]) -> anyhow::Result<Vec<(HostTestOutcome, Vec<Arc<Trace>>)>> {
    stage(dir).await?.calls(bundle, beside).await
}

/// Over a data directory that nobody else uses meanwhile.
async fn stage(dir: &Path) -> anyhow::Result<HostTests> {
    let data = std::path::absolute(dir)?.join("target/tenon-test");
    std::fs::create_dir_all(&data)?;
    let config = ServeConfig { unsigned_packages: true, ..ServeConfig::new(&data) };
    HostTests::new(Arc::new(Engine::open(&config).await?)).await
}

fn line(outcome: &HostTestOutcome) -> String {
    match &outcome.failure {
        None => format!("ok      {}: {} ({} fuel)", outcome.path, outcome.name, outcome.fuel),
        Some(failure) => format!("FAILED  {}: {}\n        {failure}", outcome.path, outcome.name),
    }
}

fn native(output: &Output, dir: &Path) -> anyhow::Result<bool> {
    if Node::is_of(dir) {
        node(output, dir)?.test(dir, None, None)
    } else if dir.join("Cargo.toml").try_exists()? {
        plugin_build::program::succeeds(Command::new("cargo").arg("test").current_dir(dir))
    } else {
        // Metadata alone has nothing to run.
        Ok(true)
    }
}
