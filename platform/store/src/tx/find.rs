//! Records are found by unique keys and by ids in other systems.

use std::sync::Arc;

use tenon_model::{Column, Object, Part, UniquePart};
use tenon_query::{AuthorizedTable, Deleted, ExternalId, Params};
use tenon_value::{RecordId, Value};

use super::{Tx, image};
use crate::db::bulk::array_type;
use crate::db::{Arg, Fault, Kind, Scalar, Shape, Target};
use crate::lower::Lower;
use crate::lower::bind::kind_of;
use crate::lower::statement::Statement;
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
        let parts = values.iter().map(|values| key_parts(&model, object, key, values, self.dialect())).collect::<Result<Vec<_>, _>>()?;
        let Some(columns) = parts.iter().max_by_key(|parts| parts.len()).map(|parts| named(parts)) else { return Ok(Vec::new()) };
        let found = Finding { model: &model, table, deleted, columns: &columns };
        if self.is_postgres() {
            return self.find_at_once(&found, parts).await;
        }
        let mut ids = Vec::with_capacity(parts.len());
        for parts in parts {
            let mut lower = Lower::new(&model, self.dialect());
            let taken: Vec<String> = parts.into_iter().map(|(_, kind, scalar)| lower.fixed(Arg::One(kind, scalar))).collect();
            let sql = format!("select {}", found.by_key(&mut lower, &taken)?);
            let rows = self.look(lower.finish(sql, vec![Shape::Id])).await?;
            ids.push(rows.first().and_then(|row| row.first()?.as_id()).map(RecordId));
        }
        Ok(ids)
    }

    /// One statement for any number of keys; the answers come in the order of the keys.
    async fn find_at_once(&mut self, found: &Finding<'_>, parts: Vec<Vec<KeyPart>>) -> Result<Vec<Option<RecordId>>, StoreError> {
        let mut lower = Lower::new(found.model, self.dialect());
        let mut arrays: Vec<Vec<Scalar>> = vec![Vec::with_capacity(parts.len()); found.columns.len()];
        for row in parts {
            let mut row = row.into_iter().map(|(_, _, scalar)| scalar);
            arrays.iter_mut().for_each(|array| array.push(row.next().unwrap_or(Scalar::Null)));
        }
        let opened = found
            .columns
            .iter()
            .zip(arrays)
            .map(|((_, kind), array)| format!("{}::{}", lower.fixed(Arg::Many(*kind, array)), array_type(*kind)));
        let opened = opened.collect::<Vec<_>>().join(", ");
        let taken: Vec<String> = (0..found.columns.len()).map(|place| format!("u.c{place}")).collect();
        let names = (0..found.columns.len()).map(|place| format!("c{place}, ")).collect::<String>();
        let id = found.by_key(&mut lower, &taken)?;
        let sql = format!("select {id} from unnest({opened}) with ordinality as u({names}n) order by u.n");
        let rows = self.look(lower.finish(sql, vec![Shape::Id])).await?;
        Ok(rows.iter().map(|row| row.first().and_then(Value::as_id).map(RecordId)).collect())
    }

    async fn look(&mut self, statement: Statement) -> Result<Vec<Vec<Value>>, StoreError> {
        self.run(&statement, &Params::default(), &[]).await
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
        let (id, fixture) = (scope.column("id"), self.table("external_id"));
        let systems = keys.iter().map(|(system, _)| system.clone());
        let ids = lower.fixed(Arg::texts(keys.iter().map(|(_, id)| id.clone())));
        let sql = if self.is_postgres() {
            let systems = lower.fixed(Arg::texts(systems));
            format!(
                "select k.s, k.i, {id} from unnest({systems}, {ids}) as k(s, i) join {fixture} as x on x.\"object\" = {name} and x.\"system\" = k.s and x.\"key\" = k.i \
                 join {from} on {id} = x.\"record\" where {visible}"
            )
        } else {
            let systems = lower.fixed(Arg::texts(systems.collect::<std::collections::BTreeSet<_>>()));
            let (system, key) = (lower.among("x.\"system\"", Kind::Text, &systems), lower.among("x.\"key\"", Kind::Text, &ids));
            format!(
                "select x.\"system\", x.\"key\", {id} from {fixture} as x join {from} on {id} = x.\"record\" where x.\"object\" = {name} and {system} and {key} and {visible}"
            )
        };
        let rows = self.look(lower.finish(sql, vec![Shape::Text, Shape::Text, Shape::Id])).await?;
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

type KeyPart = (String, Kind, Scalar);

fn named(parts: &[KeyPart]) -> Vec<(String, Kind)> {
    parts.iter().map(|(name, kind, _)| (name.clone(), *kind)).collect()
}

/// Records looked for by the columns of a key.
struct Finding<'a> {
    model: &'a tenon_model::Model,
    table: &'a AuthorizedTable,
    deleted: Deleted,
    columns: &'a [(String, Kind)],
}

impl Finding<'_> {
    /// The record whose columns have these values: the live one, else the one deleted last. Each is found by its own
    /// partial index.
    fn by_key<'m>(&'m self, lower: &mut Lower<'m>, values: &[String]) -> Result<String, StoreError> {
        let mut ways = Vec::new();
        for deleted in [Deleted::Exclude, Deleted::Only] {
            if self.deleted != Deleted::Include && self.deleted != deleted {
                continue;
            }
            let (from, scope) = lower.table(self.table)?;
            let visible = lower.visible(self.table, &scope, deleted)?;
            let met: String =
                self.columns.iter().zip(values).map(|((name, _), value)| format!("{} = {value} and ", scope.column(name))).collect();
            let order = if deleted == Deleted::Only { format!(" order by {} desc", scope.column("deleted_at")) } else { String::new() };
            ways.push(format!("(select {} from {from} where {met}{visible}{order} limit 1)", scope.column("id")));
        }
        Ok(if ways.len() == 1 { ways.concat() } else { format!("coalesce({})", ways.join(", ")) })
    }
}

/// The columns of a key with the values they are compared with.
fn key_parts(
    model: &tenon_model::Model,
    object: &Object,
    key: usize,
    values: &[Value],
    dialect: Dialect,
) -> Result<Vec<KeyPart>, StoreError> {
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
