//! The fields and relations every record has, in the places fixed by [`tenon_model::system`].

use tenon_model::{
    Column, ColumnType, Field, FieldIx, FieldKind, ObjectIx, OnDelete, Part, Relation, RelationIx, RelationShape, SortRule, State,
};
use tenon_value::{ElementId, Localized, Name, Value, camel};

/// `id version created_at updated_at deleted_at`, in the order of their places.
pub(super) fn fields(object: ElementId) -> Vec<Field> {
    let whole = FieldKind::Integer { min: None, max: None };
    let all = [
        ("id", FieldKind::Id, ColumnType::Id, "ID", "编号"),
        ("version", whole, ColumnType::Int, "Version", "版本"),
        ("created_at", FieldKind::DateTime, ColumnType::DateTime, "Created at", "创建时间"),
        ("updated_at", FieldKind::DateTime, ColumnType::DateTime, "Updated at", "修改时间"),
        ("deleted_at", FieldKind::DateTime, ColumnType::DateTime, "Deleted at", "删除时间"),
    ];
    let field = |(at, (name, kind, column, en, zh)): (u16, (&str, FieldKind, ColumnType, &str, &str))| Field {
        ix: FieldIx(at),
        id: ElementId::derive(&object.to_string(), name),
        name: Name::known(name),
        graphql: camel(name),
        label: Localized::new(en, zh),
        about: Localized::default(),
        kind,
        required: false,
        unique: false,
        personal: false,
        read_only: true,
        system: true,
        default: Value::Null,
        sort: SortRule::Fold,
        columns: vec![Column { part: Part::Whole, name: name.to_owned(), kind: column }],
        past: None,
        package: system_package(),
        state: State::Active,
        aliases: Vec::new(),
    };
    (0..).zip(all).map(field).collect()
}

/// `owner created_by updated_by`, in the order of their places. They point to `user`, where there is such an object.
pub(super) fn relations(object: ElementId, user: Option<ObjectIx>) -> Vec<Relation> {
    let all = [
        ("owner", RelationShape::One, None, "Owner", "负责人"),
        ("created_by", RelationShape::Actor, Some("created_by_kind"), "Created by", "创建人"),
        ("updated_by", RelationShape::Actor, Some("updated_by_kind"), "Updated by", "修改人"),
    ];
    let relation = |(at, (name, shape, kind_column, en, zh)): (u16, (&str, RelationShape, Option<&str>, &str, &str))| Relation {
        ix: RelationIx(at),
        id: ElementId::derive(&object.to_string(), name),
        name: Name::known(name),
        graphql: camel(name),
        label: Localized::new(en, zh),
        about: Localized::default(),
        shape,
        targets: user.into_iter().collect(),
        required: false,
        read_only: shape == RelationShape::Actor,
        system: true,
        on_delete: OnDelete::Clear,
        tree: false,
        part_of: false,
        column: name.to_owned(),
        kind_column: kind_column.map(str::to_owned),
        package: system_package(),
        state: State::Active,
        aliases: Vec::new(),
    };
    (0..).zip(all).map(relation).collect()
}

fn system_package() -> Name {
    Name::known("tenon")
}
