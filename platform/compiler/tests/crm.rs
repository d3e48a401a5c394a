//! The base package compiles, and its model is what its files say.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::fs;
use std::path::Path;

use tenon_compiler::{Assembled, SourceFile, assemble, read};
use tenon_diagnostics::Diagnostic;
use tenon_model::{EdgeKind, ModelVersion, Physical, Settings};
use tenon_value::{Name, TenantId, Uuid};

/// Every file below a folder, by relative path, in order.
fn files_below(root: &Path) -> Vec<SourceFile> {
    let mut found = Vec::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let relative = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                found.push(SourceFile::new(relative, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort_by(|left, right| left.path.cmp(&right.path));
    found
}

/// Folders as layers, and everything that is said about them.
fn compiled(layers: &[(&str, &str)]) -> (Assembled, String) {
    let mut files = Vec::new();
    let mut found = Vec::new();
    let mut said = Vec::new();
    for (package, folder) in layers {
        let own = files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder));
        let read = read(&Name::known(package), &own);
        found.push(read.layer);
        said.extend(read.diagnostics);
        files.extend(own);
    }
    let mut assembled = assemble(TenantId(Uuid::nil()), ModelVersion(1), &Settings::default(), &found, &Physical::default());
    assembled.diagnostics.splice(0..0, said);
    let render = |diagnostic: &Diagnostic| {
        let source = diagnostic.span.as_ref().and_then(|span| files.iter().find(|file| file.path == span.file));
        diagnostic.render(source.map(|file| file.text.as_str()))
    };
    let words = assembled.diagnostics.iter().map(render).collect();
    (assembled, words)
}

#[test]
fn the_base_package_compiles_without_a_word() {
    let (crm, said) = compiled(&[("crm", "metadata/crm")]);
    assert_eq!(said, "");
    let model = crm.model.unwrap();
    let opportunity = model.object_named("opportunity").unwrap();
    assert_eq!(opportunity.graphql.plural, "opportunities");
    assert!(opportunity.field_named("name").unwrap().required);
    let lines = opportunity.edge_named("lines").unwrap();
    assert!(matches!(lines.kind, EdgeKind::Children { .. }));
    assert!(model.object_named("account").unwrap().edge_named("descendants").is_some());
}

#[test]
fn the_example_of_a_real_pipeline_compiles_over_it() {
    let (both, said) = compiled(&[("crm", "metadata/crm"), ("tenant", "examples/02-import-a-real-pipeline/metadata")]);
    assert_eq!(said, "");
    let model = both.model.unwrap();
    let opportunity = model.object_named("opportunity").unwrap();
    assert!(opportunity.field_named("stage").unwrap().label.zh.is_some());
    assert!(opportunity.relation_named("product").is_some());
    assert!(model.object_named("product").unwrap().field_named("name").unwrap().unique);
}
