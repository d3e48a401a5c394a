//! Versions: what a package needs, what needs it, and which of two is newer.

use semver::{Version, VersionReq};
use tenon_compiler::Manifest;
use tenon_store::StoredPackage;
use tenon_value::Json;

use super::InstallError;
use crate::{BundleError, crm};

/// This platform.
const PLATFORM: &str = env!("CARGO_PKG_VERSION");

/// A range as manifests write it: `>=1.0 <2.0`, `^1.2`.
pub(super) fn range(text: &str) -> Result<VersionReq, BundleError> {
    // Comparators stand side by side; the library wants commas between them.
    let mut written = String::new();
    for word in text.split_whitespace() {
        let begins = word.starts_with(|letter: char| !letter.is_ascii_digit());
        if begins && !written.is_empty() && !written.ends_with([',', '>', '<', '=', '^', '~']) {
            written.push(',');
        }
        written.push_str(word);
    }
    VersionReq::parse(&written).map_err(|error| BundleError::Manifest(format!("`{text}` is no range of versions: {error}")))
}

/// A version that was checked when it was packed.
pub(super) fn version(text: &str) -> Version {
    text.parse().unwrap_or_else(|_| Version::new(0, 0, 0))
}

/// Refuses ranges that are none, before anything is kept.
pub(super) fn check(manifest: &Manifest) -> Result<(), BundleError> {
    let ranges = manifest.platform.iter().chain(manifest.requires.iter().map(|(_, range)| range));
    ranges.map(String::as_str).try_for_each(|text| range(text).map(drop))
}

/// The packages this one stands on, with the version and digest that are there; refused where one is missing.
pub(super) fn standing_on(
    manifest: &Manifest,
    there: &[StoredPackage],
    digest: impl Fn(&StoredPackage) -> String,
) -> Result<Json, InstallError> {
    if let Some(wanted) = &manifest.platform
        && !range(wanted)?.matches(&version(PLATFORM))
    {
        return Err(InstallError::Platform { wanted: wanted.clone(), here: PLATFORM.to_owned() });
    }
    let mut missing = Vec::new();
    let mut found = Vec::new();
    for (name, wanted) in &manifest.requires {
        let base = crm::info().filter(|base| base.name.as_str() == name).map(|base| (base.version, None));
        let other = there.iter().find(|one| one.package == *name && one.state.is_present());
        let other = other.map(|one| (one.version.clone(), Some(digest(one))));
        match base.or(other) {
            Some((here, digest)) if range(wanted)?.matches(&version(&here)) => {
                found.push(serde_json::json!({ "package": name, "range": wanted, "version": here, "digest": digest }));
            }
            Some((here, _)) => missing.push(format!("`{name}` {wanted} (there is {here})")),
            None => missing.push(format!("`{name}` {wanted}")),
        }
    }
    if missing.is_empty() { Ok(Json::Array(found)) } else { Err(InstallError::Requires(missing)) }
}

/// Refuses what others need otherwise: `after` is the version that will be there, none where it goes.
pub(super) fn still_needed(package: &str, after: Option<&str>, there: &[StoredPackage]) -> Result<(), InstallError> {
    let mut needing = Vec::new();
    for other in there.iter().filter(|one| one.state.is_present() && one.package != package) {
        for need in other.requires.as_array().into_iter().flatten() {
            let text = |key: &str| need.get(key).and_then(Json::as_str).unwrap_or_default();
            let fits = after.is_some_and(|after| range(text("range")).is_ok_and(|range| range.matches(&version(after))));
            if text("package") == package && !fits {
                needing.push(format!("`{}` ({})", other.package, text("range")));
            }
        }
    }
    if needing.is_empty() { Ok(()) } else { Err(InstallError::RequiredBy(needing)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_people_write_them() {
        for (text, inside, outside) in [
            (">=1.0 <2.0", "1.9.9", "2.0.0"),
            (">= 1.0, < 2.0", "1.0.0", "0.9.0"),
            ("^0.1", "0.1.7", "0.2.0"),
            ("=1.2.3", "1.2.3", "1.2.4"),
            ("~1.2", "1.2.9", "1.3.0"),
            ("1", "1.5.0", "2.0.0"),
        ] {
            let range = range(text).unwrap();
            assert!(range.matches(&version(inside)) && !range.matches(&version(outside)), "{text}");
        }
        assert_eq!(range("soon").unwrap_err().rule(), "package/manifest");
        assert!(version("1.10.0") > version("1.9.0") && version("1.0.0-rc.1") < version("1.0.0"));
    }
}
