//! `tenon query` and `tenon schema`.

use anyhow::Context as _;
use serde_json::Map;
use tenon_value::Json;

use crate::args::Args;
use crate::client::Client;
use crate::output::{Exit, Output};

/// Runs a document and prints the answer; exit 1 where it has errors.
pub(crate) fn query(args: &Args, output: &Output, document: &str, variables: &[String]) -> anyhow::Result<Exit> {
    let document = match document.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("cannot read `{file}`"))?,
        None => document.to_owned(),
    };
    let mut values = Map::new();
    for variable in variables {
        let (name, value) = variable.split_once('=').with_context(|| format!("`{variable}` is no `name=value`"))?;
        values.insert(name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| Json::from(value)));
    }
    let answer = Client::new(args)?.graphql("graphql", &document, &Json::Object(values))?;
    output.result(&answer, serde_json::to_string_pretty(&answer)?);
    Ok(if answer.get("errors").is_some() { Exit::Failed } else { Exit::Done })
}

/// Prints the schema.
pub(crate) fn schema(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let sdl = Client::new(args)?.text("schema.graphql")?;
    output.result(&Json::from(sdl.as_str()), sdl.trim_end());
    Ok(Exit::Done)
}
