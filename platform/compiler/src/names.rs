//! API names: the rule, and which of the `name/…` codes says what is wrong.

use tenon_diagnostics::{Diagnostic, Span};
use tenon_value::{Name, NameError};

use crate::checks::{name_ascii, name_shape, name_too_long};

/// What is wrong with a name, if anything is.
pub(crate) fn complaint(name: &str) -> Option<Diagnostic> {
    Name::check(name).err().map(|error| words(name, error))
}

fn words(name: &str, error: NameError) -> Diagnostic {
    match error {
        NameError::Empty => name_shape::empty(),
        NameError::NotAscii => name_ascii::not_ascii(name),
        NameError::TooLong => name_too_long::too_long(name),
        NameError::Shape => name_shape::shape(name),
    }
}

/// The name, or a stand-in where it is wrong; then there will be no model.
pub(crate) fn checked(name: &str, at: impl FnOnce() -> Option<Span>, path: &str, report: &mut Vec<Diagnostic>) -> Name {
    settled(name.parse(), name, at, path, report)
}

/// The code of an option, or a stand-in.
pub(crate) fn checked_code(code: &str, at: impl FnOnce() -> Option<Span>, path: &str, report: &mut Vec<Diagnostic>) -> Name {
    settled(Name::code(code), code, at, path, report)
}

fn settled(name: Result<Name, NameError>, text: &str, at: impl FnOnce() -> Option<Span>, path: &str, report: &mut Vec<Diagnostic>) -> Name {
    name.unwrap_or_else(|error| {
        report.push(words(text, error).at(at()).of(path));
        Name::known("unnamed")
    })
}
