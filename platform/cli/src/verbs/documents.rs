//! `tenon documents push`: documents become known by their hashes.

use std::path::Path;

use anyhow::Context as _;
use serde_json::json;
use tenon_value::Json;

use crate::args::Args;
use crate::client::Client;
use crate::output::{Exit, Output, Usage};

/// Documents of one call; the server takes no more.
const AT_ONCE: usize = 1_000;

/// Registers the documents of a file.
pub(crate) fn push(args: &Args, output: &Output, file: &Path) -> anyhow::Result<Exit> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))?;
    let is_json = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let documents = if is_json { texts(&serde_json::from_str(&text)?)? } else { vec![text] };
    let client = Client::new(args)?;
    let (mut ids, mut new) = (Vec::new(), 0);
    for some in documents.chunks(AT_ONCE) {
        let answer = client.send("POST", "documents", Some(&json!({ "documents": some })))?;
        ids.extend(answer.get("documents").and_then(Json::as_array).cloned().unwrap_or_default());
        new += answer.get("new").and_then(Json::as_u64).unwrap_or_default();
    }
    let words = ids.iter().filter_map(Json::as_str).collect::<Vec<_>>().join("\n");
    output.result(&json!({ "new": new, "documents": ids }), words);
    Ok(Exit::Done)
}

/// The texts of a JSON file: a list of texts, a map of them, or Apollo's manifest.
fn texts(json: &Json) -> anyhow::Result<Vec<String>> {
    let text = |json: &Json| json.as_str().map(str::to_owned);
    let found: Option<Vec<String>> = match json {
        Json::Array(list) => list.iter().map(text).collect(),
        Json::Object(members) => match members.get("operations").and_then(Json::as_array) {
            Some(operations) => operations.iter().map(|operation| operation.get("body").and_then(text)).collect(),
            None => members.values().map(text).collect(),
        },
        _ => None,
    };
    found.ok_or_else(|| Usage("the file is no list or map of documents, and no persisted query manifest").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_list_is_read() {
        let manifest = json!({ "format": "apollo-persisted-query-manifest", "version": 1, "operations": [{ "id": "x", "name": "A", "type": "query", "body": "{a}" }] });
        for form in [json!(["{a}"]), json!({ "sha": "{a}" }), manifest] {
            assert_eq!(texts(&form).unwrap(), ["{a}"]);
        }
        assert!(texts(&json!([1])).is_err() && texts(&json!("x")).is_err());
    }
}
