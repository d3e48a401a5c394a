//! Whole records, as the pipeline checks and changes them.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use tenon_model::{ModelVersion, Object, RelationIx};
use tenon_query::{AuthorizedTable, Deleted, Params, Predicate, Record};
use tenon_value::{RecordId, Uuid, Value};

use super::Tx;
use crate::db::{Arg, Kind, Shape};
use crate::lower::output::{Columns, Reader};
use crate::lower::statement::Statement;
use crate::lower::{Lower, Lowered};
use crate::run::rows;
use crate::run::values::Values;
use crate::{Lock, StoreError, TREE_DEPTH_MAX};

/// What a statement that loads records depends on: rules on rows are part of the table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LoadKey {
    version: ModelVersion,
    table: AuthorizedTable,
    /// Only those of which this does not hold.
    fails: Option<Arc<Predicate>>,
    deleted: Deleted,
    lock: Lock,
    /// All of them, or their ids alone.
    whole: bool,
    /// One record, as most saves have: found by its key and nothing to sort.
    single: bool,
}

/// A statement that loads records by their ids.
#[derive(Debug)]
pub(crate) struct Load {
    statement: Statement,
    whole: Whole,
}

/// Statements that load records, of one tenant.
pub(crate) type Loads = RwLock<HashMap<LoadKey, Arc<Load>>>;

/// Statements kept per tenant. Roles with equal rights share theirs; when there are more, they are made anew.
const LOADS_MAX: usize = 2_048;

/// How a whole record is read: one reader per field, one per relation.
#[derive(Debug, Default)]
pub(crate) struct Whole {
    fields: Vec<Option<Reader>>,
    relations: Vec<Option<Reader>>,
}

impl Tx {
    /// Records by their ids, in the order of the ids' values; those that are not there, or not visible, are left out.
    ///
    /// # Errors
    /// What the database says.
    pub async fn load(
        &mut self,
        table: &AuthorizedTable,
        ids: &[RecordId],
        deleted: Deleted,
        lock: Lock,
    ) -> Result<Vec<Record>, StoreError> {
        let model = Arc::clone(&self.model);
        let object = model.object(table.object()).ok_or(StoreError::Plan("no such object"))?;
        if ids.is_empty() || !self.there(&object.table).await? {
            return Ok(Vec::new());
        }
        let key = LoadKey { version: model.version, table: table.clone(), fails: None, deleted, lock, whole: true, single: ids.len() == 1 };
        let load = self.loading(key, object)?;
        let rows = self.run(&load.statement, &Params::default(), ids).await?;
        let records: Vec<Record> = rows.into_iter().filter_map(|mut cells| record(object, &load.whole, &mut cells)).collect();
        if lock == Lock::Update {
            self.held.add(object.ix, &records);
        }
        Ok(records)
    }

    /// The statement that loads records of an object: made once per model and set of rows.
    fn loading(&self, key: LoadKey, object: &Object) -> Result<Arc<Load>, StoreError> {
        if let Some(known) = self.memory.loads.read().ok().and_then(|loads| loads.get(&key).cloned()) {
            return Ok(known);
        }
        let mut lower = Lower::new(&self.model, self.dialect());
        let wanted = if key.single { lower.wanted_one() } else { lower.wanted() };
        let (from, scope) = lower.table(&key.table)?;
        let mut visible = lower.visible(&key.table, &scope, key.deleted)?;
        if let Some(predicate) = &key.fails {
            visible = format!("{visible} and ({}) is not true", lower.predicate(&scope, predicate)?);
        }
        let mut columns = Columns::default();
        let id = scope.column("id");
        columns.add(id.clone(), Shape::Id);
        let whole = if key.whole { whole(&lower, object, &scope, &mut columns)? } else { Whole::default() };
        let among = if key.single { format!("{id} = {wanted}") } else { lower.among(&id, Kind::Id, &wanted) };
        let order = if key.single { String::new() } else { format!(" order by {id}") };
        let locking = self.locking(key.lock, &scope.alias);
        let sql = format!("select {} from {from} where {among} and {visible}{order}{locking}", columns.expressions.join(", "));
        let load = Arc::new(Load { statement: lower.finish(sql, columns.shapes), whole });
        if let Ok(mut loads) = self.memory.loads.write() {
            loads.retain(|known, _| known.version >= key.version);
            if loads.len() >= LOADS_MAX {
                loads.clear();
            }
            loads.insert(key, Arc::clone(&load));
        }
        Ok(load)
    }

