//! Files → elements of one layer. What the elements say is checked when layers are assembled; here is checked what
//! only a file can get wrong: YAML, its format, which keys stand in which file, labels said twice.

mod elements;
mod labels;
mod manifest;

use tenon_diagnostics::Diagnostic;
use tenon_model::Layer;
use tenon_value::Name;

use crate::checks::{format, limit, missing_key, not_enforced_yet, unknown_file, unknown_key, wrong_type};
use crate::yaml::{Entry, Node};
use crate::{SourceFile, limits, order, yaml};
use elements::Elements;
pub use elements::element;
pub use manifest::Manifest;

/// What the files of one package or tenant say.
#[derive(Debug)]
pub struct Read {
    /// Their elements, in written order.
    pub layer: Layer,
    /// What `package.yaml` says, if there is one; then its name is the layer's.
    pub manifest: Option<Manifest>,
    /// All mistakes met so far, by file and line. Assembling finds the others.
    pub diagnostics: Vec<Diagnostic>,
}

/// What a file is, by its place and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileKind<'a> {
    Object,
    Views,
    Layout,
    Labels(&'a str),
    Access,
    Role,
    Package,
    /// A concern of the format that this version does not act on.
    Later(&'static str),
    /// Neither metadata nor YAML: a README, a component.
    Foreign,
    Unknown,
}

fn kind_of(path: &str) -> FileKind<'_> {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = folder.rsplit('/').next().unwrap_or_default();
    match file {
        "object.yaml" => FileKind::Object,
        "views.yaml" => FileKind::Views,
        "layout.yaml" => FileKind::Layout,
        "package.yaml" => FileKind::Package,
        "rules.yaml" => FileKind::Later("rules"),
        "access.yaml" => FileKind::Access,
        "process.yaml" => FileKind::Later("processes"),
        _ => match file.strip_suffix(".yaml") {
            Some(locale) if folder == "labels" => FileKind::Labels(locale),
            Some(_) if folder == "roles" => FileKind::Role,
            Some(_) => FileKind::Unknown,
            None if file.ends_with(".yml") => FileKind::Unknown,
            None => FileKind::Foreign,
        },
    }
}

/// Reads the files of one layer. `package` names it where no `package.yaml` does; `tenant` for the tenant's own.
#[must_use]
pub fn read(package: &Name, files: &[SourceFile]) -> Read {
    let mut report = Vec::new();
    let mut reader = Reader { elements: Elements::default(), labels: Vec::new(), manifest: None };
    for file in files {
        reader.file(file, &mut report);
    }
    let name = reader.manifest.as_ref().map_or_else(|| package.clone(), |manifest| manifest.package.clone());
    if reader.elements.len() > limits::ELEMENTS.max {
        report.push(limit::exceeded(limits::ELEMENTS, reader.elements.len(), &format!("package `{name}`"), "elements"));
    }
    for label in reader.labels {
        label.apply(&mut reader.elements, &mut report);
    }
    order::sort(&mut report);
    Read { layer: reader.elements.into_layer(name), manifest: reader.manifest, diagnostics: report }
}

struct Reader {
    elements: Elements,
    labels: Vec<labels::Label>,
    manifest: Option<Manifest>,
}

impl Reader {
    fn file(&mut self, file: &SourceFile, report: &mut Vec<Diagnostic>) {
        let kind = kind_of(&file.path);
        if kind == FileKind::Foreign {
            return;
        }
        let mut found = Vec::new();
        let root = yaml::parse(file, &mut found);
        let is_mapping_file = root.as_ref().and_then(Node::entries).is_some_and(|entries| entry(entries, "mapping").is_some());
        if kind == FileKind::Unknown && is_mapping_file {
            return;
        }
        report.append(&mut found);
        if kind == FileKind::Unknown {
            let start = yaml::Range { line: 1, column: 1, end_line: 1, end_column: 1 };
            report.push(unknown_file::unknown_file(&file.path).at(Some(start.in_file(&file.path))));
            return;
        }
        let Some(root) = root else { return };
        let Some(entries) = root.entries() else {
            report.push(wrong_type::wrong_type("the file", "a mapping", &root.to_json()).at(Some(root.range.in_file(&file.path))));
            return;
        };
        check_format(entries, &root, file, report);
        if kind == FileKind::Package {
            self.manifest = manifest::read(&root, file, report).or(self.manifest.take());
            return;
        }
        if let FileKind::Later(what) = kind {
            let at = entries.iter().find(|entry| !is_header(&entry.key)).map_or(root.range, |entry| entry.range);
            report.push(not_enforced_yet::not_enforced_yet(what).at(Some(at.in_file(&file.path))));
            return;
        }
        if kind == FileKind::Role {
            if let Some(role) = name_in("role", "sales_rep", (entries, &root), file, report) {
                self.elements.role(&role, entries, &file.path, report);
            }
            return;
        }
        if let Some(object) = name_in("object", "opportunity", (entries, &root), file, report) {
            self.object_file(kind, &object, entries, report, &file.path);
        }
    }

