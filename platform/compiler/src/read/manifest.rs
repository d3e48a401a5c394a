//! `package.yaml`: who a package is.

use tenon_diagnostics::Diagnostic;
use tenon_model::{Inside, Place, Property};
use tenon_value::{Json, Localized, Name};

use crate::checks::wrong_type;
use crate::keys::PACKAGE;
use crate::located::At;
use crate::yaml::{Entry, Node, Value};
use crate::{SourceFile, shape};

/// What a package says of itself. What it asks of the plugin host stays as written; `packages` acts on it or refuses.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Its name, and the namespace of what it brings.
    pub package: Name,
    /// Who publishes it.
    pub publisher: Option<String>,
    /// Semantic version.
    pub version: String,
    /// What people call it.
    pub label: Localized,
    /// Help.
    pub about: Localized,
    /// Platform versions it runs on, as written.
    pub platform: Option<String>,
    /// Packages it needs: name and versions, as written.
    pub requires: Vec<(String, String)>,
    /// Its component, as written.
    pub plugin: Option<Json>,
    /// What the component asks for, as written.
    pub grants: Option<Json>,
    /// Everything the file says.
    pub whole: Json,
}

/// Reads a manifest; none where it does not even say its name.
pub(super) fn read(root: &Node, file: &SourceFile, report: &mut Vec<Diagnostic>) -> Option<Manifest> {
    let whole = Property { value: root.to_json(), place: place(root, file) };
    let at = At::of(&whole);
    let known = report.len();
    shape::table(&at, &PACKAGE, "", report);
    let text = |key: &str| at.get(key).and_then(|value| value.text().map(str::to_owned));
    let version = text("version").unwrap_or_default();
    if let Some(value) = at.get("version")
        && value.json.is_string()
        && !is_semantic(&version)
    {
        report.push(wrong_type::wrong_type("version", "text of three numbers, as in `1.0.0`", value.json).at(value.span()));
    }
    let name = at.get("package")?;
    let package = name.text().and_then(|word| match word.parse() {
        Ok(package) => Some(package),
        Err(_) => {
            report.extend(crate::names::complaint(word).map(|diagnostic| diagnostic.at(name.span())));
            None
        }
    });
    // Requirements are only pairs of texts if nothing was wrong with them.
    let requires = at.get("requires").filter(|_| report.len() == known);
    let requires =
        requires.iter().flat_map(At::entries).filter_map(|(other, range)| Some((other.to_owned(), range.text()?.to_owned()))).collect();
    Some(Manifest {
        package: package?,
        publisher: text("publisher"),
        version,
        label: at.get("label").map(|label| label.localized()).unwrap_or_default(),
        about: at.get("about").map(|about| about.localized()).unwrap_or_default(),
        platform: text("platform"),
        requires,
        plugin: at.get("plugin").map(|value| value.json.clone()),
        grants: at.get("grants").map(|value| value.json.clone()),
        whole: whole.value.clone(),
    })
}

/// The place of a whole file: its first letter, and all parts.
fn place(root: &Node, file: &SourceFile) -> Place {
    let mut inside = Inside::new();
    if let Value::Map(entries) = &root.value {
        for entry in entries {
            inside.extend(parts(entry, &file.path));
        }
    }
    let start = root.range.in_file(&file.path);
    Place::File { key: start.clone(), value: start, inside }
}

fn parts(entry: &Entry, file: &str) -> Inside {
    let mut parts = Inside::new();
    if let Place::File { key, value, inside } = entry.place(file) {
        parts.extend(inside.into_iter().map(|(pointer, spans)| (format!("/{}{pointer}", entry.key), spans)));
        parts.insert(format!("/{}", entry.key), (key, value));
    }
    parts
}

/// `1.2.3`, with anything after `-` or `+`.
fn is_semantic(version: &str) -> bool {
    let numbers = version.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<&str> = numbers.split('.').collect();
    numbers.len() == 3
        && numbers.iter().all(|number| !number.is_empty() && number.len() <= 9 && number.bytes().all(|byte| byte.is_ascii_digit()))
}
