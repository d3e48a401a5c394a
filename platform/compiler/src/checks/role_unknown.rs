//! `role/unknown`: rights, a parent or a sharing rule name a role that nobody brings.

use tenon_diagnostics::{Diagnostic, nearest};

pub(crate) const CODE: &str = "role/unknown";

pub(crate) fn role_unknown<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Diagnostic {
    let diagnostic = Diagnostic::error(CODE, format!("there is no role `{}`", super::wrong_type::shorten(name)));
    match nearest(name, known) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help("a role is described in `roles/<name>.yaml`"),
    }
}

/// The role exists but is retired: what names it gives nothing.
pub(crate) fn retired(name: &str) -> Diagnostic {
    Diagnostic::warning(CODE, format!("role `{name}` is retired and gives nothing here")).help("take it out here, or restore the role")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes_of_access;

    #[test]
    fn rights_are_given_to_roles_that_are_there() {
        assert_eq!(codes_of_access("roles: { rap: { can: [read] } }"), [super::CODE]);
        assert!(codes_of_access("roles: { rep: { can: [read] } }").is_empty());
    }
}