    fn object_file(&mut self, kind: FileKind<'_>, object: &OwnName, entries: &[Entry], report: &mut Vec<Diagnostic>, file: &str) {
        match kind {
            FileKind::Object => {
                self.elements.object(object, entries, file, report);
            }
            FileKind::Views => self.groups(object, entries, &[("views", "views")], file, report),
            FileKind::Layout => self.groups(object, entries, &[("layouts", "layouts")], file, report),
            FileKind::Access => self.groups(object, entries, &[("roles", "access"), ("sharing", "sharing")], file, report),
            FileKind::Labels(locale) => labels::read(locale, object, entries, file, &mut self.labels, report),
            FileKind::Role | FileKind::Package | FileKind::Later(_) | FileKind::Foreign | FileKind::Unknown => {}
        }
    }

    /// A file with groups of elements: the key in the file, and the group in paths.
    fn groups(&mut self, object: &OwnName, entries: &[Entry], groups: &[(&str, &str)], file: &str, report: &mut Vec<Diagnostic>) {
        for entry in entries.iter().filter(|entry| !is_header(&entry.key)) {
            match groups.iter().find(|(key, _)| entry.key == *key) {
                Some((_, group)) => self.elements.group(&object.name, group, entry, file, report),
                None => {
                    let known: Vec<&str> = ["format", "object"].into_iter().chain(groups.iter().map(|(key, _)| *key)).collect();
                    report.push(misplaced(&entry.key, &known).at(Some(entry.range.in_file(file))).of(&object.name));
                }
            }
        }
    }
}

/// The object or role a file is about.
struct OwnName {
    name: String,
    entry: yaml::Range,
    value: yaml::Range,
}

fn entry<'n>(entries: &'n [Entry], key: &str) -> Option<&'n Entry> {
    entries.iter().find(|entry| entry.key == key)
}

fn is_header(key: &str) -> bool {
    matches!(key, "format" | "object")
}

/// An unknown key of a file: of another file, or of none.
fn misplaced(key: &str, known: &[&str]) -> Diagnostic {
    let file = match key {
        "fields" | "relations" | "unique" | "label" | "display" => "object.yaml",
        "views" => "views.yaml",
        "layouts" => "layout.yaml",
        "roles" | "sharing" => "access.yaml",
        "labels" => "labels/<locale>.yaml",
        _ => return unknown_key::unknown_key("this file", key, known.iter().copied()),
    };
    unknown_key::in_other_file(key, file)
}

fn check_format(entries: &[Entry], root: &Node, file: &SourceFile, report: &mut Vec<Diagnostic>) {
    match entry(entries, "format") {
        None => report.push(
            format::missing()
                .at(Some(yaml::Range { end_line: root.range.line, end_column: root.range.column, ..root.range }.in_file(&file.path))),
        ),
        Some(found) if found.value.text() == Some(format::VERSION) => {}
        Some(found) => {
            let words = wrong_type::describe(&found.value.to_json());
            report.push(format::unknown(&words).at(Some(found.value.range.in_file(&file.path))));
        }
    }
}

/// The name under `key`; says so where there is none that can be used.
fn name_in(
    key: &'static str,
    example: &'static str,
    (entries, root): (&[Entry], &Node),
    file: &SourceFile,
    report: &mut Vec<Diagnostic>,
) -> Option<OwnName> {
    let Some(found) = entry(entries, key) else {
        report.push(missing_key::missing_key("the file", key, example).at(Some(root.range.in_file(&file.path))));
        return None;
    };
    match found.value.text() {
        // A dot or a colon would look like the path of another element.
        Some(name) if !name.is_empty() && !name.contains(['.', ':']) => {
            Some(OwnName { name: name.to_owned(), entry: found.range, value: found.value.range })
        }
        Some(name) => {
            report.extend(crate::names::complaint(name).map(|diagnostic| diagnostic.at(Some(found.value.range.in_file(&file.path)))));
            None
        }
        None => {
            report.push(wrong_type::wrong_type(key, "text", &found.value.to_json()).at(Some(found.value.range.in_file(&file.path))));
            None
        }
    }
}
