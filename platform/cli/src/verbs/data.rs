//! `tenon query`.

use anyhow::Context as _;
use serde_json::Map;
use tenon_value::Json;

use crate::args::Args;
use crate::client::{Client, refused};
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
    let mut answer = Client::new(args)?.graphql("graphql", &document, &Json::Object(values))?;
    let words = serde_json::to_string_pretty(&answer)?;
    let failure = answer.pointer("/errors/0").map(|first| refused(first).error);
    let exit = if failure.is_some() { Exit::Failed } else { Exit::Done };
    // Programs find a failure where every verb has it, beside the answer itself.
    if let (Some(failure), Some(members)) = (failure, answer.as_object_mut()) {
        members.insert("error".to_owned(), failure);
    }
    output.result(&answer, words);
    Ok(exit)
}
