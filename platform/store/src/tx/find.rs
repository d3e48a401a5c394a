//! Records are found by unique keys and by ids in other systems.

use std::sync::Arc;

use tenon_model::{Column, Object, Part, UniquePart};
use tenon_query::{AuthorizedTable, Deleted, ExternalId, Params};
use tenon_value::{RecordId, Value};

use super::unnest::Target;
use super::{Tx, image};
use crate::db::{Arg, Fault, Kind, Scalar, Shape};
use crate::lower::Lower;
use crate::lower::bind::kind_of;
use crate::{Dialect, StoreError};

impl Tx {
    /// Records by a unique key (its place in `Object::unique`), one answer per list of values. Live ones are preferred.
    ///
    /// # Errors
    /// `Value` for values that are none of the key's parts; what the database says.
    pub async fn find_unique(
        &mut self,
        table: &AuthorizedTable,
        key: usize,
        values: &[Vec<Value>],
        deleted: Deleted,
    ) -> Result<Vec<Option<RecordId>>, StoreError> {
        let model = Arc::clone(&self.model);
        let object = model.object(table.object()).ok_or(StoreError::Plan("no such object"))?;
        if values.is_empty() || !self.is_there(&object.table).await? {
            return Ok(vec![None; values.len()]);
        }
        let mut found = Vec::with_capacity(values.len());
        for values in values {
            let parts = key_parts(&model, object, key, values, self.dialect())?;
            if parts.iter().any(|(_, _, scalar)| *scalar == Scalar::Null) {
                found.push(None);
                continue;
            }
            let mut lower = Lower::new(&model, self.dialect());
            let (from, scope) = lower.table(table)?;
            let visible = lower.visible(table, &scope, deleted)?;
            let met: Vec<String> = parts
                .into_iter()
                .map(|(name, kind, scalar)| format!("{} = {}", scope.column(&name), lower.fixed(Arg::One(kind, scalar))))
                .collect();
            let gone = scope.column("deleted_at");
            let sql = format!(
                "select {} from {from} where {} and {visible} order by case when {gone} is null then 0 else 1 end, {gone} desc limit 1",
                scope.column("id"),
                met.join(" and ")
            );
            let statement = lower.finish(sql, vec![Shape::Id]);
            let args = statement.args(&Params::default(), &[])?;
            let rows = self.conn()?.fetch(&statement.sql, &args, &statement.shapes).await.map_err(|fault| self.told(fault))?;
            found.push(rows.first().and_then(|row| row.first()?.as_id()).map(RecordId));
        }
        Ok(found)
    }

