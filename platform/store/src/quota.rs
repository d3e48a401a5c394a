//! Quotas: how much of something a tenant may have. The operator sets them, for all tenants or for one.
//!
//! What is counted in few rows (members, keys, packages) is counted where it grows. Records and bytes of the database are
//! measured now and then (`gauge`), outside of any transaction, and only for tenants that have such a quota: they are
//! approximate, by what other nodes add within a minute. Invariant: reading and removing never meet a quota.

mod gauge;

use std::collections::BTreeMap;

use tenon_diagnostics::{Kind, Message, Problem};
use tenon_value::{Json, TenantId, Value};

pub(crate) use gauge::Gauge;
pub use gauge::Room;

use crate::db::{Arg, Shape};
use crate::{Store, StoreError};

/// Something that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quota {
    /// Records of all objects, those in the recycle bin included.
    Records,
    /// People who may sign in, or are invited.
    Members,
    /// API keys.
    Keys,
    /// Packages that were uploaded.
    Packages,
    /// Bytes of tables and indexes.
    DatabaseBytes,
    /// Bytes of all files.
    FilesBytes,
    /// Links with other tenants that are not revoked.
    Links,
}

impl Quota {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Records, Self::Members, Self::Keys, Self::Packages, Self::DatabaseBytes, Self::FilesBytes, Self::Links];

    /// The word outside and in the store.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Members => "members",
            Self::Keys => "keys",
            Self::Packages => "packages",
            Self::DatabaseBytes => "database_bytes",
            Self::FilesBytes => "files_bytes",
            Self::Links => "links",
        }
    }

    /// The quota of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quota| quota.word() == word)
    }
}

/// How much of everything a tenant may have where nothing is set for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quotas(BTreeMap<Quota, u64>);

impl Default for Quotas {
    fn default() -> Self {
        Self(BTreeMap::from([
            (Quota::Keys, 1_000),
            (Quota::Packages, 100),
            (Quota::FilesBytes, 20 * 1024 * 1024 * 1024),
            (Quota::Links, 20),
        ]))
    }
}

impl Quotas {
    /// Sets one.
    pub fn set(&mut self, quota: Quota, max: u64) {
        self.0.insert(quota, max);
    }
}

/// What a tenant has of something, beside what it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaUse {
    /// Of what.
    pub quota: Quota,
    /// How much there is.
    pub used: u64,
    /// How much there may be; none is without bounds.
    pub max: Option<u64>,
    /// It was set for this tenant.
    pub is_own: bool,
}

/// The refusal of what is over a quota.
pub(crate) fn over(quota: Quota, max: u64, used: u64) -> Problem {
    let word = quota.word();
    let message = Message::new(
        format!("the quota `{word}` of this workspace is {max}, and {used} are in use"),
        format!("此租户的配额 `{word}` 为 {max},已使用 {used}"),
    );
    let details = vec![("max", Json::from(max)), ("actual", Json::from(used))];
    Problem { limit: Some(word), rule: Some("quota".into()), message, details, ..Problem::of_kind(Kind::Exhausted) }
}

/// Refuses what makes something grow beyond its quota.
pub(crate) fn within(quota: Quota, max: Option<u64>, (used, more): (u64, u64)) -> Result<(), StoreError> {
    match max {
        Some(max) if used.saturating_add(more) > max => Err(StoreError::Quota { quota, max, used }),
        _ => Ok(()),
    }
}

impl Store {
    /// How much a tenant may have of what it may not have without bounds.
    ///
    /// # Errors
    /// What the database says.
    pub async fn quota_maxima(&self, tenant: TenantId) -> Result<BTreeMap<Quota, u64>, StoreError> {
        let mut maxima = self.inner.config.limits.quotas.0.clone();
        maxima.extend(self.own_quotas(tenant).await?);
        Ok(maxima)
    }

    /// How much of something a tenant may have; none is without bounds.
    ///
    /// # Errors
    /// What the database says.
    pub async fn quota(&self, tenant: TenantId, quota: Quota) -> Result<Option<u64>, StoreError> {
        Ok(self.quota_maxima(tenant).await?.get(&quota).copied())
    }

