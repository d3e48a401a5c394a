//! Merges: what became of which records, and what moved; shares that move along.

use tenon_query::AuthorizedTable;
use tenon_value::{DateTime, Json, RecordId, TenantId, Uuid, Value};

use super::Tx;
use crate::db::{Arg, Kind, Scalar, Shape, Target};
use crate::{Store, StoreError};

/// A merge to be written down.
#[derive(Clone, Debug)]
pub struct NewMerge {
    /// Its id.
    pub id: Uuid,
    /// Who is left.
    pub survivor: RecordId,
    /// Who went into it.
    pub others: Vec<RecordId>,
    /// Until when it can be taken back.
    pub until: DateTime,
    /// How much moved.
    pub moved: i64,
    /// What moved, in words of the pipeline.
    pub log: Json,
}

/// A merge as stored.
#[derive(Clone, Debug)]
pub struct StoredMerge {
    /// The element of the object.
    pub object: Uuid,
    /// Who is left.
    pub survivor: RecordId,
    /// Until when it can be taken back.
    pub until: DateTime,
    /// What moved.
    pub log: Json,
    /// It has been taken back.
    pub undone: bool,
}

fn survivor(merged: &str) -> String {
    format!("select m.\"survivor\" from {merged} as m where m.\"record\" = $1")
}

fn first_id(rows: &[Vec<Value>]) -> Option<RecordId> {
    rows.first().and_then(|row| row.first()?.as_id()).map(RecordId)
}

impl Store {
    /// The record into which another went by a merge that was not taken back; whoever asks must know whether it may be seen.
    ///
    /// # Errors
    /// What the database says.
    pub async fn survivor_of(&self, tenant: TenantId, record: RecordId) -> Result<Option<RecordId>, StoreError> {
        let sql = survivor(&self.fixture(tenant, "merged"));
        let rows = self.ask(tenant, &sql, &[Arg::id(record.0)], &[Shape::Id]).await?;
        Ok(first_id(&rows))
    }
}

/// A merge as far as it keeps something of a record.
#[derive(Clone, Debug)]
pub struct KeptMerge {
    /// Its id.
    pub id: Uuid,
    /// Who is left.
    pub survivor: RecordId,
    /// What moved.
    pub log: Json,
    /// It has been taken back.
    pub undone: bool,
}

impl Tx {
    /// Writes a merge down.
    ///
    /// # Errors
    /// What the database says.
    pub async fn merge_put(&mut self, table: &AuthorizedTable, merge: &NewMerge) -> Result<(), StoreError> {
        let object = self.object(table.object())?.id.0;
        let (merges, merged) = (self.table("merge"), self.table("merged"));
        let columns = [
            ("id", Kind::Id),
            ("object", Kind::Id),
            ("survivor", Kind::Id),
            ("at", Kind::DateTime),
            ("until", Kind::DateTime),
            ("by_kind", Kind::Text),
            ("by_id", Kind::Id),
            ("moved", Kind::Int),
            ("log", Kind::Text),
        ];
        let columns: Vec<Target> = columns.into_iter().map(|(name, kind)| Target::new(name, kind)).collect();
        let row = vec![
            Scalar::Id(merge.id),
            Scalar::Id(object),
            Scalar::Id(merge.survivor.0),
            Scalar::DateTime(self.author.now.millis()),
            Scalar::DateTime(merge.until.millis()),
            Scalar::Text(self.author.kind.to_owned()),
            Scalar::Id(self.author.id),
            Scalar::Int(merge.moved),
            Scalar::Text(merge.log.to_string()),
        ];
        self.insert(&merges, &columns, vec![row], "").await.map_err(|fault| self.told(fault))?;
        let columns = [Target::new("record", Kind::Id), Target::new("merge", Kind::Id), Target::new("survivor", Kind::Id)];
        let rows = merge.others.iter().map(|other| vec![Scalar::Id(other.0), Scalar::Id(merge.id), Scalar::Id(merge.survivor.0)]).collect();
        self.insert(&merged, &columns, rows, "").await.map(|_| ()).map_err(|fault| self.told(fault))
    }

    /// A merge, locked until the end.
    ///
    /// # Errors
    /// What the database says.
    pub async fn merge(&mut self, id: Uuid) -> Result<Option<StoredMerge>, StoreError> {
        let lock = if self.is_postgres() { " for update" } else { "" };
        let sql = format!(
            "select m.\"object\", m.\"survivor\", m.\"until\", m.\"log\", m.\"undone_at\" from {} as m where m.\"id\" = $1{lock}",
            self.table("merge")
        );
        let shapes = [Shape::Id, Shape::Id, Shape::DateTime, Shape::Json, Shape::DateTime];
        let rows = self.ask(&sql, &[Arg::id(id)], &shapes).await.map_err(|fault| self.told(fault))?;
        let row = rows.into_iter().next().and_then(|row| <[Value; 5]>::try_from(row).ok());
        Ok(row.and_then(|[object, survivor, until, log, undone]| match (until, log) {
            (Value::DateTime(until), Value::Json(log)) => {
                Some(StoredMerge { object: object.as_id()?, survivor: RecordId(survivor.as_id()?), until, log, undone: !undone.is_null() })
            }
            _ => None,
        }))
    }