    /// Records by ids in other systems: `(system, id)`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn find_external(
        &mut self,
        table: &AuthorizedTable,
        keys: &[(String, String)],
        deleted: Deleted,
    ) -> Result<Vec<Option<RecordId>>, StoreError> {
        let model = Arc::clone(&self.model);
        let object = model.object(table.object()).ok_or(StoreError::Plan("no such object"))?;
        if keys.is_empty() || !self.is_there(&object.table).await? {
            return Ok(vec![None; keys.len()]);
        }
        let mut lower = Lower::new(&model, self.dialect());
        let (from, scope) = lower.table(table)?;
        let visible = lower.visible(table, &scope, deleted)?;
        let name = lower.fixed(Arg::text(object.table.clone()));
        let systems = lower.fixed(Arg::texts(keys.iter().map(|(system, _)| system.clone())));
        let ids = lower.fixed(Arg::texts(keys.iter().map(|(_, id)| id.clone())));
        let sql = format!(
            "select x.\"system\", x.\"key\", {0} from {1} as x join {from} on {0} = x.\"record\" where x.\"object\" = {name} and {2} and {3} and {visible}",
            scope.column("id"),
            self.table("external_id"),
            lower.among("x.\"system\"", Kind::Text, &systems),
            lower.among("x.\"key\"", Kind::Text, &ids),
        );
        let statement = lower.finish(sql, vec![Shape::Text, Shape::Text, Shape::Id]);
        let args = statement.args(&Params::default(), &[])?;
        let rows = self.conn()?.fetch(&statement.sql, &args, &statement.shapes).await.map_err(|fault| self.told(fault))?;
        let known: std::collections::HashMap<(&str, &str), RecordId> = rows
            .iter()
            .filter_map(|row| Some(((row.first()?.as_text()?, row.get(1)?.as_text()?), RecordId(row.get(2)?.as_id()?))))
            .collect();
        Ok(keys.iter().map(|(system, id)| known.get(&(system.as_str(), id.as_str())).copied()).collect())
    }

    /// Sets, changes or removes ids in other systems. A record has one per system.
    ///
    /// # Errors
    /// `ExternalIdTaken`; what the database says.
    pub async fn external_put(&mut self, table: &AuthorizedTable, ids: &[(RecordId, ExternalId)]) -> Result<(), StoreError> {
        let (object, fixture) = (self.object(table.object())?.table.clone(), self.table("external_id"));
        let named =
            |record: &RecordId, system: &str| vec![Scalar::Text(object.clone()), Scalar::Id(record.0), Scalar::Text(system.to_owned())];
        let old = [Target::new("object", Kind::Text), Target::new("record", Kind::Id), Target::new("system", Kind::Text)];
        self.delete(&fixture, &old, ids.iter().map(|(record, id)| named(record, &id.system)).collect()).await?;
        let mut rows = Vec::new();
        for (record, id) in ids {
            if let Some(key) = &id.key {
                let mut row = named(record, &id.system);
                row.push(Scalar::Text(key.clone()));
                rows.push(row);
            }
        }
        let [first, second, third] = old;
        match self.insert(&fixture, &[first, second, third, Target::new("key", Kind::Text)], rows, "").await {
            Err(Fault::Unique(_)) => Err(StoreError::ExternalIdTaken),
            done => done.map(|_| ()).map_err(StoreError::from),
        }
    }

    /// The ids of records in other systems.
    ///
    /// # Errors
    /// What the database says.
    pub async fn external_ids(&mut self, table: &AuthorizedTable, ids: &[RecordId]) -> Result<Vec<(RecordId, ExternalId)>, StoreError> {
        let object = self.object(table.object())?.table.clone();
        let model = Arc::clone(&self.model);
        let among = Lower::new(&model, self.dialect()).among("x.\"record\"", Kind::Id, "$2");
        let sql = format!(
            "select x.\"record\", x.\"system\", x.\"key\" from {} as x where x.\"object\" = $1 and {among} order by x.\"record\", x.\"system\"",
            self.table("external_id")
        );
        let rows =
            self.ask(&sql, &[Arg::text(object), Arg::ids(ids.iter().map(|id| id.0))], &[Shape::Id, Shape::Text, Shape::Text]).await?;
        let row = |row: Vec<Value>| match <[Value; 3]>::try_from(row) {
            Ok([Value::Id(record), Value::Text(system), Value::Text(key)]) => {
                Some((RecordId(record), ExternalId { system, key: Some(key) }))
            }
            _ => None,
        };
        Ok(rows.into_iter().filter_map(row).collect())
    }
}

type Part3 = (String, Kind, Scalar);

/// The columns of a key with the values they are compared with.
fn key_parts(
    model: &tenon_model::Model,
    object: &Object,
    key: usize,
    values: &[Value],
    dialect: Dialect,
) -> Result<Vec<Part3>, StoreError> {
    let key = object.unique.get(key).ok_or(StoreError::Plan("no such unique key"))?;
    let mut parts = Vec::new();
    for (part, value) in key.parts.iter().zip(values) {
        match part {
            UniquePart::Field(field) => {
                let field = object.field(*field).ok_or(StoreError::Plan("no such field"))?;
                let column = |part: Part| field.column(part);
                let columns: Vec<&Column> = match (column(Part::Amount), column(Part::Currency)) {
                    (Some(amount), Some(currency)) => vec![amount, currency],
                    _ => column(Part::Fold).or_else(|| field.columns.first()).into_iter().collect(),
                };
                for column in columns {
                    parts.push((column.name.clone(), kind_of(column.kind), image::part(value, column, dialect)?));
                }
            }
            UniquePart::Relation(relation) => {
                let relation = object.relation(*relation).ok_or(StoreError::Plan("no such relation"))?;
                let (id, kind) = image::reference(model, relation, value)?;
                parts.push((relation.column.clone(), Kind::Id, id));
                if let Some(name) = relation.kind_column.clone().filter(|_| kind != Scalar::Null) {
                    parts.push((name, Kind::Text, kind));
                }
            }
        }
    }
    Ok(parts)
}
