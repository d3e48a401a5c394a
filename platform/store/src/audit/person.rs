//! A record as it is handed to the person it is about: API names and wire form, whatever its age.

use tenon_model::{FieldKind, Object};
use tenon_query::Record;
use tenon_value::{Json, JsonMap, Value};

use crate::lower::many::scale_of;
use crate::wire;

/// Everything of a record in wire form by API name, retired fields too. A secret says only whether it is set.
#[must_use]
pub fn record_json(object: &Object, record: &Record) -> Json {
    let mut members = JsonMap::new();
    for field in &object.fields {
        let value = match (&field.kind, record.field(field.ix)) {
            (FieldKind::Secret, value) => serde_json::json!({ "is_set": *value == Value::Bool(true) }),
            (kind, value) => wire::json(value, scale_of(kind)),
        };
        members.insert(field.name.to_string(), value);
    }
    for relation in &object.relations {
        if !relation.column.is_empty() {
            members.insert(relation.name.to_string(), wire::json(record.relation(relation.ix), 0));
        }
    }
    Json::Object(members)
}
