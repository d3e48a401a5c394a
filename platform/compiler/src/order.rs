//! The order in which mistakes are told: by file, then line, then column; those without a place last.

use tenon_diagnostics::Diagnostic;

use crate::checks::limit;
use crate::limits;

/// Sorts, and drops what was said twice at one place: for callers who put several reports together.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|left, right| key(left).cmp(&key(right)));
    diagnostics.dedup();
    let all = diagnostics.len();
    if all > limits::DIAGNOSTICS.max {
        diagnostics.truncate(limits::DIAGNOSTICS.max);
        diagnostics.push(limit::exceeded(limits::DIAGNOSTICS, all, "the metadata", "mistakes").help("mend the first ones and look again"));
    }
}

fn key(diagnostic: &Diagnostic) -> (bool, &str, u32, u32, &str, &str) {
    match &diagnostic.span {
        Some(span) => (false, &span.file, span.line, span.column, diagnostic.code, &diagnostic.message),
        None => (true, &diagnostic.path, 0, 0, diagnostic.code, &diagnostic.message),
    }
}
