//! `name/shape`: a name of the right letters in the wrong order: `2nd_call`, `close__date`, `_id`.

use tenon_diagnostics::Diagnostic;
use tenon_value::Name;

pub(crate) const CODE: &str = "name/shape";

pub(crate) fn shape(name: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        CODE,
        format!("name `{}` does not begin with a letter, or has a `_` that stands between nothing", super::wrong_type::shorten(name)),
    );
    let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
    let joined = words.join("_");
    let proposal = if joined.starts_with(|letter: char| letter.is_ascii_digit()) { format!("n_{joined}") } else { joined };
    match Name::check(&proposal) {
        Ok(()) => diagnostic.help(format!("for example `{proposal}`")),
        Err(_) => diagnostic,
    }
}

pub(crate) fn empty() -> Diagnostic {
    Diagnostic::error(CODE, "a name cannot be empty")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn a_name_begins_with_a_letter() {
        assert_eq!(codes("fields:\n  2nd: { type: text, label: { en: A } }\n"), [super::CODE]);
        assert!(codes("fields:\n  second: { type: text, label: { en: A } }\n").is_empty());
    }
}
