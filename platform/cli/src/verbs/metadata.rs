//! `tenon plan`, `apply`, `pull`: a tenant's metadata as files.

use std::path::Path;

use anyhow::Context as _;
use serde_json::json;
use tenon_compiler::SourceFile;
use tenon_value::Json;

use crate::args::Args;
use crate::client::{Client, Refused};
use crate::files;
use crate::output::{Exit, Output};

const PLAN: &str = "mutation ($files: [FileInput!], $prune: Boolean) { plan(files: $files, prune: $prune) {
  hash base empty risk expiresAt
  operations { path op risk api rows violations before after text }
  diagnostics { code severity message file line column endLine endColumn help } } }";
const APPLY: &str =
    "mutation ($plan: String!, $confirm: [String!]) { apply(plan: $plan, confirm: $confirm) { version operations { path op text } } }";
const PULL: &str = "query ($layer: String!) { pull(layer: $layer) { path text } }";

/// Shows what would change.
pub(crate) fn plan(args: &Args, output: &Output, dir: &Path, prune: bool, how: (Option<&Path>, bool)) -> anyhow::Result<Exit> {
    let (out, exit_code) = how;
    let files = files::read(dir)?;
    let plan = made(&Client::new(args)?, &files, prune)?;
    if let Some(out) = out {
        std::fs::write(out, serde_json::to_string_pretty(&plan)?).with_context(|| format!("cannot write `{}`", out.display()))?;
    }
    output.mistakes(plan.clone(), diagnostics(&plan), words(&plan, &files));
    Ok(match (has_errors(&plan), is_empty(&plan)) {
        (true, _) => Exit::Failed,
        (false, false) if exit_code => Exit::Changes,
        _ => Exit::Done,
    })
}

/// Applies the files.
pub(crate) fn apply(args: &Args, output: &Output, dir: &Path, prune: bool, how: (Option<&str>, &[String])) -> anyhow::Result<Exit> {
    let (wanted, confirm) = how;
    let files = files::read(dir)?;
    let client = Client::new(args)?;
    let plan = made(&client, &files, prune)?;
    if has_errors(&plan) {
        output.mistakes(plan.clone(), diagnostics(&plan), words(&plan, &files));
        return Ok(Exit::Failed);
    }
    let hash = plan.get("hash").and_then(Json::as_str).unwrap_or_default();
    if wanted.is_some_and(|wanted| wanted != hash) {
        return Err(Refused::stale_plan().into());
    }
    if is_empty(&plan) {
        output.result(&json!({ "version": plan.get("base"), "operations": [] }), "nothing to do");
        return Ok(Exit::Done);
    }
    output.say(words(&plan, &files));
    let applied = client.data("metadata", APPLY, &json!({ "plan": hash, "confirm": confirm }))?;
    let applied = applied.get("apply").cloned().unwrap_or_default();
    let version = applied.get("version").cloned().unwrap_or_default();
    output.result(&applied, format!("applied: model version {version}"));
    Ok(Exit::Done)
}

/// Writes the tenant's metadata into files.
pub(crate) fn pull(args: &Args, output: &Output, dir: &Path, layer: &str) -> anyhow::Result<Exit> {
    let pulled = Client::new(args)?.data("metadata", PULL, &json!({ "layer": layer }))?;
    let mut written = Vec::new();
    for file in pulled.get("pull").and_then(Json::as_array).into_iter().flatten() {
        let text = |name: &str| file.get(name).and_then(Json::as_str).unwrap_or_default();
        written.push(files::write(dir, text("path"), text("text"))?.display().to_string());
    }
    let words = if written.is_empty() { format!("layer `{layer}` has nothing to write") } else { written.join("\n") };
    output.result(&json!({ "files": written }), words);
    Ok(Exit::Done)
}

fn made(client: &Client, files: &[SourceFile], prune: bool) -> anyhow::Result<Json> {
    let files: Vec<Json> = files.iter().map(|file| json!({ "path": file.path, "text": file.text })).collect();
    let mut answer = client.data("metadata", PLAN, &json!({ "files": files, "prune": prune }))?;
    Ok(answer.get_mut("plan").map(Json::take).unwrap_or_default())
}

fn is_empty(plan: &Json) -> bool {
    plan.get("empty").and_then(Json::as_bool).unwrap_or_default()
}

fn diagnostics(plan: &Json) -> &[Json] {
    plan.get("diagnostics").and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

fn has_errors(plan: &Json) -> bool {
    diagnostics(plan).iter().any(|diagnostic| diagnostic.get("severity") == Some(&Json::from("error")))
}

/// The plan as a person reads it: mistakes first, then operations with their risk.
fn words(plan: &Json, files: &[SourceFile]) -> String {
    let mut words = String::new();
    for diagnostic in diagnostics(plan) {
        words += &super::check::render(diagnostic, files);
        words.push('\n');
    }
    for operation in plan.get("operations").and_then(Json::as_array).into_iter().flatten() {
        let text = |name: &str| operation.get(name).and_then(Json::as_str).unwrap_or_default();
        words += &format!("{:<12} {}\n", text("risk"), text("text"));
    }
    if words.is_empty() {
        words.push_str("nothing to do\n");
    } else if let Some(hash) = plan.get("hash").and_then(Json::as_str).filter(|_| !has_errors(plan)) {
        words += &format!("plan {hash}\n");
    }
    words.trim_end().to_owned()
}
