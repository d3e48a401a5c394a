//! The order in which mistakes are told: by file, then line, then column; those without a place last.

use tenon_diagnostics::Diagnostic;

/// Sorts, and drops what was said twice at one place: for callers who put several reports together.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|left, right| key(left).cmp(&key(right)));
    diagnostics.dedup();
}

fn key(diagnostic: &Diagnostic) -> (bool, &str, u32, u32, &str, &str) {
    match &diagnostic.span {
        Some(span) => (false, &span.file, span.line, span.column, diagnostic.code, &diagnostic.message),
        None => (true, &diagnostic.path, 0, 0, diagnostic.code, &diagnostic.message),
    }
}
