//! `metadata/unknown-type`: a field of a type that does not exist.

use tenon_diagnostics::{Diagnostic, nearest};

pub(crate) const CODE: &str = "metadata/unknown-type";

pub(crate) fn unknown_type<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Diagnostic {
    let known: Vec<&str> = known.into_iter().collect();
    let diagnostic = Diagnostic::error(CODE, format!("there is no field type `{}`", super::wrong_type::shorten(word)));
    let meant = match word {
        "string" | "varchar" => Some("text"),
        "number" | "float" | "double" | "numeric" => Some("decimal"),
        "int" | "bigint" | "long" => Some("integer"),
        "bool" | "checkbox" => Some("boolean"),
        "timestamp" | "date_time" => Some("datetime"),
        "enum" | "select" | "picklist" => Some("choice"),
        "multi_select" | "multipicklist" | "tags" => Some("choices"),
        "currency" => Some("money"),
        "reference" | "relation" | "master_detail" => return diagnostic.help("what points to other records stands under `relations:`"),
        _ => nearest(word, known.iter().copied()),
    };
    match meant {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("the types are `{}`", known.join("`, `"))),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn a_type_is_known() {
        assert_eq!(codes("fields:\n  a: { label: { en: A }, type: string }\n"), [super::CODE]);
        assert!(codes("fields:\n  a: { label: { en: A }, type: text }\n").is_empty());
    }
}
