//! How a version of a package is titled where one word stands for both: `name@version`.

/// The title of a version.
pub(crate) fn of(package: &str, version: &str) -> String {
    format!("{package}@{version}")
}

/// The package and the version of a title.
pub(crate) fn parts(title: &str) -> (&str, &str) {
    title.split_once('@').unwrap_or((title, ""))
}
