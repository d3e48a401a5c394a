//! A mistake of an author, with the place where it stands and a way out.

use std::fmt;

/// How bad it is. Errors keep a change from being applied; warnings do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// Cannot be applied.
    Error,
}

impl Severity {
    /// `warning`, `error`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A place in a file: lines and columns count from 1, the end is after the last letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The file, relative to the folder that was given.
    pub file: String,
    /// First line.
    pub line: u32,
    /// First column.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// Column after the last letter.
    pub end_column: u32,
}

/// One mistake: code, place, words, help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// `area/slug`, stable.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong: lower case, no full stop, things in backticks.
    pub message: String,
    /// Where; none where the input has no text (the metadata API) or the whole folder is meant.
    pub span: Option<Span>,
    /// The element concerned: `opportunity.fields.stage`; empty where unknown.
    pub path: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without a place yet.
    #[must_use]
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, message: message.into(), span: None, path: String::new(), help: None }
    }

    /// A warning without a place yet.
    #[must_use]
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// The same, at a place.
    #[must_use]
    pub fn at(mut self, span: Option<Span>) -> Self {
        self.span = span;
        self
    }

    /// The same, of this element.
    #[must_use]
    pub fn of(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// The same, with help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// As a terminal shows it, with the line of `source` it points at.
    #[must_use]
    pub fn render(&self, source: Option<&str>) -> String {
        let mut text = format!("{}[{}]: {}\n", self.severity.word(), self.code, self.message);
        if let Some(span) = &self.span {
            text += &format!("  --> {}:{}:{}\n", span.file, span.line, span.column);
            let line = usize::try_from(span.line).ok().and_then(|line| source?.lines().nth(line.checked_sub(1)?));
            if let Some(line) = line {
                let number = span.line.to_string();
                let gutter = " ".repeat(number.len());
                let before = usize::try_from(span.column.saturating_sub(1)).unwrap_or_default();
                let marks = if span.end_line == span.line { span.end_column.saturating_sub(span.column).max(1) } else { 1 };
                let marks = "^".repeat(usize::try_from(marks).unwrap_or(1));
                text += &format!(" {gutter} |\n {number} | {line}\n {gutter} | {}{marks}\n", " ".repeat(before));
            }
        }
        if let Some(help) = &self.help {
            text += &format!("help: {help}\n");
        }
        text
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_points_at_its_place() {
        let span = Span { file: "views.yaml".to_owned(), line: 2, column: 3, end_line: 2, end_column: 9 };
        let diagnostic =
            Diagnostic::error("metadata/unknown-field", "`opportunity` has no field `stagee`").at(Some(span)).help("did you mean `stage`?");
        let expected = "\
error[metadata/unknown-field]: `opportunity` has no field `stagee`
  --> views.yaml:2:3
   |
 2 | - stagee
   |   ^^^^^^
help: did you mean `stage`?
";
        assert_eq!(diagnostic.render(Some("columns:\n- stagee\n")), expected);
    }
}
