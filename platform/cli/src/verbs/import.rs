//! `tenon import`: uploads a file, watches the import, prints what became of it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;
use tenon_value::Json;
use ureq::unversioned::multipart::Form;

use crate::args::Args;
use crate::client::Client;
use crate::output::{Exit, Output, Usage};

/// How soon the import is looked at again: soon at first, so that nobody waits for what has ended, then ever more rarely.
const LOOK_FIRST: Duration = Duration::from_millis(20);
const LOOK_LAST: Duration = Duration::from_millis(250);

/// What is imported, and how.
pub(crate) struct Upload<'a> {
    pub(crate) object: Option<&'a str>,
    pub(crate) mapping: Option<&'a Path>,
    pub(crate) file: Option<&'a Path>,
    /// Nothing new: an import that is to go on.
    pub(crate) resume: Option<&'a str>,
    pub(crate) dry_run: bool,
    pub(crate) on_match: Option<&'a str>,
    pub(crate) error_file: Option<&'a Path>,
}

/// Imports; exit 4 where some rows failed, 1 where the import itself did.
pub(crate) fn import(args: &Args, output: &Output, upload: &Upload<'_>) -> anyhow::Result<Exit> {
    let client = Client::new(args)?;
    let id = match upload.resume {
        Some(id) => go_on(&client, id)?,
        None => send(&client, upload)?,
    };
    let state = watch(&client, output, &id)?;
    report(&client, output, upload, &id, &state)
}

/// Sends the files; the import's id.
fn send(client: &Client, upload: &Upload<'_>) -> anyhow::Result<String> {
    let (Some(object), Some(mapping), Some(file)) = (upload.object, upload.mapping, upload.file) else {
        return Err(Usage("name object, mapping and data, or an import: --resume ID").into());
    };
    let form = Form::new()
        .file("mapping", mapping)
        .with_context(|| format!("cannot read `{}`", mapping.display()))?
        .file("data", file)
        .with_context(|| format!("cannot read `{}`", file.display()))?;
    let on_match = upload.on_match.map_or_else(String::new, |on_match| format!("&onMatch={on_match}"));
    let begun = client.form(&format!("imports?object={object}&dryRun={}{on_match}", upload.dry_run), form)?;
    Ok(begun.get("id").and_then(Json::as_str).context("the server did not name the import")?.to_owned())
}

/// Lets an import go on that rests, has failed or was cancelled; one that runs or is done is watched as it is.
fn go_on(client: &Client, id: &str) -> anyhow::Result<String> {
    let state = client.json(&format!("imports/{id}"))?;
    let wish = match state.get("state").and_then(Json::as_str) {
        Some("PAUSED") => "resume",
        Some("FAILED" | "CANCELLED") => "retry",
        _ => return Ok(id.to_owned()),
    };
    client.send("POST", &format!("imports/{id}/{wish}"), None)?;
    Ok(id.to_owned())
}

/// Looks at the import until it ends.
fn watch(client: &Client, output: &Output, id: &str) -> anyhow::Result<Json> {
    let mut wait = LOOK_FIRST;
    loop {
        let state = client.json(&format!("imports/{id}"))?;
        let number = |name: &str| state.get(name).and_then(Json::as_u64).unwrap_or_default();
        match state.get("state").and_then(Json::as_str) {
            Some("WAITING" | "RUNNING") => {
                let rows = number("created") + number("updated") + number("unchanged") + number("skipped") + number("failed");
                let eta = state.get("etaSeconds").and_then(Json::as_u64).map_or_else(String::new, |eta| format!(", {eta} s left"));
                output.progress(format_args!("{rows} rows, {} rows/s{eta}", number("rowsPerSecond")));
            }
            _ => {
                output.progress("");
                return Ok(state);
            }
        }
        std::thread::sleep(wait);
        wait = LOOK_LAST.min(wait.mul_f64(1.5));
    }
}

/// Prints the result and fetches the rows that failed.
fn report(client: &Client, output: &Output, upload: &Upload<'_>, id: &str, state: &Json) -> anyhow::Result<Exit> {
    if let Some(error) = state.get("error").filter(|error| !error.is_null()) {
        return Err(crate::client::Refused { error: error.clone() }.into());
    }
    let number = |name: &str| state.get(name).and_then(Json::as_u64).unwrap_or_default();
    let failed = number("failed");
    let error_file = if failed > 0 {
        let target = upload.error_file.map_or_else(|| beside(upload.file, id), Path::to_path_buf);
        std::fs::write(&target, client.text(&format!("imports/{id}/errors.csv"))?)
            .with_context(|| format!("cannot write `{}`", target.display()))?;
        Some(target.display().to_string())
    } else {
        None
    };
    let result = json!({
        "created": number("created"), "updated": number("updated"), "unchanged": number("unchanged"), "skipped": number("skipped"), "failed": failed,
        "errorFile": error_file, "replaced": state.get("replaced"), "missing": state.get("missing"),
    });
    let mut words = format!(
        "created {}, updated {}, unchanged {}, skipped {}, failed {failed}",
        number("created"),
        number("updated"),
        number("unchanged"),
        number("skipped")
    );
    if let Some(file) = &error_file {
        words += &format!("\nrows that failed: {file}");
    }
    output.result(&result, words);
    Ok(if failed > 0 { Exit::Partial } else { Exit::Done })
}

/// `deals.csv` → `deals.errors.csv`; without the data, after the import.
fn beside(file: Option<&Path>, id: &str) -> PathBuf {
    file.map_or_else(|| PathBuf::from(format!("{id}.errors.csv")), |file| file.with_extension("errors.csv"))
}
