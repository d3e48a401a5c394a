//! `tenon plugin new`: a package that builds, with the SDK beside it, so that nothing of this repository is needed.

use std::path::Path;

use anyhow::{Context as _, bail};
use rust_embed::RustEmbed;
use serde_json::json;
use tenon_value::Name;

use crate::output::{Exit, Output};

/// The SDK for Rust, as this program was built with it.
#[derive(RustEmbed)]
#[folder = "../../sdk/rust"]
#[include = "Cargo.toml"]
#[include = "src/**"]
struct Sdk;

/// The contract.
#[derive(RustEmbed)]
#[folder = "../../sdk/wit"]
struct Contract;

/// What a new package begins with.
#[derive(RustEmbed)]
#[folder = "template"]
struct Template;

/// Where versions of what the SDK needs are written down.
const WORKSPACE: &str = include_str!("../../../../../Cargo.toml");

/// Writes a new package into a folder of its name.
pub(super) fn new(output: &Output, name: &str, publisher: Option<&str>) -> anyhow::Result<Exit> {
    if let Err(error) = Name::check(name) {
        bail!("`{name}` is no name of a package: {error}");
    }
    let folder = Path::new(name);
    if folder.try_exists()? {
        bail!("`{name}` is there already");
    }
    let publisher = publisher.unwrap_or_else(|| name.split('_').next().unwrap_or(name));
    for path in Template::iter() {
        let file = Template::get(&path).context("a file of the template")?;
        let text = String::from_utf8_lossy(&file.data).replace("acme_score", name).replace("acme_publisher", publisher);
        // A manifest called as cargo calls it would be a crate of our own repository.
        put(&folder.join(path.trim_end_matches(".in")), text.as_bytes())?;
    }
    for path in Sdk::iter() {
        let file = Sdk::get(&path).context("a file of the SDK")?;
        let place = folder.join("vendor/tenon-sdk").join(path.as_ref());
        if path == "Cargo.toml" {
            put(&place, standing_alone(&String::from_utf8_lossy(&file.data)).as_bytes())?;
        } else {
            put(&place, &file.data)?;
        }
    }
    for path in Contract::iter() {
        let file = Contract::get(&path).context("a file of the contract")?;
        put(&folder.join("vendor/wit").join(path.as_ref()), &file.data)?;
    }
    let next = format!(
        "cd {name}\ntenon plugin test      # its own tests, natively\ntenon plugin dev       # a tenant with it, anew at every save"
    );
    output.result(&json!({ "folder": name }), format!("{name}/ is there. Next:\n{next}"));
    Ok(Exit::Done)
}

fn put(place: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::create_dir_all(place.parent().context("a file lies in a folder")?)?;
    std::fs::write(place, bytes).with_context(|| format!("cannot write `{}`", place.display()))
}

/// A manifest of our workspace as one that needs none: what it inherits is written out.
fn standing_alone(manifest: &str) -> String {
    let (lints, _) = manifest.split_once("[lints]").unwrap_or((manifest, ""));
    let line = |line: &str| match line.split_once(".workspace = true") {
        None => line.to_owned(),
        Some((key, _)) => inherited(key).map_or_else(|| line.to_owned(), |value| format!("{key} = {value}")),
    };
    let lines: Vec<String> = lints.lines().map(line).collect();
    format!("{}\n", lines.join("\n").trim_end())
}

/// What the workspace says of a key.
fn inherited(key: &str) -> Option<&'static str> {
    let of = |line: &'static str| line.strip_prefix(key)?.trim_start().strip_prefix('=').map(str::trim);
    WORKSPACE.lines().find_map(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdk_stands_alone() {
        let manifest = standing_alone(&String::from_utf8_lossy(&Sdk::get("Cargo.toml").unwrap().data));
        assert!(!manifest.contains("workspace"), "{manifest}");
        assert!(manifest.contains("wit-bindgen = {") && manifest.contains("version = \"0."), "{manifest}");
        assert!(Sdk::iter().any(|path| path == "src/lib.rs") && Contract::iter().any(|path| path.ends_with("worlds.wit")));
    }
}
