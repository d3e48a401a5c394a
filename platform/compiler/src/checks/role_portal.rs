//! `role/portal`: a role of people outside has what belongs to staff, or the other way about.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "role/portal";

/// Staff roles and portal roles do not inherit from each other.
pub(crate) fn parent(name: &str, parent: &str, is_portal: bool) -> Diagnostic {
    let (own, other) = if is_portal { ("portal users", "staff") } else { ("staff", "portal users") };
    Diagnostic::error(CODE, format!("role `{name}` is for {own}, and its parent `{parent}` for {other}"))
        .help("a role inherits from roles of its own kind only: write the rights it is to have")
}

/// A special right that only staff can have.
pub(crate) fn special(word: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("a role of portal users cannot have the special right `{word}`"))
        .help("portal users may be given `export` at most")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes_of;

    #[test]
    fn people_outside_have_no_rights_of_staff() {
        let role = |rest: &str| format!("format: tenon/v1\nrole: guest\nlabel: {{ en: Guest }}\nportal: true\n{rest}");
        let staff = ("roles/rep.yaml", "format: tenon/v1\nrole: rep\nlabel: { en: Rep }\n");
        assert_eq!(codes_of(&[("roles/guest.yaml", &role("special: [audit]\n"))]), [super::CODE]);
        assert_eq!(codes_of(&[("roles/guest.yaml", &role("parent: rep\n")), staff]), [super::CODE]);
        assert!(codes_of(&[("roles/guest.yaml", &role("special: [export]\n")), staff]).is_empty());
    }
}
