//! Gives the one plugin that is built what a crate of its own would have: its name, and what the linker is told.

use std::env;

fn main() {
    let features = env::vars().filter_map(|(name, _)| Some(name.strip_prefix("CARGO_FEATURE_")?.to_lowercase()));
    let plugins: Vec<String> = features.collect();
    let [plugin] = plugins.as_slice() else {
        println!("cargo::error=one plugin is built at a time, by its feature: `--example NAME --features NAME`; asked for {plugins:?}");
        return;
    };
    println!("cargo::rerun-if-changed=build.rs");
    // The SDK takes the package's name from here; it is part of what the component says of itself.
    println!("cargo::rustc-env=CARGO_PKG_NAME={plugin}");
    if plugin == "tables" {
        // Where its table of functions begins. For all targets: `-cdylib` means the library alone, `-examples` programs alone.
        println!("cargo::rustc-link-arg=--table-base=11000");
    }
}
