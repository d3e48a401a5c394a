//! `tenon plugin new`: a package that builds, with the SDK beside it, so that nothing of this repository is needed.

use std::path::Path;

use anyhow::{Context as _, bail};
use rust_embed::RustEmbed;
use serde_json::{Value as Json, json};
use tenon_value::Name;

use crate::args::PluginLanguage;
use crate::output::{Exit, Output};

/// The SDK for Rust, as this program was built with it.
#[derive(RustEmbed)]
#[folder = "../../sdk/rust"]
#[include = "Cargo.toml"]
#[include = "src/**"]
struct RustSdk;

/// The SDK for TypeScript.
#[derive(RustEmbed)]
#[folder = "../../sdk/typescript/src"]
#[prefix = "src/"]
struct TypeScriptSdk;

/// What builds and tests plugins in TypeScript.
#[derive(RustEmbed)]
#[folder = "../../sdk/typescript/tool"]
#[prefix = "tool/"]
struct TypeScriptTool;

/// The manifest of that SDK, and what npm has brought where it was tried.
const TYPESCRIPT_PACKAGE: &str = include_str!("../../../../../sdk/typescript/package.json");
const TYPESCRIPT_LOCK: &str = include_str!("../../../../../sdk/typescript/package-lock.json");

/// The contract.
#[derive(RustEmbed)]
#[folder = "../../sdk/wit"]
struct Contract;

/// What a new package begins with, by language.
#[derive(RustEmbed)]
#[folder = "template"]
struct Template;

/// Where versions of what the SDK needs are written down.
const WORKSPACE: &str = include_str!("../../../../../Cargo.toml");
/// Where the SDK for TypeScript lies in a package.
const VENDORED: &str = "vendor/tenon-sdk";

/// Writes a new package into a folder of its name.
pub(super) fn new(output: &Output, name: &str, publisher: Option<&str>, language: PluginLanguage) -> anyhow::Result<Exit> {
    if let Err(error) = Name::check(name) {
        bail!("`{name}` is no name of a package: {error}");
    }
    let folder = Path::new(name);
    if folder.try_exists()? {
        bail!("`{name}` is there already");
    }
    let publisher = publisher.unwrap_or_else(|| name.split('_').next().unwrap_or(name));
    let template = match language {
        PluginLanguage::Rust => "rust/",
        PluginLanguage::Ts => "typescript/",
    };
    for path in Template::iter() {
        let Some(place) = path.strip_prefix(template) else { continue };
        let file = Template::get(&path).context("a file of the template")?;
        let text = String::from_utf8_lossy(&file.data).replace("acme_score", name).replace("acme_publisher", publisher);
        // A manifest called as cargo calls it would be a crate of our own repository.
        put(&folder.join(place.trim_end_matches(".in")), text.as_bytes())?;
    }
    match language {
        PluginLanguage::Rust => vendor_rust(folder)?,
        PluginLanguage::Ts => vendor_typescript(folder, name)?,
    }
    for path in Contract::iter() {
        let file = Contract::get(&path).context("a file of the contract")?;
        put(&folder.join("vendor/wit").join(path.as_ref()), &file.data)?;
    }
    let next = format!(
        "cd {name}\ntenon plugin test      # its own tests, natively and in the real host\ntenon plugin dev       # a tenant with it, anew at every save"
    );
    output.result(&json!({ "folder": name }), format!("{name}/ is there. Next:\n{next}"));
    Ok(Exit::Done)
}

fn vendor_rust(folder: &Path) -> anyhow::Result<()> {
    for path in RustSdk::iter() {
        let file = RustSdk::get(&path).context("a file of the SDK")?;
        let place = folder.join(VENDORED).join(path.as_ref());
        if path == "Cargo.toml" {
            put(&place, standing_alone(&String::from_utf8_lossy(&file.data)).as_bytes())?;
        } else {
            put(&place, &file.data)?;
        }
    }
    Ok(())
}

