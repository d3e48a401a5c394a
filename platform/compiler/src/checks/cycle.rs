//! `metadata/cycle`: objects that need each other in a circle, so that no first record could ever be saved.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/cycle";

pub(crate) fn part_of(chain: &[&str]) -> Diagnostic {
    Diagnostic::error(CODE, format!("records would be part of themselves: {}", arrows(chain))).help("make one of these a plain relation")
}

pub(crate) fn required(chain: &[&str]) -> Diagnostic {
    Diagnostic::error(CODE, format!("no first record could be saved, each needs the other: {}", arrows(chain)))
        .help("let one of these relations be empty")
}

fn arrows(chain: &[&str]) -> String {
    chain.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" → ")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn records_cannot_need_each_other_in_a_circle() {
        assert_eq!(codes("relations:\n  a: { label: { en: A }, to: deal, required: true }\n"), [super::CODE]);
        assert!(codes("relations:\n  a: { label: { en: A }, to: deal }\n").is_empty());
    }
}
