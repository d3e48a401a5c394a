//! The house rules, held by a test: floors, fences, names, sizes, heads, and who may call what.
//!
//! Each rule is one test that reports every finding with its file. The rules are written in ARCHITECTURE.md and
//! docs/style.md; what is listed there and can be read from the files is checked here. Std only, so that it never
//! waits for anything.

#[path = "tidy/calls.rs"]
mod calls;
#[path = "tidy/diagnostics.rs"]
mod diagnostics;
#[path = "tidy/files.rs"]
mod files;
#[path = "tidy/findings.rs"]
mod findings;
#[path = "tidy/floors.rs"]
mod floors;
#[path = "tidy/manifest.rs"]
mod manifest;
#[path = "tidy/tree.rs"]
mod tree;

use findings::Findings;
use tree::Tree;

fn check(rule: &str, look: impl FnOnce(&Tree, &mut Findings)) {
    let mut findings = Findings::new(rule);
    look(&Tree::read(), &mut findings);
    findings.report();
}

#[test]
fn every_folder_of_the_platform_is_a_crate_on_a_floor() {
    check("folder `x` is crate `tenon-x`, and has a floor in tests/tidy/floors.rs", floors::crates);
}

#[test]
fn dependencies_point_down_the_floors() {
    check("dependencies point down the floors; sideways only where tests/tidy/floors.rs says why", floors::direction);
}

#[test]
fn every_foreign_thing_has_one_door() {
    check("one crate knows each foreign thing (DESIGN, the tree)", floors::fences);
}

#[test]
fn the_words_of_floors_two_to_four_are_not_serialisable() {
    check("floors 2 to 4 name no serde: what is serialisable can never change", floors::serde);
}

#[test]
fn plugins_know_only_the_sdk_and_the_sdk_knows_nothing_of_ours() {
    check("plugins depend on tenon-sdk only, tenon-sdk on nothing of the platform", floors::plugins);
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    check("every crate says `[lints] workspace = true`", floors::lints);
}

#[test]
fn the_architecture_page_names_the_crates_there_are() {
    check("ARCHITECTURE.md names every crate, and only crates that exist", floors::architecture);
}

#[test]
fn every_file_introduces_itself() {
    check("every Rust file begins with `//!` and says what it is", files::heads);
}

#[test]
fn no_file_is_longer_than_a_reader_can_bear() {
    check("no Rust file has more than 800 lines", files::lengths);
}

#[test]
fn names_are_words_of_the_domain() {
    check("files, folders and crates are named after what they hold, never `util`, `common`, `types`, `mod`", files::names);
}

#[test]
fn a_library_opens_with_its_table_of_contents() {
    check("`lib.rs` holds `mod` and `pub use`, and no logic", files::tables_of_contents);
}

#[test]
fn nothing_is_left_for_later_in_a_comment() {
    check("what is to be done is an issue, never a comment", files::reminders);
}

#[test]
fn every_diagnostic_has_a_wrong_example() {
    check("every diagnostic code has one wrong example", diagnostics::examples);
}

#[test]
fn only_the_law_opens_a_table() {
    check("`AuthorizedTable::assume` is called by tenon-access and tests only", calls::tables);
}

#[test]
fn only_identity_makes_a_context() {
    check("`OpContext::assume` is called by tenon-identity and tests only", calls::contexts);
}

#[test]
fn records_are_written_by_the_pipeline_alone() {
    check("the store's writing methods are called by tenon-records, its shape by tenon-packages", calls::writes);
}
