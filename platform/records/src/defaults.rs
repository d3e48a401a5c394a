//! What a new record holds where its author said nothing.

use tenon_context::{ActorKind, OpContext};
use tenon_model::{FieldKind, Object, State, system};
use tenon_query::Record;
use tenon_value::{RecordId, Value};

/// A new record with its defaults; booleans are never null, the owner is the user who acts.
pub(crate) fn fresh(cx: &OpContext, object: &Object, id: RecordId) -> Record {
    let mut record = Record::empty(object, id);
    record.set_field(system::ID, Value::Id(id.0));
    for field in object.fields.iter().filter(|field| !field.system && field.state == State::Active) {
        if !field.default.is_null() {
            record.set_field(field.ix, field.default.clone());
        } else if matches!(field.kind, FieldKind::Boolean) {
            record.set_field(field.ix, Value::Bool(false));
        }
    }
    if matches!(cx.principal.kind, ActorKind::User | ActorKind::PortalUser) {
        record.set_relation(system::OWNER, Value::Id(cx.principal.id));
    }
    record
}
