//! How many records and bytes a tenant has, as far as this process knows: measured now and then, and counted on in between.
//!
//! Invariant: a tenant without such a quota is never measured, and no transaction waits for a measurement.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tenon_model::Model;
use tenon_value::{TenantId, Value};

use super::{Quota, within};
use crate::db::Shape;
use crate::lower::schema_of;
use crate::{Dialect, Store, StoreError};

/// How long a measurement is believed (`quota_believed`).
const BELIEVED: Duration = Duration::from_secs(60);
/// The same where it says that there is no room: somebody may have made some through another node.
const FULL_BELIEVED: Duration = Duration::from_secs(5);
/// Tables that PostgreSQL takes for larger are not counted: its own estimate is taken.
const COUNTED_MAX: i64 = 100_000;

/// What was measured.
#[derive(Clone, Copy, Debug)]
struct Measured {
    at: Instant,
    room: Room,
}

/// What is known of one tenant.
#[derive(Debug, Default)]
pub(crate) struct Gauge {
    known: Mutex<Option<Measured>>,
    /// Held by who measures: the others wait for the result.
    measuring: tokio::sync::Mutex<()>,
}

impl Gauge {
    pub(crate) fn forget(&self) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn believed(&self) -> Option<Room> {
        let known = (*self.known.lock().unwrap_or_else(PoisonError::into_inner))?;
        let believed = if known.room.is_full() { FULL_BELIEVED } else { BELIEVED };
        (known.at.elapsed() < believed).then_some(known.room)
    }

    fn learn(&self, at: Instant, room: Room) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(Measured { at, room });
    }

    fn grew(&self, records: i64) {
        if let Some(known) = &mut *self.known.lock().unwrap_or_else(PoisonError::into_inner) {
            known.room.records.0 = known.room.records.0.saturating_add_signed(records);
        }
    }
}

/// What there is, and what there may be, of what grows with every save.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    records: (u64, Option<u64>),
    bytes: (u64, Option<u64>),
}

impl Room {
    /// Refuses what does not fit: so many new records, or any change where the database is too large already.
    ///
    /// # Errors
    /// `Quota`.
    pub fn take(&self, records: u64) -> Result<(), StoreError> {
        within(Quota::DatabaseBytes, self.bytes.1, (self.bytes.0, 0))?;
        if records == 0 {
            return Ok(());
        }
        within(Quota::Records, self.records.1, (self.records.0, records))
    }

    fn is_full(&self) -> bool {
        self.take(1).is_err()
    }
}

impl Store {
    /// The room that a tenant has for what it saves. Asked before a transaction, not within.
    ///
    /// # Errors
    /// What the database says.
    pub async fn room(&self, model: &Model) -> Result<Room, StoreError> {
        let memory = self.memory(model.tenant);
        if let Some(room) = memory.gauge.believed() {
            return Ok(room);
        }
        let _turn = memory.gauge.measuring.lock().await;
        if let Some(room) = memory.gauge.believed() {
            return Ok(room);
        }
        let at = Instant::now();
        let maxima = self.quota_maxima(model.tenant).await?;
        let max = |quota| maxima.get(&quota).copied();
        let mut room = Room { records: (0, max(Quota::Records)), bytes: (0, max(Quota::DatabaseBytes)) };
        if room.records.1.is_some() {
            room.records.0 = self.records_counted(model).await?;
        }
        if room.bytes.1.is_some() {
            room.bytes.0 = self.database_bytes(model.tenant).await?;
        }
        memory.gauge.learn(at, room);
        Ok(room)
    }

    /// A commit made, or destroyed, so many records.
    pub fn records_grew(&self, tenant: TenantId, records: i64) {
        if records != 0 {
            self.memory(tenant).gauge.grew(records);
        }
    }

    /// Records of all objects; of large tables on PostgreSQL as many as it thinks there are.
    pub(super) async fn records_counted(&self, model: &Model) -> Result<u64, StoreError> {
        let known: std::collections::HashMap<String, i64> = self.tables_there(model.tenant).await?.into_iter().collect();
        let mut total = 0_i64;
        let mut counts = Vec::new();
        for object in &model.objects {
            match known.get(&object.table) {
                Some(estimate) if *estimate > COUNTED_MAX => total = total.saturating_add(*estimate),
                Some(_) => counts.push(format!("(select count(*) from {} as t)", self.fixture(model.tenant, &object.table))),
                None => {}
            }
        }
        if !counts.is_empty() {
            total = total.saturating_add(self.number(model.tenant, &counts.join(" + ")).await?);
        }
        Ok(u64::try_from(total).unwrap_or_default())
    }

    /// Tables that are there, each with the rows the database thinks it has.
    async fn tables_there(&self, tenant: TenantId) -> Result<Vec<(String, i64)>, StoreError> {
        let sql = match self.dialect() {
            Dialect::Sqlite => "select m.name, 0 from \"main\".sqlite_schema as m where m.type = 'table'".to_owned(),
            Dialect::Postgres => format!(
                "select c.relname::text, c.reltuples::bigint from pg_catalog.pg_class as c \
                 join pg_catalog.pg_namespace as n on n.oid = c.relnamespace where n.nspname = '{}' and c.relkind = 'r'",
                schema_of(tenant, self.dialect())
            ),
        };
        let rows = self.ask(tenant, &sql, &[], &[Shape::Text, Shape::Int]).await?;
        Ok(rows.iter().filter_map(|row| Some((row.first()?.as_text()?.to_owned(), row.get(1)?.as_int()?))).collect())
    }

    async fn number(&self, tenant: TenantId, expression: &str) -> Result<i64, StoreError> {
        let rows = self.ask(tenant, &format!("select {expression}"), &[], &[Shape::Int]).await?;
        Ok(rows.first().and_then(|row| row.first()).and_then(Value::as_int).unwrap_or_default())
    }

    async fn database_bytes(&self, tenant: TenantId) -> Result<u64, StoreError> {
        Ok(u64::try_from(self.number(tenant, &self.bytes_expression(tenant)).await?).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_is_counted_on_and_a_full_house_is_looked_at_again_sooner() {
        let gauge = Gauge::default();
        let (now, room) = (Instant::now(), Room { records: (8, Some(10)), bytes: (0, None) });
        gauge.learn(now, room);
        gauge.grew(2);
        let full = gauge.believed().unwrap();
        assert!(full.take(0).is_ok() && full.take(1).is_err(), "changes go on");
        gauge.grew(-1);
        assert!(gauge.believed().unwrap().take(1).is_ok());
        gauge.learn(now.checked_sub(FULL_BELIEVED * 2).unwrap(), Room { records: (10, Some(10)), ..room });
        assert_eq!(gauge.believed(), None);
        gauge.learn(now.checked_sub(FULL_BELIEVED * 2).unwrap(), room);
        assert!(gauge.believed().is_some());
    }

    #[test]
    fn a_database_that_is_too_large_takes_no_change() {
        let room = Room { records: (0, None), bytes: (11, Some(10)) };
        assert!(matches!(room.take(0), Err(StoreError::Quota { quota: Quota::DatabaseBytes, max: 10, used: 11 })));
    }
}
