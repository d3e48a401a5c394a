//! Inputs: exactly the keys of API.md §5. What a key means is the compiler's to say.

use async_graphql::{InputObject, MaybeUndefined, OneofObject};
use tenon_value::Json;

use super::scalars::{ChoiceOption, Decimal, LocalizedText};
use super::words::{FieldType, OnDelete, WeekStart};

/// A new object, with fields and relations if wanted.
#[derive(InputObject, Clone, Debug)]
pub(super) struct CreateObjectInput {
    pub(super) name: String,
    pub(super) plural: MaybeUndefined<String>,
    pub(super) label: LocalizedText,
    pub(super) plural_label: MaybeUndefined<LocalizedText>,
    pub(super) about: MaybeUndefined<LocalizedText>,
    pub(super) icon: MaybeUndefined<String>,
    pub(super) display: MaybeUndefined<String>,
    pub(super) fields: Option<Vec<FieldInput>>,
    pub(super) relations: Option<Vec<RelationInput>>,
    pub(super) unique: MaybeUndefined<Json>,
}

/// Other properties of an object; `rename` gives it another name.
#[derive(InputObject, Clone, Debug)]
pub(super) struct UpdateObjectInput {
    pub(super) rename: Option<String>,
    pub(super) plural: MaybeUndefined<String>,
    pub(super) label: MaybeUndefined<LocalizedText>,
    pub(super) plural_label: MaybeUndefined<LocalizedText>,
    pub(super) about: MaybeUndefined<LocalizedText>,
    pub(super) icon: MaybeUndefined<String>,
    pub(super) display: MaybeUndefined<String>,
    pub(super) unique: MaybeUndefined<Json>,
}

/// A new field.
#[derive(InputObject, Clone, Debug)]
pub(super) struct FieldInput {
    pub(super) name: String,
    #[graphql(name = "type")]
    pub(super) kind: FieldType,
    #[graphql(flatten)]
    pub(super) keys: FieldKeys,
}

/// Other properties of a field; `rename` gives it another name.
#[derive(InputObject, Clone, Debug)]
pub(super) struct UpdateFieldInput {
    pub(super) rename: Option<String>,
    #[graphql(name = "type")]
    pub(super) kind: MaybeUndefined<FieldType>,
    #[graphql(flatten)]
    pub(super) keys: FieldKeys,
}

/// Keys of every field.
#[derive(InputObject, Clone, Debug)]
pub(super) struct FieldKeys {
    pub(super) label: MaybeUndefined<LocalizedText>,
    pub(super) about: MaybeUndefined<LocalizedText>,
    pub(super) required: MaybeUndefined<bool>,
    pub(super) unique: MaybeUndefined<bool>,
    /// It tells of a person: exported and erased with that person.
    pub(super) personal: MaybeUndefined<bool>,
    pub(super) default: MaybeUndefined<Json>,
    pub(super) options: MaybeUndefined<Vec<ChoiceOption>>,
    pub(super) min: MaybeUndefined<Decimal>,
    pub(super) max: MaybeUndefined<Decimal>,
    pub(super) scale: MaybeUndefined<i32>,
    pub(super) pattern: MaybeUndefined<String>,
    pub(super) sort: MaybeUndefined<String>,
    pub(super) format: MaybeUndefined<String>,
    pub(super) expr: MaybeUndefined<String>,
    #[graphql(name = "as")]
    pub(super) result: MaybeUndefined<FieldType>,
    #[graphql(name = "of")]
    pub(super) source: MaybeUndefined<String>,
    pub(super) op: MaybeUndefined<String>,
    pub(super) field: MaybeUndefined<String>,
    #[graphql(name = "where")]
    pub(super) condition: MaybeUndefined<String>,
    pub(super) was: MaybeUndefined<String>,
}

/// The way back from a relation's target.
#[derive(InputObject, Clone, Debug)]
pub(super) struct InverseInput {
    pub(super) name: String,
    pub(super) label: MaybeUndefined<LocalizedText>,
    pub(super) about: MaybeUndefined<LocalizedText>,
}

