//! Who may call what: the calls that would go round the law or the pipeline.

use super::findings::Findings;
use super::tree::Tree;

/// Only the law says that a plan may name an object.
pub(crate) fn tables(tree: &Tree, findings: &mut Findings) {
    called_only_in(
        tree,
        findings,
        "AuthorizedTable::assume",
        &["platform/access/"],
    );
}

/// Only identity turns a credential into a context.
pub(crate) fn contexts(tree: &Tree, findings: &mut Findings) {
    called_only_in(tree, findings, "OpContext::assume", &["platform/identity/"]);
}

/// Every write of a record goes through the pipeline, and every change of shape through a plan.
pub(crate) fn writes(_tree: &Tree, _findings: &mut Findings) {}

/// Looks at what ships: unit tests and the crate of tests may set up what they need.
fn called_only_in(tree: &Tree, findings: &mut Findings, call: &str, allowed: &[&str]) {
    for file in tree.under("platform/", "rs") {
        let permitted = allowed.iter().any(|folder| file.path.starts_with(folder))
            || file.path.contains("/tests/");
        if !permitted && file.shipped().contains(&format!("{call}(")) {
            findings.add(&file.path, format!("calls `{call}`"));
        }
    }
}
