//! A record as its columns hold it: composites taken apart, shadow columns made here.

use tenon_model::{Column, ColumnType, Field, FieldKind, Link, Model, Object, Part, Relation, RelationShape};
use tenon_query::Record;
use tenon_value::{DateTime, Geo, Value, fold, sort_key};

use crate::db::{Kind, Scalar, Target};
use crate::json::canonical;
use crate::lower::bind::{Mode, kind_of, scalar};
use crate::seal::Seal;
use crate::{Dialect, StoreError};

/// How values are written: for which database, what seals secrets, and when that is.
pub(crate) struct Form<'a> {
    pub(crate) model: &'a Model,
    pub(crate) dialect: Dialect,
    /// None where there is nothing to seal.
    pub(crate) seal: Option<&'a Seal>,
    pub(crate) now: DateTime,
}

/// The columns of a field as they are written.
fn targets(field: &Field) -> impl Iterator<Item = Target> + '_ {
    field.columns.iter().map(|column| Target { codes: column.kind == ColumnType::Codes, ..Target::new(&column.name, kind_of(column.kind)) })
}

/// The columns of an object's table, in the order in which [`cells`] gives their values.
pub(crate) fn columns(object: &Object, dialect: Dialect) -> Vec<Target> {
    let mut columns: Vec<Target> = object.fields.iter().flat_map(targets).collect();
    for relation in stored(object) {
        columns.push(Target::new(&relation.column, crate::db::Kind::Id));
        columns.extend(relation.kind_column.iter().map(|name| Target::new(name, crate::db::Kind::Text)));
    }
    if dialect == Dialect::Sqlite {
        columns.iter_mut().for_each(|column| column.codes = false);
    }
    columns
}

/// Relations that are columns.
pub(crate) fn stored(object: &Object) -> impl Iterator<Item = &Relation> {
    object.relations.iter().filter(|relation| !matches!(relation.shape, RelationShape::Many(_)))
}

/// The values of a record's columns.
pub(crate) fn cells(form: &Form<'_>, object: &Object, record: &Record) -> Result<Vec<Scalar>, StoreError> {
    let mut cells = Vec::new();
    for field in &object.fields {
        for column in &field.columns {
            cells.push(cell(form, record.field(field.ix), column)?);
        }
    }
    for relation in stored(object) {
        let (id, kind) = reference(form.model, relation, record.relation(relation.ix))?;
        cells.push(id);
        if relation.kind_column.is_some() {
            cells.push(kind);
        }
    }
    Ok(cells)
}

/// The values of those of a record's columns that are wanted, by the places in [`columns`].
pub(crate) fn wanted_cells(form: &Form<'_>, object: &Object, record: &Record, wanted: &[bool]) -> Result<Vec<Scalar>, StoreError> {
    let mut cells = Vec::new();
    let mut at = wanted.iter().copied();
    let mut is_wanted = || at.next().unwrap_or(false);
    for field in &object.fields {
        for column in &field.columns {
            if is_wanted() {
                cells.push(cell(form, record.field(field.ix), column)?);
            }
        }
    }
    for relation in stored(object) {
        let (id, kind) = reference(form.model, relation, record.relation(relation.ix))?;
        if is_wanted() {
            cells.push(id);
        }
        if relation.kind_column.is_some() && is_wanted() {
            cells.push(kind);
        }
    }
    Ok(cells)
}

/// What one column of a field of a record holds.
fn cell(form: &Form<'_>, value: &Value, column: &Column) -> Result<Scalar, StoreError> {
    match column.kind {
        ColumnType::Sealed => sealed(form, value, column),
        _ if column.part == Part::SetAt => Ok(set_at(form, value)),
        _ => part(value, column, form.dialect),
    }
}

/// The columns that differ between two images of a record, each with its place and what it is to hold. Only of values that differ:
/// sort keys and folds take time to make.
pub(crate) fn changes(form: &Form<'_>, object: &Object, old: &Record, new: &Record) -> Result<Vec<(usize, Target, Scalar)>, StoreError> {
    let mut changes = Vec::new();
    let mut place = 0;
    for field in &object.fields {
        let (before, after) = (old.field(field.ix), new.field(field.ix));
        if before != after {
            for (at, (column, target)) in field.columns.iter().zip(targets(field)).enumerate() {
                let is = cell(form, after, column)?;
                if cell(form, before, column)? != is {
                    changes.push((place + at, target, is));
                }
            }
        }
        place += field.columns.len();
    }
    for relation in stored(object) {
        let (before, after) = (old.relation(relation.ix), new.relation(relation.ix));
        let kind = relation.kind_column.as_deref();
        if before != after {
            let (was, is) = (reference(form.model, relation, before)?, reference(form.model, relation, after)?);
            if was.0 != is.0 {
                changes.push((place, Target::new(&relation.column, Kind::Id), is.0));
            }
            if let Some(kind) = kind.filter(|_| was.1 != is.1) {
                changes.push((place + 1, Target::new(kind, Kind::Text), is.1));
            }
        }
        place += 1 + usize::from(kind.is_some());
    }
    if form.dialect == Dialect::Sqlite {
        changes.iter_mut().for_each(|(_, target, _)| target.codes = false);
    }
    Ok(changes)
}

