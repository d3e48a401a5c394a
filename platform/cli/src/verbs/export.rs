//! `tenon export`: asks for an export and writes its file as it is made.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use serde_json::json;
use tenon_value::Json;

use crate::args::Args;
use crate::client::Client;
use crate::output::{Exit, Output, Usage};

/// What is taken out, and where to.
pub(crate) struct Wanted<'a> {
    pub(crate) object: &'a str,
    pub(crate) format: &'a str,
    pub(crate) columns: &'a [String],
    /// The GraphQL filter, as JSON.
    pub(crate) filter: Option<&'a str>,
    /// The GraphQL order, as JSON.
    pub(crate) order_by: Option<&'a str>,
    pub(crate) locale: Option<&'a str>,
    pub(crate) labels: bool,
    pub(crate) out: Option<&'a Path>,
}

/// Exports.
pub(crate) fn export(args: &Args, output: &Output, wanted: &Wanted<'_>) -> anyhow::Result<Exit> {
    let client = Client::new(args)?;
    let parsed = |text: Option<&str>| -> anyhow::Result<Json> {
        text.map_or(Ok(Json::Null), |text| serde_json::from_str(text).map_err(|_| Usage("`--filter` and `--order-by` are JSON").into()))
    };
    let request = json!({
        "object": wanted.object, "format": wanted.format, "columns": wanted.columns, "filter": parsed(wanted.filter)?,
        "orderBy": parsed(wanted.order_by)?, "locale": wanted.locale, "labels": wanted.labels,
    });
    let begun = client.send("POST", "exports", Some(&request))?;
    let id = begun.get("id").and_then(Json::as_str).context("the server did not name the export")?;
    let written = match wanted.out {
        Some(path) => {
            let mut file = std::fs::File::create(path).with_context(|| format!("cannot write `{}`", path.display()))?;
            let written = client.copy(&format!("exports/{id}/data"), &mut file)?;
            file.flush()?;
            written
        }
        None => client.copy(&format!("exports/{id}/data"), &mut std::io::stdout().lock())?,
    };
    let job = client.json(&format!("exports/{id}"))?;
    output.say(format!("{} records, {written} bytes", job.get("done").and_then(Json::as_u64).unwrap_or_default()));
    Ok(Exit::Done)
}
