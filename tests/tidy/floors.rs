//! Floors and fences: which crate may depend on which, and which one knows each foreign thing.

use super::findings::Findings;
use super::manifest::{self, Manifest};
use super::tree::Tree;

/// The floors from the ground up. A crate may depend on any floor below its own.
const FLOORS: [&[&str]; 9] = [
    &["value", "diagnostics"],
    &["model", "context"],
    &["compiler", "query", "expr"],
    &["access", "hooks"],
    &["store", "files", "parquet", "plugin-host", "outbound"],
    &["catalog", "records", "packages", "identity", "automation"],
    &["graphql"],
    &["http"],
    &["server", "cli"],
];

/// Dependencies on one's own floor, each with its reason.
const SIDEWAYS: [(&str, &str, &str); 11] = [
    ("expr", "query", "a rule is lowered to the predicates of the plan language"),
    ("compiler", "expr", "the rules of metadata are checked where it is compiled"),
    ("diagnostics", "value", "a problem names records and fields by their ids and names"),
    ("context", "model", "a request holds one model from door to answer"),
    ("packages", "catalog", "applying a plan needs the model of now, and makes the next one known"),
    ("identity", "catalog", "a context carries its tenant's model"),
    ("identity", "records", "a member is a person with a record of `user`, made and changed through the pipeline"),
    ("automation", "identity", "a job runs with the rights that its creator has when it runs"),
    ("automation", "records", "jobs write through the pipeline, as every door does"),
    ("automation", "packages", "a change of shape is wished there and carried out here"),
    ("cli", "server", "one binary: `tenon serve` is a command"),
];

/// Foreign crates (a trailing `*` is any ending), and the crates of ours that may name them.
const FENCES: [(&str, &[&str]); 17] = [
    ("sqlx*", &["store"]),
    ("sea-*", &["store"]),
    // The tests read a file of SQLite behind the doors: what stands in an outbox, no door shows.
    ("rusqlite", &["tests"]),
    ("tokio-postgres", &["store"]),
    ("object_store", &["store"]),
    ("image", &["files"]),
    ("infer", &["files"]),
    ("parquet", &["parquet"]),
    ("wasmtime*", &["plugin-host"]),
    ("axum*", &["http", "server"]),
    ("tower-http", &["http"]),
    ("async-graphql*", &["graphql"]),
    ("saphyr*", &["compiler"]),
    ("argon2", &["identity"]),
    ("lettre", &["identity"]),
    ("cel", &["expr"]),
    // The command line speaks to its own server by it, the house to others through `outbound`.
    ("ureq", &["outbound", "cli"]),
];

/// The request path never parses metadata: these alone may know the compiler.
const COMPILER_DEPENDENTS: [&str; 3] = ["catalog", "packages", "cli"];

/// Floors 2 to 4, by index.
const UNSERIALISABLE: std::ops::Range<usize> = 1..4;

fn platform(tree: &Tree) -> impl Iterator<Item = (String, Manifest<'_>)> {
    manifest::all(tree, "platform/").map(|manifest| {
        let folder = manifest.folder().trim_start_matches("platform/").to_owned();
        (folder, manifest)
    })
}

fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|crates| crates.contains(&name))
}

/// Folders, crate names and the table above agree.
pub(crate) fn crates(tree: &Tree, findings: &mut Findings) {
    let mut present = Vec::new();
    for (folder, manifest) in platform(tree) {
        if manifest.name != format!("tenon-{folder}") {
            findings.add(manifest.path, format!("the crate is called `{}`, not `tenon-{folder}`", manifest.name));
        }
        if floor(&folder).is_none() {
            findings.add(manifest.path, "has no floor: add it to FLOORS");
        }
        present.push(folder);
    }
    for name in FLOORS.iter().copied().flatten().filter(|name| !present.iter().any(|own| own == *name)) {
        findings.add("tests/tidy/floors.rs", format!("FLOORS names `{name}`, which is not under platform/"));
    }
}

