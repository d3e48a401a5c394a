//! Wrong metadata and what we say to it: one folder of `tests/wrong-metadata` per code, words exact.
//!
//! `UPDATE=1 cargo test -p tenon-compiler --test wrong_metadata` rewrites the expected words; review reads the diff.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use tenon_compiler::{CODES, SourceFile, assemble, read, sort_diagnostics};
use tenon_model::{ModelVersion, Physical, Settings};
use tenon_value::{Name, TenantId, Uuid};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/wrong-metadata")
}

/// The folder of a code: `metadata/unknown-key` → `metadata-unknown-key`.
fn folder_of(code: &str) -> String {
    code.replace('/', "-")
}

/// The YAML files of a folder; `input.yaml` stands for a lone `object.yaml`.
fn inputs(folder: &Path) -> Vec<SourceFile> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                let relative = path.strip_prefix(folder).unwrap().to_string_lossy().replace("input.yaml", "object.yaml");
                found.push(SourceFile::new(relative, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort_by(|left, right| left.path.cmp(&right.path));
    found
}

fn words(files: &[SourceFile]) -> String {
    let read = read(&Name::known("tenant"), files);
    let assembled = assemble(TenantId(Uuid::nil()), ModelVersion(1), &Settings::default(), &[read.layer], &Physical::default());
    let mut all: Vec<_> = read.diagnostics.into_iter().chain(assembled.diagnostics).collect();
    sort_diagnostics(&mut all);
    all.iter()
        .map(|diagnostic| {
            let source = diagnostic.span.as_ref().and_then(|span| files.iter().find(|file| file.path == span.file));
            diagnostic.render(source.map(|file| file.text.as_str()))
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn wrong_metadata_is_told_what_is_wrong_in_these_words() {
    #[expect(clippy::disallowed_methods, reason = "the switch for rewriting is the developer's, not configuration")]
    let update = std::env::var("UPDATE").is_ok();
    for code in CODES {
        let folder = root().join(folder_of(code));
        let said = words(&inputs(&folder));
        let expected = folder.join("expected.txt");
        if update {
            fs::write(&expected, &said).unwrap();
        }
        assert_eq!(said, fs::read_to_string(&expected).unwrap_or_default(), "{}", folder.display());
        assert!(said.contains(&format!("[{code}]")), "{code} has no example of itself:\n{said}");
    }
}

#[test]
fn every_example_is_of_a_code() {
    for entry in fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(CODES.iter().any(|code| folder_of(code) == name), "{name} is no code's folder");
    }
}
