//! `metadata/unique`: a key that cannot keep records apart.

use tenon_diagnostics::Diagnostic;


pub(crate) const CODE: &str = "metadata/unique";

pub(crate) fn unfit(name: &str, kind: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{name}` is of type {kind}, which cannot be unique"))
}

pub(crate) fn empty(key: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("unique key `{key}` has no parts")).help("for example `unique: { by_account_and_name: [account, name] }`")
}

pub(crate) fn twice(key: &str, part: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("unique key `{key}` names `{part}` twice"))
}

pub(crate) fn many(key: &str, part: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("unique key `{key}` cannot hold relation `{part}`")).help("a key is made of fields and of relations to one object")
}
