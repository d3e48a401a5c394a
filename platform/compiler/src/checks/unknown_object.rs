//! `metadata/unknown-object`: a relation, view or field belongs to an object that nobody brings.

use tenon_diagnostics::{Diagnostic, nearest};

pub(crate) const CODE: &str = "metadata/unknown-object";

pub(crate) fn unknown_object<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Diagnostic {
    let diagnostic = Diagnostic::error(CODE, format!("there is no object `{}`", super::wrong_type::shorten(name)));
    match nearest(name, known) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic,
    }
}

/// Fields or views are given to an object that no layer describes.
pub(crate) fn undescribed<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Diagnostic {
    let diagnostic = Diagnostic::error(CODE, format!("there is no object `{}` to add to", super::wrong_type::shorten(name)));
    match nearest(name, known) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`? a new object says at least its `label`")),
        None => diagnostic.help("a new object says at least its `label`"),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn a_relation_leads_somewhere() {
        assert_eq!(codes("relations:\n  a: { label: { en: A }, to: deel }\n"), [super::CODE]);
        assert!(codes("relations:\n  a: { label: { en: A }, to: deal }\n").is_empty());
    }
}
