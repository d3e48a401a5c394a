//! `tenon plugin …`: a package on its author's machine, from the empty folder to the signed file.

mod bench;
mod dev;
mod new;
mod replay;
mod testing;
mod typegen;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use plugin_build::{Node, Toolchain};
use serde_json::json;
use tenon_packages::{Bundle, BundleError, COMPONENT, GrantLine, MANIFEST, Publishers, SecretKey, Signature};

use super::package;
use crate::args::{Args, PluginVerb};
use crate::client::Client;
use crate::output::{Exit, Output};

/// Does what was asked.
pub(crate) async fn plugin(args: &Args, output: &Output, verb: &PluginVerb) -> anyhow::Result<Exit> {
    match verb {
        PluginVerb::New { name, publisher, lang } => new::new(output, name, publisher.as_deref(), *lang),
        PluginVerb::Build { dir } => {
            let place = build(output, dir)?;
            output.result(&json!({ "component": place }), place.display());
            Ok(Exit::Done)
        }
        PluginVerb::Test { dir, host, with } => testing::test(output, dir, (*host, with)).await,
        PluginVerb::Pack { dir, out } => {
            let bundle = pack(dir)?;
            if is_stale(dir) {
                output.say(format!("`{COMPONENT}` is older than its source: `tenon plugin build` builds it anew, then pack again"));
            }
            let name = format!("{}-{}.tenon", bundle.index.package, bundle.index.version);
            let place = out.clone().unwrap_or_else(|| dir.join(name));
            write(&place, &bundle)?;
            output.result(&json!({ "file": place, "digest": bundle.digest() }), place.display());
            Ok(Exit::Done)
        }
        PluginVerb::Keygen { out } => keygen(output, out),
        PluginVerb::Sign { file, secret } => {
            let bundle = sign(bundle_of(file)?, secret)?;
            write(file, &bundle)?;
            let key = bundle.signature.as_ref().map(|signature| signature.key.to_string()).unwrap_or_default();
            output.result(&json!({ "file": file, "signedBy": key }), format!("{} is signed with {key}", file.display()));
            Ok(Exit::Done)
        }
        PluginVerb::Inspect { file, publishers } => inspect(output, file, publishers),
        PluginVerb::Install { dir, secret, no_tests, agreed } => {
            let client = Client::new(args)?;
            build_if_any(output, dir)?;
            let mut bundle = pack(dir)?;
            if let Some(secret) = secret {
                bundle = sign(bundle, secret)?;
            }
            let done = package::install(&client, output, bundle.bytes()?, (agreed, !no_tests, None))?;
            output.result(&done, format!("{}@{} is installed", bundle.index.package, bundle.index.version));
            Ok(Exit::Done)
        }
        PluginVerb::Dev { dir, once } => dev::dev(args, output, dir, *once).await,
        PluginVerb::Typegen { dir, out, with } => typegen::typegen(output, dir, (out.as_deref(), with)),
        PluginVerb::Bench { dir, times, with } => bench::bench(output, dir, (*times, with)).await,
        PluginVerb::Replay { call, dir, component, save } => {
            replay::replay(args, output, call, (dir, component.as_deref(), save.as_deref())).await
        }
        PluginVerb::Logs { dir, follow } => {
            package::logs(&Client::new(args)?, output, &name_of(dir)?, *follow)?;
            Ok(Exit::Done)
        }
        PluginVerb::Doctor => doctor(output),
    }
}

/// Builds a package's component to its `plugin.wasm`.
fn build(output: &Output, dir: &Path) -> anyhow::Result<PathBuf> {
    let component = if Node::is_of(dir) {
        build_typescript(output, dir)?
    } else if dir.join("Cargo.toml").try_exists()? {
        build_rust(output, dir)?
    } else {
        return Err(no_code(dir));
    };
    let place = dir.join(COMPONENT);
    // Also where it is the same: from now on it is younger than its source.
    std::fs::write(&place, component).with_context(|| format!("cannot write `{}`", place.display()))?;
    Ok(place)
}

/// Whether the component of a folder was built before its source was last saved.
fn is_stale(dir: &Path) -> bool {
    let saved = |name: &str| dir.join(name).metadata().and_then(|told| told.modified()).ok();
    let (_, code) = dev::state(&dir.join("src"));
    let manifests = ["Cargo.toml", "package.json"].into_iter().filter_map(saved);
    saved(COMPONENT).is_some_and(|built| manifests.chain([code]).any(|saved| built < saved))
}

