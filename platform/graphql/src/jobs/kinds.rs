//! The type of an export's column, where its file knows types: as the schema says it, with the places of decimals.

use tenon_model::{FieldKind, Object};
use tenon_parquet::Kind;
use tenon_value::camel;

use crate::schema::Schema;
use crate::syntax::ast::TypeRef;

/// The type of a value or of a part of one; `ty` is what the schema says of the whole.
pub(super) fn of(schema: &Schema, (object, first, part): (&Object, &str, Option<&str>), ty: &TypeRef) -> Kind {
    let inner = part.and_then(|part| schema.field(schema.ty(ty.name())?, &camel(part))).map(|field| &field.ty);
    let ty = inner.unwrap_or(ty);
    if matches!(ty.nullable(), TypeRef::List(_)) {
        return Kind::Texts;
    }
    match ty.name() {
        "Int" | "Long" => Kind::Integer,
        "Float" => Kind::Float,
        "Boolean" => Kind::Boolean,
        "Date" => Kind::Date,
        "DateTime" => Kind::Moment,
        "JSON" => Kind::Json,
        // A decimal that no field has has no places of its own: it stays the text it is.
        "Decimal" => scale(schema, object, first, part).map_or(Kind::Text, |scale| Kind::Decimal { scale }),
        _ => Kind::Text,
    }
}

/// Places of a field, or of the field at the other end of a relation.
fn scale(schema: &Schema, object: &Object, first: &str, part: Option<&str>) -> Option<u8> {
    let at_end = || {
        let target = schema.model.object(object.relation_named(first)?.target()?)?;
        target.field_named(part?)
    };
    match object.field_named(first).or_else(at_end)?.kind {
        FieldKind::Decimal { scale, .. } | FieldKind::Percent { scale, .. } | FieldKind::Money { scale, .. } => Some(scale),
        _ => None,
    }
}
