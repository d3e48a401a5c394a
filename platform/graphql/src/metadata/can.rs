//! What the principal may do, as the metadata API tells it.

use async_graphql::SimpleObject;
use tenon_access::Policy;
use tenon_model::{FieldRight, ObjectIx, Verb};

/// With an object's records.
#[derive(SimpleObject)]
#[expect(clippy::struct_excessive_bools, reason = "one per right, as the API names them")]
pub(super) struct ObjectCan {
    create: bool,
    read: bool,
    update: bool,
    delete: bool,
    restore: bool,
    destroy: bool,
    share: bool,
    export: bool,
    import: bool,
}

impl ObjectCan {
    pub(super) fn of(policy: &Policy, object: ObjectIx) -> Self {
        let may = |verb| policy.may_verb(object, verb);
        Self {
            create: may(Verb::Create),
            read: may(Verb::Read),
            update: may(Verb::Update),
            delete: may(Verb::Delete),
            restore: may(Verb::Restore),
            destroy: may(Verb::Destroy),
            share: may(Verb::Share),
            export: policy.may_export(object),
            import: policy.may_import(object) && may(Verb::Create),
        }
    }
}

/// With a field.
#[derive(SimpleObject)]
#[expect(clippy::struct_excessive_bools, reason = "one per right, as the API names them")]
pub(super) struct FieldCan {
    /// In clear: filtered, sorted and summed as well.
    read: bool,
    write: bool,
    /// Shown in part only.
    mask: bool,
}

impl FieldCan {
    /// `writable` is false where nobody writes: kept by the system, or no record of the object may be written.
    pub(super) fn of(right: FieldRight, writable: bool) -> Self {
        Self { read: right >= FieldRight::Read, write: writable && right == FieldRight::Write, mask: right == FieldRight::Mask }
    }
}
