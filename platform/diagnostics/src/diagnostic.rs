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
                let letters = if span.end_line == span.line { span.end_column.saturating_sub(span.column).max(1) } else { 1 };
                let pad = " ".repeat(line.chars().take(before).map(width).sum());
                let marked: usize = line.chars().skip(before).take(usize::try_from(letters).unwrap_or(1)).map(width).sum();
                let marks = "^".repeat(marked.max(1));
                text += &format!(" {gutter} |\n {number} | {line}\n {gutter} | {pad}{marks}\n");
            }
        }
        if let Some(help) = &self.help {
            text += &format!("help: {help}\n");
        }
        text
    }
}

/// Columns of a terminal that a letter takes: two for Chinese, Japanese, Korean and full-width ones.
const fn width(letter: char) -> usize {
    match letter as u32 {
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe4f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
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

    #[test]
    fn the_mark_stands_below_its_word_after_chinese() {
        let span = Span { file: "a.yaml".to_owned(), line: 1, column: 5, end_line: 1, end_column: 7 };
        let rendered = Diagnostic::error("name/ascii", "no").at(Some(span)).render(Some("名: {赢单}"));
        assert!(rendered.ends_with("1 | 名: {赢单}\n   |      ^^^^\n"), "{rendered}");
    }
}