/// There is nothing to build.
fn no_code(dir: &Path) -> anyhow::Error {
    let words = format!("`{}` has no plugin: neither `Cargo.toml` nor `package.json`. `tenon plugin new NAME` makes one", dir.display());
    package::refused("plugin", &words).into()
}

/// Refuses a folder that holds no package, before anything is made in it.
fn is_package(dir: &Path) -> anyhow::Result<()> {
    if dir.join(MANIFEST).is_file() {
        return Ok(());
    }
    let words = format!("`{}` holds no package: there is no `{MANIFEST}`. `tenon plugin new NAME` makes one", dir.display());
    Err(package::refused("package/manifest", &words).into())
}

/// The name of the package in a folder.
fn name_of(dir: &Path) -> anyhow::Result<String> {
    is_package(dir)?;
    Ok(pack(dir)?.index.package)
}

fn build_rust(output: &Output, dir: &Path) -> anyhow::Result<Vec<u8>> {
    let toolchain = Toolchain::present()?
        .ok_or_else(|| package::refused("toolchain", &format!("no Rust here builds for WebAssembly: {}", Toolchain::HELP)))?;
    output.say(format!("building with {toolchain}"));
    plugin_build::component(&toolchain, dir, &std::path::absolute(dir)?.join("target/wasm"))
}

fn build_typescript(output: &Output, dir: &Path) -> anyhow::Result<Vec<u8>> {
    let node = node(output, dir)?;
    output.say(format!("building with {node}"));
    node.component(dir, None)
}

/// Node.js, with what the plugin in a folder needs of npm.
fn node(output: &Output, dir: &Path) -> anyhow::Result<Node> {
    let node = Node::present().ok_or_else(|| package::refused("toolchain", &format!("there is no Node.js here: {}", Node::HELP)))?;
    if Node::lacks_packages(dir) {
        let is_first = !dir.join("node_modules").is_dir();
        output.say(if is_first {
            "npm brings what the SDK needs (about 400 MB in node_modules, once)"
        } else {
            "package.json or its lock file has changed: npm looks what is to be brought"
        });
        node.bring_packages(dir)?;
    }
    Ok(node)
}

/// The same where the package has code; metadata alone needs no building.
fn build_if_any(output: &Output, dir: &Path) -> anyhow::Result<()> {
    if dir.join("Cargo.toml").try_exists()? || Node::is_of(dir) {
        build(output, dir)?;
    }
    Ok(())
}

/// The bundle of a folder, not signed.
fn pack(dir: &Path) -> anyhow::Result<Bundle> {
    is_package(dir)?;
    let files: BTreeMap<String, Vec<u8>> = tenon_packages::files_of(dir).with_context(|| format!("cannot read `{}`", dir.display()))?;
    let bundle = Bundle::pack(files).map_err(wrong)?;
    let wrong = tenon_packages::check_package(&bundle);
    let mut wrong = wrong.iter().filter(|one| one.severity == tenon_diagnostics::Severity::Error);
    if let Some(first) = wrong.next() {
        // Each shows itself with its code, its place and its help.
        let all: Vec<String> = std::iter::once(first).chain(wrong).map(|one| one.to_string().trim_end().to_owned()).collect();
        return Err(package::refused(first.code, &format!("the package has mistakes\n{}\n", all.join("\n"))).into());
    }
    Ok(bundle)
}

fn bundle_of(file: &Path) -> anyhow::Result<Bundle> {
    Ok(Bundle::read(&package::read(file)?).map_err(wrong)?)
}

fn sign(bundle: Bundle, secret: &Path) -> anyhow::Result<Bundle> {
    let text = String::from_utf8(package::read(secret)?).context("the key's file is no text")?;
    Ok(bundle.signed(&text.parse::<SecretKey>().map_err(wrong)?))
}

fn wrong(error: BundleError) -> crate::client::Refused {
    package::refused(error.rule(), &error.to_string())
}

fn write(place: &Path, bundle: &Bundle) -> anyhow::Result<()> {
    let bytes = bundle.bytes().map_err(wrong)?;
    std::fs::write(place, bytes).with_context(|| format!("cannot write `{}`", place.display()))
}

fn keygen(output: &Output, out: &Path) -> anyhow::Result<Exit> {
    let key = SecretKey::generate().map_err(wrong)?;
    // Nobody else reads it, and one that is there is not lost.
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(out);
    let file = file.as_mut().map_err(|error| anyhow::anyhow!("cannot make `{}`: {error}", out.display()))?;
    writeln!(file, "{}", key.text())?;
    let public = key.public().to_string();
    output.result(&json!({ "public": public }), &public);
    output.say(format!(
        "The secret half is in {}; keep it. Servers that trust you get the public half: --publisher NAME={public}",
        out.display()
    ));
    Ok(Exit::Done)
}

