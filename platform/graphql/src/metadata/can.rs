//! What the principal may do, as the metadata API tells it.

use async_graphql::SimpleObject;
use tenon_access::Policy;
use tenon_model::ObjectIx;
use tenon_query::Action;

/// With an object's records.
#[derive(SimpleObject)]
#[expect(clippy::struct_excessive_bools, reason = "one per right, as the API names them")]
pub(super) struct ObjectCan {
    create: bool,
    read: bool,
    update: bool,
    delete: bool,
    export: bool,
    import: bool,
}

impl ObjectCan {
    pub(super) fn of(policy: &Policy, object: ObjectIx) -> Self {
        let may = |action| policy.may(object, action);
        Self {
            create: may(Action::Create),
            read: may(Action::Read),
            update: may(Action::Update),
            delete: may(Action::Delete),
            export: policy.may_export(object),
            import: policy.may_import(object) && may(Action::Create),
        }
    }
}

/// With a field.
#[derive(SimpleObject)]
#[expect(clippy::struct_excessive_bools, reason = "one per right, as the API names them")]
pub(super) struct FieldCan {
    pub(super) read: bool,
    pub(super) write: bool,
    pub(super) mask: bool,
}
