//! The enum of a choice field, and its filter.

use tenon_model::{Field, State};

use super::descriptions::of_label;
use super::seeds::ChoiceFamily;
use super::{Deprecation, EnumValue, InputDef, TypeDef, TypeKind};

pub(super) fn grow(field: &Field, name: &str, family: ChoiceFamily) -> TypeDef {
    match family {
        ChoiceFamily::Enum => {
            let values = field
                .kind
                .options()
                .iter()
                .map(|option| EnumValue {
                    name: option.graphql.as_str().into(),
                    description: of_label(&option.label),
                    deprecated: (option.state == State::Retired).then(|| Deprecation::plain("No longer offered.")),
                })
                .collect();
            TypeDef { name: name.into(), description: of_label(&field.label), kind: TypeKind::Enum(values) }
        }
        ChoiceFamily::Filter => input(
            format!("{name}Filter"),
            &[("eq", name), ("ne", name), ("in", &format!("[{name}!]")), ("notIn", &format!("[{name}!]")), ("isNull", "Boolean")],
        ),
        ChoiceFamily::ListFilter => {
            let list = format!("[{name}!]");
            input(format!("{name}ListFilter"), &[("hasAny", &list), ("hasAll", &list), ("hasNone", &list), ("isEmpty", "Boolean")])
        }
    }
}

/// An input type of these fields.
pub(super) fn input(name: String, fields: &[(&str, &str)]) -> TypeDef {
    let fields = fields.iter().map(|(name, ty)| InputDef::new(name, ty)).collect();
    TypeDef { name: name.into(), description: None, kind: TypeKind::Input { fields, one_of: false } }
}
