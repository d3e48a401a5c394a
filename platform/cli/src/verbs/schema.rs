//! `tenon schema`: the tenant's GraphQL schema as this key sees it, what changed in it, and who uses what of it.

use std::path::Path;

use anyhow::Context as _;
use serde_json::json;
use tenon_graphql::{Effect, schema_diff};
use tenon_value::Json;

use crate::args::Args;
use crate::client::Client;
use crate::output::{Exit, Output};

const USAGE: &str = "query ($days: Int, $of: String, $former: Boolean!) { schemaUsage(days: $days, coordinate: $of, former: $former) { \
     coordinate former kind key display uses first last } }";

/// Prints the schema.
pub(crate) fn print(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let sdl = Client::new(args)?.text("schema.graphql")?;
    output.result(&Json::from(sdl.as_str()), sdl.trim_end());
    Ok(Exit::Done)
}

/// Compares a file with the schema as it is; exit 1 where something breaks.
pub(crate) fn diff(args: &Args, output: &Output, file: &Path) -> anyhow::Result<Exit> {
    let before = std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))?;
    let after = Client::new(args)?.text("schema.graphql")?;
    // Of the two only the file can be wrong.
    let changes = schema_diff(&before, &after).map_err(|problem| {
        let place = problem.location.map_or_else(String::new, |(line, column)| format!(":{line}:{column}"));
        anyhow::anyhow!("`{}{place}`: {}", file.display(), problem.message.en)
    })?;
    let json: Vec<Json> = (changes.iter())
        .map(|change| json!({ "effect": change.effect.word(), "coordinate": change.coordinate, "what": change.what }))
        .collect();
    let words: Vec<String> =
        changes.iter().map(|change| format!("{:<10} {}: {}", change.effect.word(), change.coordinate, change.what)).collect();
    let breaking = changes.iter().filter(|change| change.effect == Effect::Breaking).count();
    output.result(
        &json!({ "breaking": breaking, "changes": json }),
        if words.is_empty() { "nothing changed".to_owned() } else { words.join("\n") },
    );
    Ok(if breaking > 0 { Exit::Failed } else { Exit::Done })
}

/// Tells who uses what of it.
pub(crate) fn usage(args: &Args, output: &Output, (of, days, former): (Option<&str>, u32, bool)) -> anyhow::Result<Exit> {
    let variables = json!({ "days": days, "of": of, "former": former });
    let told = Client::new(args)?.data("metadata", USAGE, &variables)?.get("schemaUsage").cloned().unwrap_or_default();
    let word =
        |one: &Json, key: &str| one.get(key).map_or_else(String::new, |word| word.as_str().map_or_else(|| word.to_string(), str::to_owned));
    let line = |one: &Json| {
        let mark = if one.get("former").and_then(Json::as_bool) == Some(true) { " (former name)" } else { "" };
        format!("{}{mark}  {} by {}, last on {}", word(one, "coordinate"), word(one, "uses"), word(one, "display"), word(one, "last"))
    };
    let lines: Vec<String> = told.as_array().into_iter().flatten().map(line).collect();
    output.result(&told, if lines.is_empty() { "nobody uses it".to_owned() } else { lines.join("\n") });
    Ok(Exit::Done)
}
