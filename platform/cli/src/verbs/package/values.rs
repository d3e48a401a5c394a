//! `tenon package set` and `tenon package secret`: what an administrator gives a package.

use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::json;
use tenon_value::Json;

use super::{items, read, refused, text};
use crate::client::Client;
use crate::output::Output;

const GIVEN: &str = "{ packages { name settings { name type label default value } secrets { name uses why isSet updatedBy updatedAt } } }";
const SET: &str = "mutation ($package: String!, $name: String!, $value: JSON) {
    setPackageSetting(package: $package, name: $name, value: $value) { version } }";
const SECRET: &str = "mutation ($package: String!, $name: String!, $secret: String) {
    setPackageSecret(package: $package, name: $name, secret: $secret) { version } }";

/// Sets settings one by one, or shows them.
pub(super) fn set(client: &Client, output: &Output, package: &str, values: &[String]) -> anyhow::Result<()> {
    if values.is_empty() {
        let settings = given(client, package)?.get("settings").cloned().unwrap_or_default();
        let line = |one: &Json| {
            let value = one.get("value").filter(|value| !value.is_null()).or_else(|| one.get("default"));
            format!("{} = {}  ({})", text(one, "name"), value.unwrap_or(&Json::Null), text(one, "type"))
        };
        let lines: Vec<String> = items(Some(&settings)).map(line).collect();
        output.result(&settings, lines.join("\n"));
        return Ok(());
    }
    for one in values {
        let Some((name, value)) = one.split_once('=') else {
            return Err(refused("package/value", &format!("write `{one}` as NAME=VALUE")).into());
        };
        // What is no JSON is a text: `city=Bonn` needs no quotes.
        let value = match value {
            "" => Json::Null,
            value => value.parse().unwrap_or_else(|_| Json::from(value)),
        };
        client.data("metadata", SET, &json!({ "package": package, "name": name, "value": value }))?;
        output.result(&json!({ "package": package, "name": name, "value": value }), format!("{package}: {name} = {value}"));
    }
    Ok(())
}

/// Sets or forgets a secret, or shows which are set.
pub(super) fn secret(
    client: &Client,
    output: &Output,
    (package, name): (&str, Option<&str>),
    (file, forget): (Option<&Path>, bool),
) -> anyhow::Result<()> {
    let Some(name) = name else {
        let secrets = given(client, package)?.get("secrets").cloned().unwrap_or_default();
        let line = |one: &Json| {
            let is_set = one.get("isSet").and_then(Json::as_bool).unwrap_or_default();
            format!("{}  {}", text(one, "name"), if is_set { text(one, "updatedAt") } else { "not set" })
        };
        let lines: Vec<String> = items(Some(&secrets)).map(line).collect();
        output.result(&secrets, lines.join("\n"));
        return Ok(());
    };
    let value = match (forget, file) {
        (true, _) => Json::Null,
        (false, Some(file)) => Json::from(plain(read(file)?)?),
        (false, None) => {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).context("cannot read the secret from stdin")?;
            Json::from(plain(bytes)?)
        }
    };
    client.data("metadata", SECRET, &json!({ "package": package, "name": name, "secret": value }))?;
    let words = if forget { "is forgotten" } else { "is set" };
    output.result(&json!({ "package": package, "name": name, "isSet": !forget }), format!("{package}: the secret `{name}` {words}"));
    Ok(())
}

/// A secret as it was written, without the line's end an editor leaves.
fn plain(bytes: Vec<u8>) -> anyhow::Result<String> {
    let text = String::from_utf8(bytes).context("the secret is no text")?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

fn given(client: &Client, package: &str) -> anyhow::Result<Json> {
    let all = client.data("metadata", GIVEN, &json!({}))?.get("packages").cloned().unwrap_or_default();
    let found = items(Some(&all)).find(|one| text(one, "name") == package).cloned();
    found.with_context(|| format!("there is no package `{package}`"))
}
