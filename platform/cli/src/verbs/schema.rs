//! `tenon schema`: the tenant's GraphQL schema as this key sees it, and what changed in it.

use std::path::Path;

use anyhow::Context as _;
use serde_json::json;
use tenon_graphql::{Effect, schema_diff};
use tenon_value::Json;

use crate::args::Args;
use crate::client::Client;
use crate::output::{Exit, Output};

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
