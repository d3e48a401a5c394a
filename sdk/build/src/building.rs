//! Cargo for the core module, `wit-component` for what goes around it.

use std::path::Path;

use anyhow::{Context, bail};

use crate::{Toolchain, program};

/// The target plugins are built for.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// How the names of the contract's interfaces begin.
const CONTRACT: &str = "tenon:plugin/";

/// Small components, and one profile for all, so that the standard library is built once for all of them.
const PROFILE: [(&str, &str); 6] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "s"),
    ("CARGO_PROFILE_RELEASE_LTO", "true"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1"),
    ("CARGO_PROFILE_RELEASE_PANIC", "abort"),
    ("CARGO_PROFILE_RELEASE_STRIP", "true"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
];

/// Builds the crate in `folder`, whose library is a `cdylib` with WIT bindings; the answer is the component.
///
/// # Errors
/// Where cargo fails, or what it built is no component.
pub fn component(toolchain: &Toolchain, folder: &Path, target: &Path) -> anyhow::Result<Vec<u8>> {
    let (name, version) = library(toolchain, folder)?;
    let built = target.join(TARGET).join("release");
    claim(&built, &name, (folder, &version))?;
    build(toolchain, folder, target, &[])?;
    wrapped(&built.join(format!("{name}.wasm")))
}

/// Builds one example of the crate in `folder`, a `cdylib`, with the feature of its name; the answer is the component.
///
/// Unlike the library of a crate it lies in a file that is only its own: what was built stays good when another is built.
///
/// # Errors
/// Where cargo fails, or what it built is no component.
pub fn example(toolchain: &Toolchain, folder: &Path, target: &Path, name: &str) -> anyhow::Result<Vec<u8>> {
    build(toolchain, folder, target, &["--example", name, "--features", name])?;
    let file = format!("{}.wasm", name.replace('-', "_"));
    wrapped(&target.join(TARGET).join("release/examples").join(file))
}

fn build(toolchain: &Toolchain, folder: &Path, target: &Path, what: &[&str]) -> anyhow::Result<()> {
    let mut cargo = toolchain.cargo();
    cargo.current_dir(folder).args(["build", "--release", "--target", TARGET]).args(what).args(toolchain.build_flags());
    cargo.env("CARGO_TARGET_DIR", target).envs(PROFILE);
    program::run(&mut cargo)
}

fn wrapped(core: &Path) -> anyhow::Result<Vec<u8>> {
    let module = std::fs::read(core).with_context(|| format!("cargo left no {}", core.display()))?;
    encode(&module).with_context(|| format!("{} is no component", core.display()))
}

/// The interfaces of Tenon's contract that a component calls, such as `kv`.
///
/// # Errors
/// Where it is no component.
pub fn calls(component: &[u8]) -> anyhow::Result<Vec<String>> {
    let wit_component::DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
        bail!("this is a contract, no component")
    };
    let world = resolve.worlds.get(world).context("a component has a world")?;
    let called = world.imports.keys().map(|key| resolve.name_world_key(key));
    // `tenon:plugin/kv@1.0.0`
    let interface = |name: String| Some(name.strip_prefix(CONTRACT)?.split('@').next()?.to_owned());
    Ok(called.filter_map(interface).collect())
}

/// Writes a file only where its bytes differ, so that whoever looks at its time sees real changes only.
///
/// # Errors
/// What the system says.
pub fn write_if_changed(place: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if std::fs::read(place).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let folder = place.parent().context("a component lies in a folder")?;
    std::fs::create_dir_all(folder)?;
    std::fs::write(place, bytes).with_context(|| format!("cannot write {}", place.display()))
}

/// Throws away what another crate of this name has left, or another version of this one.
///
/// Cargo names such a library by its name alone, and takes for its own what lies there.
fn claim(built: &Path, name: &str, (folder, version): (&Path, &str)) -> anyhow::Result<()> {
    let stamp = built.join(format!("{name}.built-from"));
    let here = format!("{} {version}", std::path::absolute(folder)?.display());
    if std::fs::read_to_string(&stamp).is_ok_and(|built_from| built_from == here) {
        return Ok(());
    }
    let left = built.join("deps").join(format!("{name}.wasm"));
    if left.try_exists()? {
        std::fs::remove_file(&left).with_context(|| format!("cannot remove {}", left.display()))?;
    }
    std::fs::create_dir_all(built)?;
    std::fs::write(&stamp, here).with_context(|| format!("cannot write {}", stamp.display()))
}

fn encode(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    wit_component::ComponentEncoder::default().validate(true).module(module)?.encode()
}

/// The name of the crate's library, as cargo names its file, and the version.
fn library(toolchain: &Toolchain, folder: &Path) -> anyhow::Result<(String, String)> {
    let mut ask = toolchain.cargo();
    ask.current_dir(folder).args(["metadata", "--no-deps", "--format-version", "1"]);
    let answer: serde_json::Value = serde_json::from_str(&program::output(&mut ask)?)?;
    let targets = answer.pointer("/packages/0/targets").and_then(serde_json::Value::as_array);
    let version = answer.pointer("/packages/0/version").and_then(serde_json::Value::as_str).unwrap_or_default();
    for target in targets.into_iter().flatten() {
        let kinds = target.get("kind").and_then(serde_json::Value::as_array);
        if kinds.into_iter().flatten().any(|kind| kind == "cdylib") {
            let name = target.get("name").and_then(serde_json::Value::as_str).context("a library has a name")?;
            return Ok((name.replace('-', "_"), version.to_owned()));
        }
    }
    bail!("{} has no `crate-type = [\"cdylib\"]`", folder.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_crate_of_the_name_left_is_thrown_away_and_ones_own_is_not() {
        let built = tempfile::tempdir().unwrap();
        let left = built.path().join("deps/dealer.wasm");
        let is_there_after = |(folder, version): (&str, &str)| {
            std::fs::create_dir_all(built.path().join("deps")).unwrap();
            std::fs::write(&left, "module").unwrap();
            claim(built.path(), "dealer", (Path::new(folder), version)).unwrap();
            left.is_file()
        };
        let built = [("/one", "1.0.0"), ("/one", "1.0.0"), ("/two", "1.0.0"), ("/one", "1.0.0"), ("/one", "1.1.0"), ("/one", "1.0.0")];
        assert_eq!(built.map(is_there_after), [false, true, false, false, false, false]);
    }
}
