//! Names of derived types.

use tenon_model::{Field, FieldKind, Link, Object, Relation, State};
use tenon_value::pascal;

/// The singular of a plural made by the mechanical rule: `tags` → `tag`, `industries` → `industry`.
fn singular(name: &str) -> String {
    if let Some(stem) = name.strip_suffix("ies") {
        return format!("{stem}y");
    }
    for ending in ["ses", "xes", "zes", "ches", "shes"] {
        if name.ends_with(ending) {
            return name.strip_suffix("es").unwrap_or(name).to_owned();
        }
    }
    match name.strip_suffix('s') {
        Some(stem) if !stem.is_empty() && !stem.ends_with(['s', 'u']) => stem.to_owned(),
        _ => name.to_owned(),
    }
}

/// The enum of a choice (or choices) field: `OpportunityStage`, `OpportunityTag`.
pub(crate) fn choice_type(object: &Object, field: &Field) -> String {
    let stem = match field.kind {
        FieldKind::Choices(_) => {
            let one = singular(field.name.as_str());
            let taken =
                object.fields.iter().any(|other| other.state == State::Active && other.ix != field.ix && other.name.as_str() == one);
            if taken { field.name.as_str().to_owned() } else { one }
        }
        _ => field.name.as_str().to_owned(),
    };
    object.graphql.type_name.clone() + &pascal(&stem)
}

/// The enum of a link's attribute: `OpportunityContactsRole`.
pub(crate) fn link_choice_type(link: &Link, field: &Field) -> String {
    let stem = match field.kind {
        FieldKind::Choices(_) => singular(field.name.as_str()),
        _ => field.name.as_str().to_owned(),
    };
    link.graphql.strip_suffix("Link").unwrap_or(&link.graphql).to_owned() + &pascal(&stem)
}

/// The stem of types around an edge: `OpportunityContacts`.
pub(crate) fn edge_stem(object: &Object, edge: &tenon_model::Edge) -> String {
    object.graphql.type_name.clone() + &pascal(edge.name.as_str())
}

/// The stem of types around a polymorphic relation: `OpportunityOrigin`.
pub(crate) fn relation_stem(object: &Object, relation: &Relation) -> String {
    object.graphql.type_name.clone() + &pascal(relation.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn singular_undoes_the_mechanical_plural() {
        for (many, one) in [
            ("tags", "tag"),
            ("industries", "industry"),
            ("boxes", "box"),
            ("status", "status"),
            ("interest", "interest"),
            ("branches", "branch"),
        ] {
            assert_eq!(singular(many), one);
        }
    }
}