    /// Rows of a statement of ours; tables it names that are not made yet give nothing.
    pub(super) async fn run(&mut self, statement: &Statement, params: &Params, ids: &[RecordId]) -> Result<Vec<Vec<Value>>, StoreError> {
        let memory = Arc::clone(&self.memory);
        let there = memory.tables.look_at(self.conn()?, statement).await.map_err(|fault| self.told(fault))?;
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let args = statement.args(Values::new(params, &self.standing, self.author.now), &ids)?;
        let sql = statement.without(&|table| there.is_missing(table));
        self.conn()?.fetch(&sql, &args, &statement.shapes).await.map_err(|fault| self.told(fault))
    }

    fn locking(&self, lock: Lock, alias: &str) -> String {
        match (self.is_postgres(), lock) {
            (true, Lock::KeyShare) => format!(" for key share of {alias}"),
            (true, Lock::Update) => format!(" for no key update of {alias}"),
            _ => String::new(),
        }
    }

    /// Which of these records live, locked in the order of their ids; nothing else of them is read.
    ///
    /// # Errors
    /// What the database says.
    pub async fn hold(&mut self, table: &AuthorizedTable, ids: &[RecordId], lock: Lock) -> Result<Vec<RecordId>, StoreError> {
        let model = Arc::clone(&self.model);
        let object = model.object(table.object()).ok_or(StoreError::Plan("no such object"))?;
        if ids.is_empty() || !self.there(&object.table).await? {
            return Ok(Vec::new());
        }
        let key = LoadKey {
            version: model.version,
            table: table.clone(),
            fails: None,
            deleted: Deleted::Exclude,
            lock,
            whole: false,
            single: ids.len() == 1,
        };
        self.ids(key, object, ids).await
    }

    /// Which of these records there are to be seen; nothing is locked, and nothing else of them is read.
    ///
    /// # Errors
    /// What the database says.
    pub async fn seen(&mut self, table: &AuthorizedTable, ids: &[RecordId], deleted: Deleted) -> Result<Vec<RecordId>, StoreError> {
        let model = Arc::clone(&self.model);
        let object = model.object(table.object()).ok_or(StoreError::Plan("no such object"))?;
        if ids.is_empty() || !self.there(&object.table).await? {
            return Ok(Vec::new());
        }
        let key = LoadKey {
            version: model.version,
            table: table.clone(),
            fails: None,
            deleted,
            lock: Lock::None,
            whole: false,
            single: ids.len() == 1,
        };
        self.ids(key, object, ids).await
    }

    /// Those of these records, live or deleted, of which the predicate does not hold.
    ///
    /// # Errors
    /// What the database says.
    pub async fn failing(
        &mut self,
        table: &AuthorizedTable,
        ids: &[RecordId],
        predicate: &Arc<Predicate>,
    ) -> Result<Vec<RecordId>, StoreError> {
        let model = Arc::clone(&self.model);
        let object = model.object(table.object()).ok_or(StoreError::Plan("no such object"))?;
        let (table, fails) = (table.clone(), Some(Arc::clone(predicate)));
        let key = LoadKey {
            version: model.version,
            table,
            fails,
            deleted: Deleted::Include,
            lock: Lock::None,
            whole: false,
            single: ids.len() == 1,
        };
        self.ids(key, object, ids).await
    }

    async fn ids(&mut self, key: LoadKey, object: &Object, ids: &[RecordId]) -> Result<Vec<RecordId>, StoreError> {
        let load = self.loading(key, object)?;
        let rows = self.run(&load.statement, &Params::default(), ids).await?;
        Ok(rows.iter().filter_map(|row| row.first()?.as_id()).map(RecordId).collect())
    }

    async fn there(&mut self, table: &str) -> Result<bool, StoreError> {
        self.is_there(table).await.map_err(|fault| self.told(fault))
    }

    /// Ids the filter selects, in their order; one more than `max` at most.
    ///
    /// # Errors
    /// What the database says.
    pub async fn select_ids(
        &mut self,
        table: &AuthorizedTable,
        filter: &Predicate,
        params: &Params,
        deleted: Deleted,
        max: u32,
    ) -> Result<Vec<RecordId>, StoreError> {
        let model = Arc::clone(&self.model);
        let mut lower = Lower::new(&model, self.dialect());
        let (from, scope) = lower.table(table)?;
        let visible = lower.visible(table, &scope, deleted)?;
        let filter = lower.predicate(&scope, filter)?;
        let id = scope.column("id");
        if self.is_postgres() {
            // Any filter at all: this one is planned with its values.
            self.conn()?.script("set local plan_cache_mode = force_custom_plan").await?;
        }
        let sql = format!("select {id} from {from} where {visible} and {filter} order by {id} limit {}", u64::from(max) + 1);
        let statement = lower.finish(sql, vec![Shape::Id]);
        let rows = self.run(&statement, params, &[]).await?;
        Ok(rows.iter().filter_map(|row| row.first()?.as_id()).map(RecordId).collect())
    }