/// A reference as id and kind.
pub(crate) fn reference(model: &Model, relation: &Relation, value: &Value) -> Result<(Scalar, Scalar), StoreError> {
    match value {
        Value::Null => Ok((Scalar::Null, Scalar::Null)),
        Value::Id(id) => Ok((Scalar::Id(*id), Scalar::Null)),
        Value::Ref(kind, id) if relation.shape == RelationShape::Any => {
            let targets = relation.targets.iter().filter_map(|target| model.object(*target));
            let table = targets
                .into_iter()
                .find(|object| object.name.as_str() == kind)
                .ok_or(StoreError::Value("no target of this relation"))?
                .table
                .clone();
            Ok((Scalar::Id(*id), Scalar::Text(table)))
        }
        Value::Ref(kind, id) => Ok((Scalar::Id(*id), Scalar::Text(kind.clone()))),
        _ => Err(StoreError::Value("a reference expected")),
    }
}

/// The columns of a link's attributes.
pub(crate) fn link_columns(link: &Link, dialect: Dialect) -> Vec<Target> {
    let columns = link.fields.iter().flat_map(targets);
    columns.map(|column| Target { codes: column.codes && dialect == Dialect::Postgres, ..column }).collect()
}

/// The values of a link's attributes.
pub(crate) fn link_cells(link: &Link, attributes: &[Value], dialect: Dialect) -> Result<Vec<Scalar>, StoreError> {
    let mut cells = Vec::new();
    for (place, field) in link.fields.iter().enumerate() {
        for column in &field.columns {
            cells.push(part(attributes.get(place).unwrap_or(&Value::Null), column, dialect)?);
        }
    }
    Ok(cells)
}

/// What one column of a field holds.
pub(crate) fn part(value: &Value, column: &Column, dialect: Dialect) -> Result<Scalar, StoreError> {
    let plain = |value: &Value| scalar(value, kind_of(column.kind), &Mode::Plain, dialect);
    let text = |text: &Option<String>| text.clone().map_or(Scalar::Null, Scalar::Text);
    let place = |geo: Option<Geo>| geo.map_or(Scalar::Null, |geo| Scalar::Float(if column.part == Part::Lat { geo.lat } else { geo.lng }));
    Ok(match (column.part, value) {
        (_, Value::Null) if column.kind == ColumnType::Bool => Scalar::Bool(false),
        (_, Value::Null) => Scalar::Null,
        (Part::Fold, Value::Text(text)) => Scalar::Text(fold(text)),
        (Part::SortKey, Value::Text(text)) => Scalar::Text(sort_key(text)),
        (Part::Amount, Value::Money(money)) => plain(&Value::Decimal(money.amount))?,
        (Part::Currency, Value::Money(money)) => Scalar::Text(money.currency.clone()),
        (Part::Base, Value::Money(money)) => money.base.map_or(Ok(Scalar::Null), |base| plain(&Value::Decimal(base)))?,
        (Part::Lat | Part::Lng, Value::Geo(geo)) => place(Some(*geo)),
        (Part::Lat | Part::Lng, Value::Address(address)) => place(address.location),
        (Part::Country, Value::Address(address)) => text(&address.country),
        (Part::Region, Value::Address(address)) => text(&address.region),
        (Part::City, Value::Address(address)) => text(&address.city),
        (Part::District, Value::Address(address)) => text(&address.district),
        (Part::Street, Value::Address(address)) => text(&address.street),
        (Part::PostalCode, Value::Address(address)) => text(&address.postal_code),
        (_, Value::List(codes)) if column.kind == ColumnType::Codes => set(codes, dialect),
        (_, Value::Json(json)) if column.kind == ColumnType::Json => Scalar::Text(canonical(json)),
        (_, value) if column.kind == ColumnType::Json => Scalar::Text(canonical(&crate::wire::json(value, 0))),
        (_, value) => plain(value)?,
    })
}

/// A set of codes as text; codes are ASCII names. The empty set is null.
pub(crate) fn set(codes: &[Value], dialect: Dialect) -> Scalar {
    let codes: Vec<&str> = codes.iter().filter_map(Value::as_text).collect();
    match (codes.is_empty(), dialect) {
        (true, _) => Scalar::Null,
        (false, Dialect::Postgres) => Scalar::Text(format!(
            "{{{}}}",
            codes.iter().map(|code| format!("\"{}\"", code.replace(['"', '\\'], ""))).collect::<Vec<_>>().join(",")
        )),
        (false, Dialect::Sqlite) => Scalar::Text(tenon_value::Json::from(codes).to_string()),
    }
}

/// What marks a secret that is set and stays: it differs from null and from every new one, and is never written.
pub(crate) const STAYS: Scalar = Scalar::Bool(true);

fn sealed(form: &Form<'_>, value: &Value, column: &Column) -> Result<Scalar, StoreError> {
    match (value, form.seal) {
        (Value::Null, _) => Ok(Scalar::Null),
        (Value::Text(secret), Some(seal)) => Ok(Scalar::Bytes(seal.seal(&column.name, secret)?)),
        (Value::Bool(true), _) => Ok(STAYS),
        _ => Err(StoreError::Value("a secret is text")),
    }
}

fn set_at(form: &Form<'_>, value: &Value) -> Scalar {
    match value {
        Value::Text(_) => Scalar::DateTime(form.now.millis()),
        Value::Bool(true) => STAYS,
        _ => Scalar::Null,
    }
}

/// True where a record brings a secret to seal.
pub(crate) fn brings_secret(object: &Object, record: &Record) -> bool {
    object.fields.iter().any(|field| matches!(field.kind, FieldKind::Secret) && matches!(record.field(field.ix), Value::Text(_)))
}