fn inspect(output: &Output, file: &Path, publishers: &[String]) -> anyhow::Result<Exit> {
    let bundle = bundle_of(file)?;
    let fits = bundle.signature.as_ref().map(|signature: &Signature| signature.is_of(&bundle.index));
    if !publishers.is_empty() {
        let mut trusted = Publishers::default();
        for line in publishers {
            trusted.trust(line).map_err(wrong)?;
        }
        trusted.verify(&bundle).map_err(wrong)?;
    }
    let asks = asked_by(&bundle)?;
    let index = &bundle.index;
    let signed_by = bundle.signature.as_ref().map(|signature| signature.key.to_string());
    let files: Vec<_> = index.files.iter().map(|(path, bytes, digest)| json!({ "path": path, "bytes": bytes, "sha256": digest })).collect();
    let told = json!({
        "package": index.package, "version": index.version, "publisher": index.publisher, "digest": bundle.digest(),
        "signedBy": signed_by, "signature": fits.map(|fits| if fits { "right" } else { "wrong" }), "files": files,
        "asks": asks.iter().map(|line| json!({ "key": line.key, "says": line.says })).collect::<Vec<_>>(),
    });
    let signature = match (&signed_by, fits) {
        (Some(key), Some(true)) => format!("signed with {key}"),
        (Some(key), _) => format!("WRONG signature with {key}"),
        (None, _) => "not signed".to_owned(),
    };
    let lines: Vec<String> = index.files.iter().map(|(path, bytes, _)| format!("  {bytes:>9}  {path}")).collect();
    let asks = if asks.is_empty() { "  nothing".to_owned() } else { asks.iter().map(asked).collect::<Vec<_>>().join("\n") };
    let (package, version, digest, files) = (&index.package, &index.version, bundle.digest(), lines.join("\n"));
    let words = format!("{package}@{version}\n{signature}\ndigest {digest}\nit holds\n{files}\nit asks for\n{asks}");
    output.result(&told, words);
    Ok(if fits == Some(false) { Exit::Refused } else { Exit::Done })
}

/// What whoever installs a package will be asked: its grants, and what its code offers and calls.
fn asked_by(bundle: &Bundle) -> anyhow::Result<Vec<GrantLine>> {
    let calls = bundle.component().map(plugin_build::calls).transpose().context(COMPONENT)?.unwrap_or_default();
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    Ok(bundle.asks(&calls).map_err(wrong)?)
}

fn asked(line: &GrantLine) -> String {
    if line.says.is_empty() { format!("  {}", line.key) } else { format!("  {} ({})", line.key, line.says) }
}

fn doctor(output: &Output) -> anyhow::Result<Exit> {
    let cargo = plugin_build::program::output(Command::new("cargo").arg("--version")).ok();
    let way = if cargo.is_some() { Toolchain::present()? } else { None };
    let node = Node::present();
    let told = json!({
        "cargo": cargo, "webassembly": way.as_ref().map(ToString::to_string), "node": node.as_ref().map(ToString::to_string)
    });
    let rust = match (&cargo, &way) {
        (None, _) => "Rust: cargo is missing: install Rust from https://rustup.rs".to_owned(),
        (Some(cargo), None) => format!("Rust: {cargo}, and nothing builds for WebAssembly: {}", Toolchain::HELP),
        (Some(cargo), Some(way)) => format!("Rust: {cargo}, WebAssembly by {way}: all is there"),
    };
    let typescript = match &node {
        None => format!("TypeScript: there is no Node.js here: {}", Node::HELP),
        Some(node) => format!("TypeScript: {node}: all is there"),
    };
    output.result(&told, format!("{rust}\n{typescript}"));
    Ok(if way.is_some() || node.is_some() { Exit::Done } else { Exit::Failed })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn a_component_is_stale_where_code_was_saved_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let saved = |path: &str, seconds: u64| {
            let place = folder.path().join(path);
            std::fs::create_dir_all(place.parent().unwrap()).unwrap();
            let file = std::fs::File::create(place).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        };
        saved("src/deep/rule.rs", 100);
        saved("Cargo.toml", 100);
        assert!(!is_stale(folder.path()), "nothing was built");
        saved(COMPONENT, 200);
        saved(MANIFEST, 300);
        assert!(!is_stale(folder.path()), "metadata is packed as it is");
        saved("src/deep/rule.rs", 300);
        assert!(is_stale(folder.path()));
        saved(COMPONENT, 400);
        saved("package.json", 500);
        assert!(is_stale(folder.path()));
    }
}
