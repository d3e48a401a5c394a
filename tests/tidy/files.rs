//! How files look: heads, lengths, names, and nothing put off.

use super::findings::Findings;
use super::tree::Tree;

/// The longest file a reader is asked to hold in mind.
const LINES_MAX: usize = 800;

/// Names that say nothing about what is inside.
const FORBIDDEN_NAMES: [&str; 14] =
    ["common", "core", "util", "utils", "helper", "helpers", "misc", "base", "manager", "service", "handler", "types", "traits", "mod"];

/// Where our own code lies; plugins and examples are held to the same.
const CODE: [&str; 6] = ["platform/", "sdk/", "tests/", "xtask/", "bench/", "plugins/"];

/// What a table of contents does not contain, at the beginning of a line.
const LOGIC: [&str; 12] = [
    "fn ",
    "pub fn ",
    "pub(crate) fn ",
    "async fn ",
    "pub async fn ",
    "impl ",
    "impl<",
    "pub struct ",
    "struct ",
    "pub enum ",
    "enum ",
    "pub trait ",
];

/// Every file begins with what it is.
pub(crate) fn heads(tree: &Tree, findings: &mut Findings) {
    for file in tree.under("", "rs") {
        let said = file.text.lines().next().and_then(|line| line.strip_prefix("//!")).map(str::trim);
        if said.is_none_or(str::is_empty) {
            findings.add(&file.path, "does not begin with `//!`");
        }
    }
}

/// Short enough to read.
pub(crate) fn lengths(tree: &Tree, findings: &mut Findings) {
    for file in tree.under("", "rs") {
        let lines = file.text.lines().count();
        if lines > LINES_MAX {
            findings.add(&file.path, format!("{lines} lines"));
        }
    }
}

/// No drawer for odds and ends, and `foo.rs` beside `foo/`, never `mod.rs`.
pub(crate) fn names(tree: &Tree, findings: &mut Findings) {
    for file in CODE.iter().flat_map(|folder| tree.under(folder, "rs")) {
        let folders = file.path.split('/').rev().skip(1);
        for part in folders.chain([file.stem()]) {
            if FORBIDDEN_NAMES.contains(&part) {
                findings.add(&file.path, format!("`{part}` says nothing"));
            }
        }
    }
}

/// A reader who opens `lib.rs` sees the whole crate on one screen.
pub(crate) fn tables_of_contents(tree: &Tree, findings: &mut Findings) {
    for file in tree.under("platform/", "rs").filter(|file| file.path.ends_with("/src/lib.rs")) {
        for line in file.shipped().lines().filter(|line| LOGIC.iter().any(|word| line.starts_with(word))) {
            findings.add(&file.path, format!("holds `{}`", line.trim_end_matches(" {")));
        }
    }
}

/// An issue, or nothing.
pub(crate) fn reminders(tree: &Tree, findings: &mut Findings) {
    // Spelt apart, so that this file does not find itself.
    let words = [concat!("TO", "DO"), concat!("FIX", "ME")];
    for file in tree.all() {
        for (number, line) in file.text.lines().enumerate() {
            let mut parts = line.split(|c: char| !c.is_ascii_alphanumeric());
            if let Some(word) = parts.find(|part| words.contains(part)) {
                findings.add(&file.path, format!("line {}: {word}", number + 1));
            }
        }
    }
}