/// A new relation.
#[derive(InputObject, Clone, Debug)]
pub(super) struct RelationInput {
    pub(super) name: String,
    pub(super) to: Vec<String>,
    #[graphql(flatten)]
    pub(super) keys: RelationKeys,
}

/// Other properties of a relation; `rename` gives it another name.
#[derive(InputObject, Clone, Debug)]
pub(super) struct UpdateRelationInput {
    pub(super) rename: Option<String>,
    pub(super) to: MaybeUndefined<Vec<String>>,
    #[graphql(flatten)]
    pub(super) keys: RelationKeys,
}

/// Keys of every relation.
#[derive(InputObject, Clone, Debug)]
pub(super) struct RelationKeys {
    pub(super) label: MaybeUndefined<LocalizedText>,
    pub(super) about: MaybeUndefined<LocalizedText>,
    pub(super) required: MaybeUndefined<bool>,
    pub(super) many: MaybeUndefined<bool>,
    pub(super) inverse: MaybeUndefined<InverseInput>,
    pub(super) on_delete: MaybeUndefined<OnDelete>,
    pub(super) tree: MaybeUndefined<bool>,
    pub(super) part_of: MaybeUndefined<bool>,
    pub(super) link: MaybeUndefined<Vec<FieldInput>>,
    pub(super) was: MaybeUndefined<String>,
}

/// A whole view.
#[derive(InputObject, Clone, Debug)]
pub(super) struct ViewInput {
    pub(super) name: String,
    #[graphql(name = "type")]
    pub(super) kind: String,
    pub(super) label: MaybeUndefined<LocalizedText>,
    pub(super) about: MaybeUndefined<LocalizedText>,
    pub(super) columns: MaybeUndefined<Vec<Json>>,
    pub(super) filter: MaybeUndefined<Json>,
    pub(super) order: MaybeUndefined<Vec<Json>>,
    pub(super) by: MaybeUndefined<String>,
    pub(super) card: MaybeUndefined<Vec<String>>,
    pub(super) total: MaybeUndefined<String>,
    pub(super) date: MaybeUndefined<String>,
    pub(super) end: MaybeUndefined<String>,
    pub(super) location: MaybeUndefined<String>,
    pub(super) image: MaybeUndefined<String>,
    pub(super) color: MaybeUndefined<String>,
    pub(super) group: MaybeUndefined<Vec<String>>,
    pub(super) chart: MaybeUndefined<String>,
    pub(super) default: MaybeUndefined<bool>,
}

/// A whole layout: `record create peek mobile`.
#[derive(InputObject, Clone, Debug)]
pub(super) struct LayoutInput {
    pub(super) name: String,
    pub(super) header: MaybeUndefined<Json>,
    pub(super) tabs: MaybeUndefined<Json>,
    pub(super) sections: MaybeUndefined<Json>,
    pub(super) fields: MaybeUndefined<Vec<String>>,
    pub(super) slots: MaybeUndefined<Json>,
}

/// A new role.
#[derive(InputObject, Clone, Debug)]
pub(super) struct CreateRoleInput {
    pub(super) name: String,
    pub(super) label: LocalizedText,
    #[graphql(flatten)]
    pub(super) keys: RoleKeys,
}

/// Other properties of a role; `rename` gives it another name.
#[derive(InputObject, Clone, Debug)]
pub(super) struct UpdateRoleInput {
    pub(super) rename: Option<String>,
    pub(super) label: MaybeUndefined<LocalizedText>,
    #[graphql(flatten)]
    pub(super) keys: RoleKeys,
}

/// Keys of every role.
#[derive(InputObject, Clone, Debug)]
pub(super) struct RoleKeys {
    pub(super) about: MaybeUndefined<LocalizedText>,
    pub(super) parent: MaybeUndefined<String>,
    pub(super) landing: MaybeUndefined<String>,
    pub(super) portal: MaybeUndefined<bool>,
    pub(super) special: MaybeUndefined<Vec<String>>,
}

