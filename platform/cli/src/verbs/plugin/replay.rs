//! `tenon plugin replay`: a call that failed in a tenant, run again here, with all that the host had told it.
//!
//! No database and no network: a trace and a component are all it takes. With the component that failed everything must be the same,
//! byte for byte; with its author's next try the question is whether it still breaks.

use std::path::Path;

use anyhow::Context as _;
use serde_json::json;
use tenon_packages::COMPONENT;
use tenon_plugin_host::{PluginHost, Replayed, Trace};

use super::{build_if_any, is_package, name_of, package};
use crate::args::Args;
use crate::client::Client;
use crate::output::{Exit, Output};

/// Asks for a call, written down.
const TRACE: &str = "query ($package: String!, $id: ID!) { packageTrace(package: $package, id: $id) }";

/// Runs it again, and says what differs.
pub(super) async fn replay(
    args: &Args,
    output: &Output,
    call: &str,
    (dir, component, save): (&Path, Option<&Path>, Option<&Path>),
) -> anyhow::Result<Exit> {
    let json = trace_of(args, call, dir)?;
    if let Some(file) = save {
        plugin_build::write_if_changed(file, json.as_bytes())?;
        output.say(format!("the call is kept in {}", file.display()));
    }
    let trace = Trace::read(&json).map_err(|error| package::refused("plugin/trace", &error.to_string()))?;
    if !trace.whole {
        output.say("more passed between it and the host than is kept: it will stray where the recording ends");
    }
    let component = match component {
        Some(file) => package::read(file)?,
        None => {
            is_package(dir)?;
            build_if_any(output, dir)?;
            package::read(&dir.join(COMPONENT))?
        }
    };
    let replayed = PluginHost::new()?.player(&component, &trace)?.play(&trace).await?;
    let words = told(&trace, &replayed).join("\n");
    let result = json!({
        "call": trace.id, "package": trace.package, "version": trace.version, "phase": trace.phase(), "about": trace.about,
        "then": trace.words(), "now": replayed.words, "broke": replayed.broke, "sameComponent": replayed.same_component,
        "differences": replayed.differences, "lines": replayed.lines, "fuel": replayed.fuel, "fuelThen": trace.spent,
    });
    output.result(&result, words);
    // Where it is the same component, the recording must hold; where it is another, it must not break.
    let is_well = if replayed.same_component { replayed.differences.is_empty() } else { !replayed.broke };
    Ok(if is_well { Exit::Done } else { Exit::Failed })
}

/// The trace: a file, or asked of the tenant's server.
fn trace_of(args: &Args, call: &str, dir: &Path) -> anyhow::Result<String> {
    let file = Path::new(call);
    if file.is_file() {
        return std::fs::read_to_string(file).with_context(|| format!("cannot read `{call}`"));
    }
    let package = name_of(dir)?;
    let answer = Client::new(args)?.data("metadata", TRACE, &json!({ "package": package, "id": call }))?;
    answer.get("packageTrace").and_then(|trace| trace.as_str()).map(str::to_owned).context("the server answers no call")
}

/// For people.
fn told(trace: &Trace, replayed: &Replayed) -> Vec<String> {
    let operation = if trace.operation.is_empty() { String::new() } else { format!(" ({})", trace.operation) };
    let mut lines = vec![
        format!("{}@{}  {} of {}{operation}", trace.package, trace.version, trace.phase(), trace.about),
        format!("then  {} ({} fuel)", trace.words(), trace.spent),
        format!("now   {} ({} fuel)", replayed.words, replayed.fuel),
    ];
    lines.extend(replayed.lines.iter().map(|(level, line)| format!("      {level:<5} {line}")));
    lines.extend(replayed.differences.iter().map(|one| format!("differs: {one}")));
    let which = if replayed.same_component { "the component that was recorded" } else { "another component than was recorded" };
    let how = if replayed.differences.is_empty() { ": everything is the same, byte for byte" } else { "" };
    lines.push(format!("{which}{how}"));
    lines
}