/// Down, or sideways with a reason; never up.
pub(crate) fn direction(tree: &Tree, findings: &mut Findings) {
    let mut used = Vec::new();
    for (name, manifest) in platform(tree) {
        let own: Vec<&str> = manifest.dependencies.iter().filter_map(|one| one.strip_prefix("tenon-")).collect();
        for other in own {
            let allowed = match (floor(&name), floor(other)) {
                (Some(here), Some(there)) if there < here => true,
                (Some(here), Some(there)) if there == here => {
                    used.push((name.clone(), other.to_owned()));
                    SIDEWAYS.iter().any(|(from, to, _)| *from == name && *to == other)
                }
                _ => false,
            };
            if !allowed {
                findings.add(manifest.path, format!("`{name}` may not depend on `{other}`"));
            }
            if other == "compiler" && !COMPILER_DEPENDENTS.contains(&name.as_str()) {
                findings.add(manifest.path, "only catalog, packages and cli may know the compiler");
            }
        }
    }
    for (from, to, _) in SIDEWAYS {
        if !used.iter().any(|(one, other)| one == from && other == to) {
            findings.add("tests/tidy/floors.rs", format!("SIDEWAYS allows `{from}` → `{to}`, which nobody needs"));
        }
    }
}

/// One door per foreign thing. `xtask` and `bench` stand outside: they measure and serve the house.
pub(crate) fn fences(tree: &Tree, findings: &mut Findings) {
    let inside = manifest::all(tree, "").filter(|one| !matches!(one.folder(), "xtask" | "bench"));
    for manifest in inside {
        let name = manifest.folder().trim_start_matches("platform/");
        for dependency in manifest.all_dependencies() {
            for (foreign, allowed) in FENCES {
                if matches(foreign, dependency) && !allowed.contains(&name) {
                    findings.add(manifest.path, format!("`{dependency}` belongs to {allowed:?} alone"));
                }
            }
        }
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == pattern,
    }
}

/// The model, the plans and the law can change shape freely: nobody stored them.
pub(crate) fn serde(tree: &Tree, findings: &mut Findings) {
    for (name, manifest) in platform(tree) {
        if !floor(&name).is_some_and(|floor| UNSERIALISABLE.contains(&floor)) {
            continue;
        }
        if manifest.dependencies.iter().any(|one| one == "serde") {
            findings.add(manifest.path, "names serde");
        }
        for file in tree.under(&format!("platform/{name}/src/"), "rs") {
            if file.text.contains("derive(Serialize") || file.text.contains("derive(Deserialize") {
                findings.add(&file.path, "derives a wire format");
            }
        }
    }
}

/// The border of the SDK, seen from both sides.
pub(crate) fn plugins(tree: &Tree, findings: &mut Findings) {
    for folder in ["plugins/", "examples/", "tests/plugins/", "sdk/"] {
        for manifest in manifest::all(tree, folder) {
            let of_sdk = ["tenon-sdk", "tenon-sdk-macros"];
            let ours = manifest.dependencies.iter().filter(|one| one.starts_with("tenon-"));
            for other in ours.filter(|one| !of_sdk.contains(&one.as_str())) {
                findings.add(manifest.path, format!("depends on `{other}`"));
            }
        }
    }
}

/// A crate without the lints would be a hole in the fence. Plugins are built by other people's rules.
pub(crate) fn lints(tree: &Tree, findings: &mut Findings) {
    for manifest in manifest::all(tree, "") {
        let folder = manifest.folder();
        let in_workspace = folder.starts_with("platform/") || matches!(folder, "sdk/rust" | "tests" | "xtask" | "bench");
        if in_workspace && !manifest.takes_lints {
            findings.add(manifest.path, "has its own idea of lints");
        }
    }
}

/// The page a newcomer reads first must not describe a house that is gone.
pub(crate) fn architecture(tree: &Tree, findings: &mut Findings) {
    let Some(page) = tree.file("ARCHITECTURE.md") else {
        findings.add("ARCHITECTURE.md", "is missing");
        return;
    };
    let known: Vec<String> = manifest::all(tree, "").map(|one| one.name).collect();
    for (name, _) in platform(tree) {
        if !page.text.contains(&format!("platform/{name}")) && !page.text.contains(&format!("`{name}`")) {
            findings.add(&page.path, format!("does not mention `{name}`"));
        }
    }
    for word in page.text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')) {
        if word.starts_with("tenon-") && !known.iter().any(|name| name == word) {
            findings.add(&page.path, format!("mentions `{word}`, which is no crate of ours"));
        }
    }
}
