//! `role/administrator`: the built-in role is described, or given rights, as if it were one of the author's.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "role/administrator";

/// The role that may do everything within its tenant.
pub(crate) const ADMINISTRATOR: &str = "administrator";

pub(crate) fn described() -> Diagnostic {
    Diagnostic::error(CODE, "role `administrator` is built in and cannot be described").help("it may do everything; choose another name")
}

pub(crate) fn given_rights() -> Diagnostic {
    Diagnostic::error(CODE, "role `administrator` is built in and may do everything already").help("take it out here")
}

#[cfg(test)]
mod tests {
    use crate::testing::{codes_of, codes_of_access};

    #[test]
    fn the_administrator_is_built_in() {
        assert_eq!(codes_of(&[("roles/a.yaml", "format: tenon/v1\nrole: administrator\nlabel: { en: A }\n")]), [super::CODE]);
        assert_eq!(codes_of_access("roles: { administrator: { can: [read] } }"), [super::CODE]);
    }
}
