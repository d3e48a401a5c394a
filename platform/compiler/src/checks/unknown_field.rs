//! `metadata/unknown-field`: a view, layout, key or display names a field that the object does not have.

use tenon_diagnostics::{Diagnostic, nearest};

pub(crate) const CODE: &str = "metadata/unknown-field";

pub(crate) fn unknown_field<'a>(object: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Diagnostic {
    let diagnostic = Diagnostic::error(CODE, format!("`{object}` has no field `{}`", super::wrong_type::shorten(name)));
    match nearest(name, known) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic,
    }
}

/// The field exists but is retired: what names it is shown without it.
pub(crate) fn retired(object: &str, name: &str) -> Diagnostic {
    Diagnostic::warning(CODE, format!("field `{name}` of `{object}` is retired")).help("take it out here, or restore the field")
}

/// The field exists and is of a type that cannot be used here.
pub(crate) fn unfit(name: &str, kind: &str, purpose: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("field `{name}` is of type {kind}, which {purpose}"))
}

/// A dotted name goes on after something that is no to-one relation.
pub(crate) fn no_way_on(step: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("nothing leads on from `{step}`")).help("only relations to one object can be followed")
}

/// A dotted name takes too many hops.
pub(crate) fn too_far(name: &str, most: usize) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{}` leads over more than {most} relations", super::wrong_type::shorten(name)))
}

/// A right is given on a list: its records are another object's.
pub(crate) fn right_on_list(name: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{name}` is a list and has no right of its own"))
        .help("the right of the relation that makes it counts")
}

/// A right is given on what every record shows with the object.
pub(crate) fn right_on_system_field(name: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{name}` is kept by the system and read with the record")).help("take it out here")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn what_is_named_is_there() {
        assert_eq!(codes("display: b\nfields:\n  a: { label: { en: A }, type: text }\n"), [super::CODE]);
        assert!(codes("display: a\nfields:\n  a: { label: { en: A }, type: text }\n").is_empty());
    }
}