    /// Children that refer to one of the targets: child and target.
    ///
    /// # Errors
    /// What the database says.
    pub async fn referrers(
        &mut self,
        table: &AuthorizedTable,
        relation: RelationIx,
        targets: &[RecordId],
        deleted: Deleted,
    ) -> Result<Vec<(RecordId, RecordId)>, StoreError> {
        let model = Arc::clone(&self.model);
        let object = model.object(table.object()).ok_or(StoreError::Plan("no such object"))?;
        let relation = object.relation(relation).ok_or(StoreError::Plan("no such relation"))?;
        if targets.is_empty() || !self.there(&object.table).await? {
            return Ok(Vec::new());
        }
        let mut lower = Lower::new(&model, self.dialect());
        let (from, scope) = lower.table(table)?;
        let visible = lower.visible(table, &scope, deleted)?;
        let wanted = lower.wanted();
        let (id, column) = (scope.column("id"), scope.column(&relation.column));
        let among = lower.among(&column, Kind::Id, &wanted);
        let sql = format!("select {id}, {column} from {from} where {among} and {visible} order by {id}");
        let statement = lower.finish(sql, vec![Shape::Id, Shape::Id]);
        let rows = self.run(&statement, &Params::default(), targets).await?;
        Ok(rows.iter().filter_map(|row| pair(row)).map(|(child, target)| (RecordId(child), RecordId(target))).collect())
    }

    /// The ids above a record in its tree, nearest first; a cycle ends after [`TREE_DEPTH_MAX`] steps.
    ///
    /// # Errors
    /// What the database says.
    pub async fn ancestors(&mut self, table: &AuthorizedTable, relation: RelationIx, id: RecordId) -> Result<Vec<RecordId>, StoreError> {
        let object = self.object(table.object())?;
        let (name, parent) = (object.table.clone(), object.relation(relation).ok_or(StoreError::Plan("no such relation"))?.column.clone());
        if !self.there(&name).await? {
            return Ok(Vec::new());
        }
        let sql = format!(
            "with recursive w(id, depth) as (select t.\"{parent}\", 1 from {0} as t where t.\"id\" = $1 \
             union all select t.\"{parent}\", w.depth + 1 from {0} as t join w on t.\"id\" = w.id where w.depth < {TREE_DEPTH_MAX}) \
             select w.id from w where w.id is not null order by w.depth",
            self.table(&name)
        );
        let rows = self.ask(&sql, &[Arg::id(id.0)], &[Shape::Id]).await.map_err(|fault| self.told(fault))?;
        Ok(rows.iter().filter_map(|row| row.first()?.as_id()).map(RecordId).collect())
    }
}

pub(crate) fn pair(row: &[Value]) -> Option<(Uuid, Uuid)> {
    Some((row.first()?.as_id()?, row.get(1)?.as_id()?))
}

pub(crate) fn whole<'m>(lower: &Lower<'m>, object: &'m Object, scope: &crate::lower::Scope<'m>, columns: &mut Columns) -> Lowered<Whole> {
    let mut fields = Vec::with_capacity(object.fields.len());
    for field in &object.fields {
        fields.push(if field.columns.is_empty() { None } else { Some(lower.whole_field(scope, field, columns)?) });
    }
    let relations = object
        .relations
        .iter()
        .map(|relation| (!relation.column.is_empty()).then(|| lower.whole_relation(scope, relation, columns)))
        .collect();
    Ok(Whole { fields, relations })
}

pub(crate) fn record(object: &Object, whole: &Whole, cells: &mut [Value]) -> Option<Record> {
    let id = cells.first()?.as_id()?;
    let mut read = |reader: &Option<Reader>| reader.as_ref().map_or(Value::Null, |reader| rows::read(reader, cells));
    let fields = whole.fields.iter().map(&mut read).collect();
    let relations = whole.relations.iter().map(&mut read).collect();
    Some(Record { object: object.ix, id: RecordId(id), fields, relations })
}
