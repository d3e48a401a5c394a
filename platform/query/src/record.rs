//! A whole record in memory, as pipeline, hooks and store hand it around.

use tenon_model::{FieldIx, Object, ObjectIx, RelationIx};
use tenon_value::{RecordId, Value};

/// A whole record: one value per field and one per relation of its object, in the model's order.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its object.
    pub object: ObjectIx,
    /// Its id (also the value of the `id` field).
    pub id: RecordId,
    /// One per field of the object, system fields included; composites whole; secrets as `Bool(true)` where set.
    pub fields: Vec<Value>,
    /// One per relation: `Null`, `Id`, or `Ref` for polymorphic ones and actors. `Null` for many-to-many.
    pub relations: Vec<Value>,
}

impl Record {
    /// An empty record of an object.
    #[must_use]
    pub fn empty(object: &Object, id: RecordId) -> Self {
        Self { object: object.ix, id, fields: vec![Value::Null; object.fields.len()], relations: vec![Value::Null; object.relations.len()] }
    }

    /// The value of a field; `Null` where there is none.
    #[must_use]
    pub fn field(&self, ix: FieldIx) -> &Value {
        self.fields.get(usize::from(ix.0)).unwrap_or(&Value::Null)
    }

    /// The value of a relation; `Null` where there is none.
    #[must_use]
    pub fn relation(&self, ix: RelationIx) -> &Value {
        self.relations.get(usize::from(ix.0)).unwrap_or(&Value::Null)
    }

    /// Sets a field.
    pub fn set_field(&mut self, ix: FieldIx, value: Value) {
        if let Some(slot) = self.fields.get_mut(usize::from(ix.0)) {
            *slot = value;
        }
    }

    /// Sets a relation.
    pub fn set_relation(&mut self, ix: RelationIx, value: Value) {
        if let Some(slot) = self.relations.get_mut(usize::from(ix.0)) {
            *slot = value;
        }
    }

    /// Its version, from 1; 0 for one not yet stored.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.field(tenon_model::system::VERSION).as_int().unwrap_or_default()
    }
}

/// One thing that changed, for history: API name, before, after.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// API name of the field or relation.
    pub field: String,
    /// Before, in wire form.
    pub old: tenon_value::Json,
    /// After, in wire form; at reading it is computed from the next version.
    pub new: tenon_value::Json,
}

/// A record's id in another system.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExternalId {
    /// The system's name.
    pub system: String,
    /// The id there; none removes it.
    pub key: Option<String>,
}