/// Which rows: rules in CEL.
#[derive(InputObject, Clone, Debug)]
pub(super) struct RowsInput {
    pub(super) read: MaybeUndefined<String>,
    pub(super) update: MaybeUndefined<String>,
    pub(super) delete: MaybeUndefined<String>,
    pub(super) share: MaybeUndefined<String>,
    pub(super) check: MaybeUndefined<String>,
}

/// Rights on an object: of one role (`role` with `can`, `rows`, `fields`), or `roles` and `sharing` as in `access.yaml`.
#[derive(InputObject, Clone, Debug)]
pub(super) struct AccessInput {
    pub(super) role: Option<String>,
    pub(super) can: MaybeUndefined<Vec<String>>,
    pub(super) rows: MaybeUndefined<RowsInput>,
    /// Right by name of field or relation; `*` stands for all others.
    pub(super) fields: MaybeUndefined<Json>,
    /// Role → `{ can, rows, fields }`.
    pub(super) roles: Option<Json>,
    /// Name → `{ label, rows, to, rights }`.
    pub(super) sharing: Option<Json>,
}

/// A metadata file.
#[derive(InputObject, Clone, Debug)]
pub(super) struct FileInput {
    pub(super) path: String,
    pub(super) text: String,
}

/// Settings; what is absent stays.
#[derive(InputObject, Clone, Debug)]
pub(super) struct SettingsInput {
    pub(super) zone: Option<String>,
    pub(super) locale: Option<String>,
    pub(super) base_currency: Option<String>,
    pub(super) week_start: Option<WeekStart>,
    pub(super) fiscal_year_start: Option<i32>,
    pub(super) cors: Option<Vec<String>>,
    /// Days after which payloads of the audit trail are removed; null: they stay.
    pub(super) audit_retention_days: MaybeUndefined<i32>,
}

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $kind:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(InputObject, Clone, Debug)]
        pub(super) struct $name { $(pub(super) $field: $kind),* }
    };
}
named! {
    /// An update of an object, in a draft.
    UpdateObjectOperation { object: String, input: UpdateObjectInput }
}
named! {
    /// A new field, in a draft.
    AddFieldOperation { object: String, input: FieldInput }
}
named! {
    /// An update of a field, in a draft.
    UpdateFieldOperation { object: String, field: String, input: UpdateFieldInput }
}
named! {
    /// A new relation, in a draft.
    AddRelationOperation { object: String, input: RelationInput }
}
named! {
    /// An update of a relation, in a draft.
    UpdateRelationOperation { object: String, relation: String, input: UpdateRelationInput }
}
named! {
    /// A view, in a draft.
    SaveViewOperation { object: String, input: ViewInput }
}
named! {
    /// A layout, in a draft.
    SaveLayoutOperation { object: String, input: LayoutInput }
}
named! {
    /// Rights on an object, in a draft.
    SaveAccessOperation { object: String, input: AccessInput }
}
named! {
    /// An update of a role, in a draft.
    UpdateRoleOperation { role: String, input: UpdateRoleInput }
}
named! {
    /// Labels of one language, in a draft.
    SaveLabelsOperation { locale: String, labels: Json }
}

/// One change of a designer's draft.
#[derive(OneofObject, Clone, Debug)]
pub(super) enum OperationInput {
    CreateObject(CreateObjectInput),
    UpdateObject(UpdateObjectOperation),
    AddField(AddFieldOperation),
    UpdateField(UpdateFieldOperation),
    AddRelation(AddRelationOperation),
    UpdateRelation(UpdateRelationOperation),
    SaveView(SaveViewOperation),
    SaveLayout(SaveLayoutOperation),
    SaveLabels(SaveLabelsOperation),
    SaveAccess(SaveAccessOperation),
    CreateRole(CreateRoleInput),
    UpdateRole(UpdateRoleOperation),
    /// The path of an element.
    Retire(String),
    /// The path of an element.
    Restore(String),
    /// The path of an element.
    ResetOverride(String),
}
