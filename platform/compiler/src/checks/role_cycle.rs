//! `role/cycle`: a role is its own parent, over however many others.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "role/cycle";

pub(crate) fn role_cycle(chain: &[&str]) -> Diagnostic {
    let arrows = chain.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" → ");
    Diagnostic::error(CODE, format!("roles have each other as parent: {arrows}")).help("leave one of these parents out")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes_of;

    #[test]
    fn no_role_is_its_own_parent() {
        let role = |name: &str, parent: &str| format!("format: tenon/v1\nrole: {name}\nlabel: {{ en: A }}\n{parent}");
        let (a, b) = (role("a", "parent: b\n"), role("b", "parent: a\n"));
        assert_eq!(codes_of(&[("roles/a.yaml", &a), ("roles/b.yaml", &b)]), [super::CODE]);
        assert!(codes_of(&[("roles/a.yaml", &a), ("roles/b.yaml", &role("b", ""))]).is_empty());
    }
}
