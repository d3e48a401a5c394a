//! `metadata/unknown-element`: a path that leads to nothing: a label for a field that is not there.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "metadata/unknown-element";

pub(crate) fn no_such_element(path: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("this package describes nothing called `{path}`")).help(
        "paths are `opportunity`, `opportunity.plural`, `opportunity.fields.stage.options.won`, `opportunity.relations.account.inverse`",
    )
}

pub(crate) fn no_such_group(path: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{path}` is no path of an element"))
        .help("paths are `opportunity`, `opportunity.fields.stage`, `opportunity.relations.account`, `opportunity.views.mine`, `opportunity.layouts.record`, `opportunity.access.sales_rep`")
}

/// A role's holders begin where there is nothing.
pub(crate) fn no_such_page(landing: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{}` is no page to begin at", super::wrong_type::shorten(landing)))
        .help("write `home`, an object, or a view as in `opportunity.pipeline`")
}

/// The page is retired: a role's holders begin at home.
pub(crate) fn retired_page(landing: &str) -> Diagnostic {
    Diagnostic::warning(CODE, format!("`{landing}` is retired, nobody can begin there")).help("choose another page, or restore it")
}

#[cfg(test)]
mod tests {
    use crate::testing::codes_of;

    #[test]
    fn a_label_belongs_to_something() {
        assert_eq!(
            codes_of(&[
                ("object.yaml", "format: tenon/v1\nobject: deal\nlabel: { en: Deal }\n"),
                ("labels/zh.yaml", "format: tenon/v1\nobject: deal\nlabels: { deal.fields.name.options.a: 甲 }\n")
            ]),
            [super::CODE]
        );
        assert!(
            codes_of(&[
                ("object.yaml", "format: tenon/v1\nobject: deal\nlabel: { en: Deal }\nfields: { name: { type: text } }\n"),
                ("labels/zh.yaml", "format: tenon/v1\nobject: deal\nlabels: { deal.fields.name: 名称 }\n")
            ])
            .is_empty()
        );
    }
}
