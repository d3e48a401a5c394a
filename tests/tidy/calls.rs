//! Who may call what: the calls that would go round the law or the pipeline.

use super::findings::Findings;
use super::tree::Tree;

/// Only the law says that a plan may name an object.
pub(crate) fn tables(tree: &Tree, findings: &mut Findings) {
    said_only_in(tree, findings, "AuthorizedTable::assume(", &["platform/access/"]);
}

/// Only identity turns a credential into a context.
pub(crate) fn contexts(tree: &Tree, findings: &mut Findings) {
    said_only_in(tree, findings, "OpContext::assume(", &["platform/identity/"]);
}

/// What only the pipeline says to the store: the words of a write transaction.
const RECORD_WRITES: [&str; 8] =
    ["store.begin(", "RowWrite::", ".external_put(", ".link_put(", ".link_remove(", ".next_numbers(", ".idempotency_put(", ".outbox("];

/// Who begins a transaction as well, to note how far it has come: jobs, and the taking up of old records into the search. Records
/// they write through the pipeline.
const PROGRESS_KEEPERS: [&str; 3] = ["platform/automation/src/jobs/", "platform/graphql/src/jobs/", "platform/server/src/search.rs"];

/// What only an applied plan says to the store.
const SHAPE_WRITES: [&str; 3] = [".metadata_begin(", ".put_elements(", ".name_all("];

/// Every write of a record goes through the pipeline, and every change of shape through a plan.
pub(crate) fn writes(tree: &Tree, findings: &mut Findings) {
    for (words, caller) in [(&RECORD_WRITES[..], "platform/records/"), (&SHAPE_WRITES[..], "platform/packages/")] {
        for word in words {
            let keepers = if *word == "store.begin(" { &PROGRESS_KEEPERS[..] } else { &[] };
            said_only_in(tree, findings, word, &[&["platform/store/", caller], keepers].concat());
            if !tree.under(caller, "rs").any(|file| file.shipped().contains(word)) {
                findings.add("tests/tidy/calls.rs", format!("nobody says `{word}` any more: the list is stale"));
            }
        }
    }
}

/// Looks at what ships: unit tests and the crate of tests may set up what they need.
fn said_only_in(tree: &Tree, findings: &mut Findings, word: &str, allowed: &[&str]) {
    for file in tree.under("platform/", "rs") {
        let permitted = allowed.iter().any(|folder| file.path.starts_with(folder)) || file.path.contains("/tests/");
        if !permitted && file.shipped().contains(word) {
            findings.add(&file.path, format!("says `{word}`"));
        }
    }
}
