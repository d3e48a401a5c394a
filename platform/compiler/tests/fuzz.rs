//! Bad input never panics: any text, and the base package's own files with something broken in them.
//!
//! `PROPTEST_CASES=1000000 cargo test -p tenon-compiler --test fuzz` searches for longer; what it finds is kept.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use proptest::prelude::*;
use tenon_compiler::{SourceFile, assemble, read};
use tenon_model::{ModelVersion, Physical, Settings};
use tenon_value::{Name, TenantId, Uuid};

/// Pieces that have meaning in YAML or in metadata.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ": ",
    "- ",
    "\n",
    "  ",
    "#",
    "&a ",
    "*a",
    "!t ",
    "<<: ",
    "---\n",
    "? ",
    "| ",
    "> ",
    "\"",
    "'",
    "\\",
    "null",
    "true",
    "-1",
    "1e999",
    "客户",
    "\u{feff}",
    "fields:",
    "relations:",
    "type: choice",
    "options: []",
    "to: []",
    "to: account",
    "many: true",
    "tree: true",
    "part_of: true",
    "unique: true",
    "default: {}",
    "max: 0",
    "scale: 99",
    "inverse: { name: id }",
    "filter: { and: [{ not: {} }] }",
    "order: [{}]",
    "name: ''",
    "link: { a: 1 }",
    "label: 5",
];

fn sources() -> &'static [(String, String)] {
    static SOURCES: OnceLock<Vec<(String, String)>> = OnceLock::new();
    SOURCES.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../metadata/crm/objects");
        let mut found = Vec::new();
        let mut open: Vec<PathBuf> = vec![root];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let name = path.file_name().unwrap().to_string_lossy().into_owned();
                    found.push((name, fs::read_to_string(&path).unwrap()));
                }
            }
        }
        found.sort();
        found
    })
}

fn compile(files: &[SourceFile]) {
    let read = read(&Name::known("tenant"), files);
    let assembled = assemble(TenantId(Uuid::nil()), ModelVersion(1), &Settings::default(), &[read.layer], &Physical::default());
    for diagnostic in read.diagnostics.iter().chain(&assembled.diagnostics) {
        let source = diagnostic.span.as_ref().and_then(|span| files.iter().find(|file| file.path == span.file));
        assert!(!diagnostic.render(source.map(|file| file.text.as_str())).is_empty());
    }
}

/// Cuts `length` letters out of a text and puts a piece there.
fn mutate(text: &str, at: usize, length: usize, piece: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let at = at % (letters.len() + 1);
    let end = (at + length).min(letters.len());
    letters.iter().take(at).collect::<String>() + piece + &letters.iter().skip(end).collect::<String>()
}

proptest! {
    #[test]
    fn any_text_is_answered(bytes in prop::collection::vec(any::<u8>(), 0..400), kind in 0_usize..5) {
        let path = ["object.yaml", "views.yaml", "layout.yaml", "labels/zh.yaml", "package.yaml"][kind];
        compile(&[SourceFile::new(path, String::from_utf8_lossy(&bytes))]);
    }

    #[test]
    fn any_mixture_of_pieces_is_answered(pieces in prop::collection::vec(0..PIECES.len(), 0..60)) {
        let text: String = pieces.iter().map(|at| PIECES[*at]).collect();
        compile(&[SourceFile::new("object.yaml", format!("format: tenon/v1\nobject: deal\n{text}"))]);
    }

    #[test]
    fn broken_files_of_the_base_package_are_answered(
        file in any::<prop::sample::Index>(),
        cuts in prop::collection::vec((any::<usize>(), 0_usize..40, 0..PIECES.len()), 1..6),
    ) {
        let (path, text) = &sources()[file.index(sources().len())];
        let broken = cuts.iter().fold(text.clone(), |text, (at, length, piece)| mutate(&text, *at, *length, PIECES[*piece]));
        compile(&[SourceFile::new(path.clone(), broken)]);
    }
}

#[test]
fn nesting_and_size_are_counted_before_they_hurt() {
    for deep in ["[".repeat(100_000), "{a: ".repeat(4_000), "- ".repeat(100_000), "a:\n".repeat(1000), "? ".repeat(4_000)] {
        compile(&[SourceFile::new("object.yaml", format!("format: tenon/v1\nobject: deal\nunique: {deep}"))]);
    }
    compile(&[SourceFile::new("object.yaml", " ".repeat(2 << 20))]);
    let many: String = (0..2_000).map(|at| format!("  field_{at}: {{ type: text, label: {{ en: A }} }}\n")).collect();
    compile(&[SourceFile::new("object.yaml", format!("format: tenon/v1\nobject: deal\nlabel: {{ en: Deal }}\nfields:\n{many}"))]);
}
