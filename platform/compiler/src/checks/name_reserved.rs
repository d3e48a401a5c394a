//! `name/reserved`: a name that every record, every filter or GraphQL itself has already.

use tenon_diagnostics::Diagnostic;

pub(crate) const CODE: &str = "name/reserved";

/// `holder` has the name: `every record`, `GraphQL`.
pub(crate) fn reserved(name: &str, holder: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("name `{name}` is taken by {holder}")).help("choose another name; the label can stay")
}

/// What every record has, in `snake_case` (API.md §0.3), and what filters, orders and groups add to an object's fields.
pub(crate) fn holder_of_member(name: &str) -> Option<&'static str> {
    match name {
        "id" | "version" | "display" | "created_at" | "created_by" | "updated_at" | "updated_by" | "owner" | "deleted_at"
        | "external_ids" | "can" | "history" => Some("every record"),
        "and" | "or" | "not" | "external_id" => Some("every filter"),
        "relevance" => Some("every order"),
        "record" => Some("every group"),
        _ => None,
    }
}

/// What every link has beside its attributes.
pub(crate) fn holder_of_attribute(name: &str) -> Option<&'static str> {
    match name {
        "node" | "created_at" | "source" | "target" | "id" => Some("every link"),
        "and" | "or" | "not" => Some("every filter"),
        _ => None,
    }
}

/// Words that stand beside object names in filters of polymorphic relations.
pub(crate) fn holder_of_object(name: &str) -> Option<&'static str> {
    match name {
        "eq" | "in" | "is_null" | "type" => Some("every polymorphic filter"),
        "and" | "or" | "not" => Some("every filter"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn what_every_record_has_is_no_field() {
        assert_eq!(codes("fields:\n  owner: { type: text, label: { en: A } }\n"), [super::CODE]);
        assert!(codes("fields:\n  holder: { type: text, label: { en: A } }\n").is_empty());
    }
}