    /// Refuses one more of something of which there are so many.
    ///
    /// # Errors
    /// `Quota` where there is no room; what the database says.
    pub async fn quota_for_one_more(&self, tenant: TenantId, quota: Quota, used: u64) -> Result<(), StoreError> {
        within(quota, self.quota(tenant, quota).await?, (used, 1))
    }

    /// What was set for this tenant alone.
    async fn own_quotas(&self, tenant: TenantId) -> Result<BTreeMap<Quota, u64>, StoreError> {
        let sql = format!("select q.\"name\", q.\"max\" from {} as q", self.fixture(tenant, "quota"));
        let rows = self.ask(tenant, &sql, &[], &[Shape::Text, Shape::Int]).await?;
        let read = |row: &Vec<Value>| {
            let max = u64::try_from(row.get(1)?.as_int()?).ok()?;
            Some((Quota::from_word(row.first()?.as_text()?)?, max))
        };
        Ok(rows.iter().filter_map(read).collect())
    }

    /// Sets a quota of a tenant, or lets the installation's hold again.
    ///
    /// # Errors
    /// What the database says.
    pub async fn quota_set(&self, tenant: TenantId, quota: Quota, max: Option<u64>) -> Result<(), StoreError> {
        let table = self.fixture(tenant, "quota");
        let name = Arg::text(quota.word());
        match max {
            Some(max) => {
                let sql = format!(
                    "insert into {table} (\"name\", \"max\") values ($1, $2) on conflict (\"name\") do update set \"max\" = excluded.\"max\""
                );
                self.tell(tenant, &sql, &[name, Arg::int(i64::try_from(max).unwrap_or(i64::MAX))]).await?;
            }
            None => {
                self.tell(tenant, &format!("delete from {table} where \"name\" = $1"), &[name]).await?;
            }
        }
        self.memory(tenant).gauge.forget();
        Ok(())
    }

    /// What a tenant has of everything that is counted, beside what it may have; measured now.
    ///
    /// # Errors
    /// What the database says.
    pub async fn quota_uses(&self, model: &tenon_model::Model) -> Result<Vec<QuotaUse>, StoreError> {
        let tenant = model.tenant;
        let own = self.own_quotas(tenant).await?;
        let usage = self.usage(tenant).await?;
        let records = self.records_counted(model).await?;
        let sql = format!("select count(distinct v.\"package\") from {} as v", self.fixture(tenant, "package_version"));
        let packages = self.ask(tenant, &sql, &[], &[Shape::Int]).await?;
        let packages = packages.first().and_then(|row| row.first()).and_then(Value::as_int).and_then(|count| u64::try_from(count).ok());
        let links = self.links(tenant).await?.iter().filter(|link| link.state != crate::LinkState::Revoked).count();
        let used = |quota| match quota {
            Quota::Records => records,
            Quota::Members => usage.members,
            Quota::Keys => usage.keys,
            Quota::Packages => packages.unwrap_or_default(),
            Quota::DatabaseBytes => usage.database_bytes,
            Quota::FilesBytes => usage.file_bytes,
            Quota::Links => u64::try_from(links).unwrap_or(u64::MAX),
        };
        let maxima = self.quota_maxima(tenant).await?;
        let one = |quota| QuotaUse { quota, used: used(quota), max: maxima.get(&quota).copied(), is_own: own.contains_key(&quota) };
        Ok(Quota::ALL.into_iter().map(one).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reaches_a_quota_fits_and_what_is_beyond_is_told_by_its_numbers() {
        assert!(within(Quota::Members, Some(3), (2, 1)).is_ok());
        assert!(within(Quota::Members, None, (u64::MAX, 1)).is_ok());
        assert!(matches!(within(Quota::Members, Some(3), (3, 1)), Err(StoreError::Quota { quota: Quota::Members, max: 3, used: 3 })));
        let problem = over(Quota::Records, 10, 12);
        assert_eq!((problem.kind, problem.limit, problem.rule.as_deref()), (Kind::Exhausted, Some("records"), Some("quota")));
        assert_eq!(problem.details, [("max", Json::from(10)), ("actual", Json::from(12))]);
    }

    #[test]
    fn every_quota_has_a_word_of_its_own() {
        for quota in Quota::ALL {
            assert_eq!(Quota::from_word(quota.word()), Some(quota));
        }
    }
}