fn vendor_typescript(folder: &Path, name: &str) -> anyhow::Result<()> {
    let vendored = folder.join(VENDORED);
    for path in TypeScriptSdk::iter() {
        put(&vendored.join(path.as_ref()), &TypeScriptSdk::get(&path).context("a file of the SDK")?.data)?;
    }
    for path in TypeScriptTool::iter() {
        put(&vendored.join(path.as_ref()), &TypeScriptTool::get(&path).context("a file of the SDK's tool")?.data)?;
    }
    put(&vendored.join("package.json"), TYPESCRIPT_PACKAGE.as_bytes())?;
    let own = std::fs::read_to_string(folder.join("package.json"))?;
    let lock = locked(name, &serde_json::from_str(&own)?, serde_json::from_str(TYPESCRIPT_LOCK)?).context("the SDK's lock file")?;
    put(&folder.join("package-lock.json"), format!("{}\n", serde_json::to_string_pretty(&lock)?).as_bytes())
}

/// The SDK's lock file as that of a package which has the SDK in a folder of its own: npm brings exactly what the SDK was tried with.
fn locked(name: &str, own: &Json, mut lock: Json) -> Option<Json> {
    let packages = lock.get_mut("packages")?.as_object_mut()?;
    let mut sdk = packages.remove("")?;
    let mut root = json!({ "name": name, "version": own.get("version")? });
    for key in ["devDependencies", "engines"] {
        root.as_object_mut()?.insert(key.to_owned(), own.get(key)?.clone());
    }
    for package in packages.values_mut().filter_map(Json::as_object_mut) {
        // All of it serves building alone.
        package.insert("dev".to_owned(), Json::Bool(true));
    }
    sdk.as_object_mut()?.insert("dev".to_owned(), Json::Bool(true));
    packages.insert(String::new(), root);
    packages.insert(VENDORED.to_owned(), sdk);
    packages.insert("node_modules/@tenon/sdk".to_owned(), json!({ "resolved": VENDORED, "link": true }));
    let whole = lock.as_object_mut()?;
    whole.insert("name".to_owned(), json!(name));
    whole.insert("version".to_owned(), own.get("version")?.clone());
    Some(lock)
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
    fn the_sdk_for_rust_stands_alone() {
        let manifest = standing_alone(&String::from_utf8_lossy(&RustSdk::get("Cargo.toml").unwrap().data));
        assert!(!manifest.contains("workspace"), "{manifest}");
        assert!(manifest.contains("wit-bindgen = {") && manifest.contains("version = \"0."), "{manifest}");
        assert!(RustSdk::iter().any(|path| path == "src/lib.rs") && Contract::iter().any(|path| path.ends_with("worlds.wit")));
    }

    #[test]
    fn the_sdk_for_typescript_brings_its_tool_and_no_packages() {
        let brought: Vec<_> = TypeScriptSdk::iter().chain(TypeScriptTool::iter()).collect();
        assert!(["src/index.ts", "tool/main.mjs"].iter().all(|path| brought.iter().any(|one| one == path)), "{brought:?}");
        assert!(!brought.iter().any(|path| path.contains("node_modules") || path.contains("target/")));
    }

    #[test]
    fn what_npm_brings_is_pinned_and_names_no_registry() {
        let own: Json = json!({ "version": "0.1.0", "engines": {}, "devDependencies": { "@tenon/sdk": "file:vendor/tenon-sdk" } });
        let lock = locked("acme", &own, serde_json::from_str(TYPESCRIPT_LOCK).unwrap()).unwrap();
        assert_eq!(lock["packages"][""]["name"], "acme");
        assert_eq!(lock["packages"]["node_modules/@tenon/sdk"], json!({ "resolved": VENDORED, "link": true }));
        let packages = lock["packages"].as_object().unwrap();
        let brought = packages.iter().filter(|(path, _)| path.starts_with("node_modules/") && *path != "node_modules/@tenon/sdk");
        for (path, package) in brought {
            assert!(package["integrity"].is_string() && package.get("resolved").is_none(), "{path}");
        }
        let engine = "node_modules/@bytecodealliance/componentize-js";
        assert_eq!(lock["packages"][engine]["version"], lock["packages"][VENDORED]["dependencies"]["@bytecodealliance/componentize-js"]);
    }
}