    /// The record into which another went.
    ///
    /// # Errors
    /// What the database says.
    pub async fn survivor_of(&mut self, record: RecordId) -> Result<Option<RecordId>, StoreError> {
        let sql = survivor(&self.table("merged"));
        let rows = self.ask(&sql, &[Arg::id(record.0)], &[Shape::Id]).await.map_err(|fault| self.told(fault))?;
        Ok(first_id(&rows))
    }

    /// The merges of a record: those it survived, and those by which it is part of another.
    ///
    /// # Errors
    /// What the database says.
    pub async fn merges_of(&mut self, table: &AuthorizedTable, record: RecordId) -> Result<Vec<KeptMerge>, StoreError> {
        let object = self.object(table.object())?.id.0;
        let sql = format!(
            "select m.\"id\", m.\"survivor\", m.\"log\", m.\"undone_at\" from {} as m where m.\"object\" = $1 and (m.\"survivor\" = $2 \
             or m.\"id\" in (select d.\"merge\" from {} as d where d.\"record\" = $2)) order by m.\"id\"",
            self.table("merge"),
            self.table("merged")
        );
        let shapes = [Shape::Id, Shape::Id, Shape::Json, Shape::DateTime];
        let rows = self.ask(&sql, &[Arg::id(object), Arg::id(record.0)], &shapes).await.map_err(|fault| self.told(fault))?;
        let kept = |row: Vec<Value>| match <[Value; 4]>::try_from(row) {
            Ok([Value::Id(id), Value::Id(survivor), Value::Json(log), undone]) => {
                Some(KeptMerge { id, survivor: RecordId(survivor), log, undone: !undone.is_null() })
            }
            _ => None,
        };
        Ok(rows.into_iter().filter_map(kept).collect())
    }

    /// Writes down anew what a merge moved.
    ///
    /// # Errors
    /// What the database says.
    pub async fn merge_log(&mut self, id: Uuid, log: &Json) -> Result<(), StoreError> {
        let sql = format!("update {} set \"log\" = $1 where \"id\" = $2", self.table("merge"));
        let args = [Arg::text(log.to_string()), Arg::id(id)];
        self.tell(&sql, &args).await.map(|_| ()).map_err(|fault| self.told(fault))
    }

    /// A merge has been taken back.
    ///
    /// # Errors
    /// What the database says.
    pub async fn merge_undone(&mut self, id: Uuid) -> Result<(), StoreError> {
        let now = self.author.now;
        let sql = format!("update {} set \"undone_at\" = $1 where \"id\" = $2", self.table("merge"));
        self.tell(&sql, &[Arg::moment(now), Arg::id(id)]).await.map_err(|fault| self.told(fault))?;
        let sql = format!("delete from {} where \"merge\" = $1", self.table("merged"));
        self.tell(&sql, &[Arg::id(id)]).await.map(|_| ()).map_err(|fault| self.told(fault))
    }

    /// Shares of records become shares of another, with whom that one is not shared yet: whose they were, with whom.
    ///
    /// # Errors
    /// What the database says.
    pub async fn shares_move(
        &mut self,
        table: &AuthorizedTable,
        from: &[RecordId],
        to: RecordId,
    ) -> Result<Vec<(RecordId, Uuid)>, StoreError> {
        let object = self.object(table.object())?.id.0;
        let shares = self.table("share");
        let sql = format!("select s.\"record\", s.\"with_id\" from {shares} as s where s.\"object\" = $1 and s.\"record\" = $2");
        let mut with = std::collections::HashSet::new();
        let mut moved = Vec::new();
        for record in std::iter::once(&to).chain(from) {
            let args = [Arg::id(object), Arg::id(record.0)];
            for row in self.ask(&sql, &args, &[Shape::Id, Shape::Id]).await.map_err(|fault| self.told(fault))? {
                let Some(whom) = row.get(1).and_then(Value::as_id) else { continue };
                if with.insert(whom) && *record != to {
                    moved.push((*record, whom));
                }
            }
        }
        moved.sort_unstable();
        self.shares_pass(object, &moved, |owner| (owner, to)).await?;
        Ok(moved)
    }

    /// Shares go back to whose they were.
    ///
    /// # Errors
    /// What the database says.
    pub async fn shares_return(&mut self, table: &AuthorizedTable, from: RecordId, shares: &[(RecordId, Uuid)]) -> Result<(), StoreError> {
        let object = self.object(table.object())?.id.0;
        self.shares_pass(object, shares, |owner| (from, owner)).await
    }

    async fn shares_pass(
        &mut self,
        object: Uuid,
        shares: &[(RecordId, Uuid)],
        way: impl Fn(RecordId) -> (RecordId, RecordId),
    ) -> Result<(), StoreError> {
        let sql =
            format!("update {} set \"record\" = $1 where \"object\" = $2 and \"record\" = $3 and \"with_id\" = $4", self.table("share"));
        for (owner, with) in shares {
            let (from, to) = way(*owner);
            let args = [Arg::id(to.0), Arg::id(object), Arg::id(from.0), Arg::id(*with)];
            self.tell(&sql, &args).await.map_err(|fault| self.told(fault))?;
        }
        Ok(())
    }
}
