//! Elements → YAML as a person writes it: a field is a line. Reading it back gives the same elements.
//!
//! Used by `tenon pull`. Retired elements are not written: a file says what is in use.

mod flow;

use indexmap::IndexMap;
use tenon_model::{Element, Layer, State};
use tenon_value::Json;

use crate::SourceFile;
use crate::checks::format;
use flow::{flow, word};

/// Letters of a line at most, where a mapping can be broken into lines.
const LINE_MAX: usize = 140;
/// Group in paths, file, and key in the file, of the elements below an object.
const GROUPS: [(&str, &str, &str); 6] = [
    ("fields", "object.yaml", "fields"),
    ("relations", "object.yaml", "relations"),
    ("views", "views.yaml", "views"),
    ("layouts", "layout.yaml", "layouts"),
    ("access", "access.yaml", "roles"),
    ("sharing", "access.yaml", "sharing"),
];

/// What a layer has of one object.
#[derive(Default)]
struct Folder<'a> {
    object: Option<&'a Element>,
    members: [Vec<(&'a str, &'a Element)>; 6],
}

/// The files of a layer: `objects/<name>/object.yaml`, `views.yaml`, `layout.yaml`, `access.yaml`, in the order of its
/// objects, and `roles/<name>.yaml`.
#[must_use]
pub fn write(layer: &Layer) -> Vec<SourceFile> {
    let mut folders: IndexMap<&str, Folder<'_>> = IndexMap::new();
    let mut roles = Vec::new();
    for element in layer.elements.iter().filter(|element| element.state == State::Active) {
        if let Some(role) = element.path.role_name() {
            roles.push(role_file(role, element));
            continue;
        }
        let (object, rest) = element.path.split();
        let folder = folders.entry(object).or_default();
        match rest {
            None => folder.object = Some(element),
            Some((group, name)) => {
                let at = GROUPS.iter().position(|(known, _, _)| *known == group);
                if let Some(members) = at.and_then(|at| folder.members.get_mut(at)) {
                    members.push((name, element));
                }
            }
        }
    }
    folders.iter().flat_map(|(object, folder)| files(object, folder)).chain(roles).collect()
}

fn role_file(role: &str, element: &Element) -> SourceFile {
    let mut text = format!("format: {}\nrole: {}\n", format::VERSION, word(role));
    for (key, property) in &element.properties {
        entry(&mut text, 0, key, &property.value);
    }
    SourceFile::new(format!("roles/{role}.yaml"), text)
}

fn files(object: &str, folder: &Folder<'_>) -> Vec<SourceFile> {
    let mut files: IndexMap<&str, String> = IndexMap::new();
    if let Some(element) = folder.object {
        let text = files.entry("object.yaml").or_default();
        for (key, property) in &element.properties {
            entry(text, 0, key, &property.value);
        }
    }
    for ((_, file, key), members) in GROUPS.iter().zip(&folder.members).filter(|(_, members)| !members.is_empty()) {
        let text = files.entry(file).or_default();
        text.push_str(key);
        text.push_str(":\n");
        for (name, element) in members {
            let properties = element.properties.iter().map(|(key, property)| (key.clone(), property.value.clone())).collect();
            entry(text, 2, name, &Json::Object(properties));
        }
    }
    let head = format!("format: {}\nobject: {}\n", format::VERSION, word(object));
    files.into_iter().map(|(file, text)| SourceFile::new(format!("objects/{object}/{file}"), format!("{head}{text}"))).collect()
}

/// `key: value`, on one line where it fits.
fn entry(text: &mut String, indent: usize, key: &str, value: &Json) {
    let margin = " ".repeat(indent);
    let key = word(key);
    let line = format!("{margin}{key}: {}\n", flow(value));
    match value {
        Json::Object(map) if !map.is_empty() && line.chars().count() > LINE_MAX => {
            text.push_str(&format!("{margin}{key}:\n"));
            for (name, inner) in map {
                entry(text, indent + 2, name, inner);
            }
        }
        Json::Array(items) if !items.is_empty() && line.chars().count() > LINE_MAX => {
            text.push_str(&format!("{margin}{key}:\n"));
            for item in items {
                text.push_str(&format!("{margin}  - {}\n", flow(item)));
            }
        }
        _ => text.push_str(&line),
    }
}
