//! `tenon check`: compile metadata files offline, without a server.

use std::path::Path;

use serde_json::json;
use tenon_compiler::SourceFile;
use tenon_diagnostics::{Diagnostic, Severity, Span};
use tenon_value::Json;

use crate::files;
use crate::output::{Exit, Output};

/// Compiles the files over the base package and says every mistake; exit 1 where there are errors.
pub(crate) fn check(output: &Output, dir: &Path) -> anyhow::Result<Exit> {
    let files = files::read(dir)?;
    let diagnostics = tenon_packages::check(&files);
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    let rendered: Vec<String> = diagnostics.iter().map(|diagnostic| diagnostic.render(source(diagnostic.span.as_ref(), &files))).collect();
    let summary = format!("{} files, {errors} errors, {} warnings", files.len(), diagnostics.len() - errors);
    let words = rendered.into_iter().chain([summary]).collect::<Vec<_>>().join("\n");
    let told: Vec<Json> = diagnostics.iter().map(to_json).collect();
    output.mistakes(json!({ "errors": errors, "diagnostics": told }), &told, words);
    Ok(if errors == 0 { Exit::Done } else { Exit::Failed })
}

/// A diagnostic that came over the wire, as a terminal shows it.
pub(crate) fn render(diagnostic: &Json, files: &[SourceFile]) -> String {
    let text = |name: &str| diagnostic.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let number = |name: &str| diagnostic.get(name).and_then(Json::as_u64).and_then(|number| u32::try_from(number).ok());
    let span = number("line").map(|line| Span {
        file: text("file"),
        line,
        column: number("column").unwrap_or(1),
        end_line: number("endLine").unwrap_or(line),
        end_column: number("endColumn").unwrap_or_default(),
    });
    let place = span.as_ref().map_or_else(String::new, |span| format!("  --> {}:{}:{}\n", span.file, span.line, span.column));
    let line = source(span.as_ref(), files).zip(span.as_ref()).and_then(|(source, span)| {
        let line = source.lines().nth(usize::try_from(span.line).ok()?.checked_sub(1)?)?;
        Some(format!("   | {line}\n"))
    });
    let help = diagnostic.get("help").and_then(Json::as_str).map_or_else(String::new, |help| format!("help: {help}\n"));
    format!("{}[{}]: {}\n{place}{}{help}", text("severity"), text("code"), text("message"), line.unwrap_or_default())
}

fn source<'a>(span: Option<&Span>, files: &'a [SourceFile]) -> Option<&'a str> {
    let file = &span?.file;
    files.iter().find(|known| known.path == *file).map(|known| known.text.as_str())
}

fn to_json(diagnostic: &Diagnostic) -> Json {
    let span = diagnostic.span.as_ref();
    json!({
        "code": diagnostic.code, "severity": diagnostic.severity.word(), "message": diagnostic.message, "help": diagnostic.help,
        "file": span.map(|span| &span.file), "line": span.map(|span| span.line), "column": span.map(|span| span.column),
        "endLine": span.map(|span| span.end_line), "endColumn": span.map(|span| span.end_column),
    })
}
