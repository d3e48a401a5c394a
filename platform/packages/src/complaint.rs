//! Diagnostics that only the history of a tenant's metadata can cause: what the compiler cannot know from files alone.

use tenon_diagnostics::Diagnostic;
use tenon_model::ElementPath;

/// A field goes where one of the same type comes: a rename, or data out of sight?
pub(crate) const RENAME_OR_DROP: &str = "metadata/rename-or-drop";
/// The name is taken.
pub(crate) const EXISTS: &str = "metadata/exists";
/// The element is retired.
pub(crate) const RETIRED: &str = "metadata/retired";
/// There is no such element.
pub(crate) const UNKNOWN_ELEMENT: &str = "metadata/unknown-element";
/// It belongs to a package.
pub(crate) const NOT_OWN: &str = "metadata/not-own";
/// Nothing of the tenant's lies over it.
pub(crate) const NO_OVERRIDE: &str = "metadata/no-override";
/// The plan cannot be carried out as things stand.
pub(crate) const BLOCKED: &str = "metadata/blocked";
/// This version cannot do it.
pub(crate) const NOT_YET: &str = "metadata/not-enforced-yet";

pub(crate) fn rename_or_drop(gone: &ElementPath, come: &ElementPath, prune: bool) -> Diagnostic {
    let message = format!("`{gone}` is gone and `{come}` of the same type is new: renamed, or dropped?");
    let help = format!("renamed: write `was: {}` on `{}`; dropped: retire `{gone}` first", gone.name(), come.name());
    let diagnostic = if prune { Diagnostic::error(RENAME_OR_DROP, message) } else { Diagnostic::warning(RENAME_OR_DROP, message) };
    diagnostic.of(come.0.as_str()).help(help)
}

pub(crate) fn exists(path: &ElementPath) -> Diagnostic {
    Diagnostic::error(EXISTS, format!("there is a `{path}` already")).of(path.0.as_str()).help("choose another name, or update it")
}

pub(crate) fn is_retired(path: &ElementPath) -> Diagnostic {
    Diagnostic::error(RETIRED, format!("`{path}` is retired and keeps its name"))
        .of(path.0.as_str())
        .help("restore it, or choose another name")
}

pub(crate) fn unknown_element<'a>(path: &ElementPath, known: impl IntoIterator<Item = &'a str>) -> Diagnostic {
    let diagnostic = Diagnostic::error(UNKNOWN_ELEMENT, format!("there is no `{path}`")).of(path.0.as_str());
    match tenon_diagnostics::nearest(&path.0, known) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic,
    }
}

pub(crate) fn not_own(path: &ElementPath) -> Diagnostic {
    let help = "change its label instead; names of packages are theirs";
    Diagnostic::error(NOT_OWN, format!("`{path}` belongs to a package and keeps its name")).of(path.0.as_str()).help(help)
}

pub(crate) fn no_override(path: &ElementPath) -> Diagnostic {
    Diagnostic::error(NO_OVERRIDE, format!("the tenant has changed nothing of `{path}`")).of(path.0.as_str())
}

pub(crate) fn package_files() -> Diagnostic {
    Diagnostic::error(NOT_YET, "installing a package is not served by this version yet")
        .help("take `package.yaml` out: what remains is planned as the tenant's own metadata")
}

/// A package names what is not its own.
pub(crate) const NAMESPACE: &str = "package/namespace";
/// A package lays something over what it does not say it needs.
pub(crate) const NOT_REQUIRED: &str = "package/not-required";
/// A package brings what the tenant has made by itself.
pub(crate) const NAME_TAKEN: &str = "package/name-taken";

pub(crate) fn outside_namespace(path: &ElementPath, package: &str) -> Diagnostic {
    Diagnostic::error(NAMESPACE, format!("`{path}` does not begin with the package's name"))
        .of(path.0.as_str())
        .help(format!("call it `{package}_{}`", path.role_name().unwrap_or_else(|| path.name())))
}

pub(crate) fn not_required(path: &ElementPath, owner: &str) -> Diagnostic {
    Diagnostic::error(NOT_REQUIRED, format!("`{path}` is of `{owner}`, which this package does not require"))
        .of(path.0.as_str())
        .help(format!("add `{owner}` with its versions to `requires` in `package.yaml`"))
}

pub(crate) fn taken_by_tenant(path: &ElementPath) -> Diagnostic {
    Diagnostic::error(NAME_TAKEN, format!("the tenant has a `{path}` of its own"))
        .of(path.0.as_str())
        .help("rename the tenant's, or install a version of the package that calls it otherwise")
}
