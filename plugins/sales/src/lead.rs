//! A lead, as pools look at it.

use tenon_sdk::prelude::*;

/// States in which a lead is done with: it is neither held nor handed on.
const CLOSED: [&str; 2] = ["converted", "invalid"];

/// A lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lead {
    pub(crate) id: String,
    pub(crate) owner: Option<String>,
    pub(crate) pool: Option<String>,
    pub(crate) is_closed: bool,
    pub(crate) is_protected: bool,
    pub(crate) last_activity: Option<DateTime>,
    pub(crate) warned: Option<DateTime>,
    pub(crate) recycled: i64,
}

impl Lead {
    /// A lead as it is now.
    pub(crate) fn look_at(id: &str) -> Result<Option<Self>, Error> {
        Ok(records::get("lead", id)?.map(|record| Self::of(&record)))
    }

    /// The same, and nobody else changes it until the transaction ends.
    pub(crate) fn hold(id: &str) -> Result<Option<Self>, Error> {
        Ok(records::get_for_update("lead", id)?.map(|record| Self::of(&record)))
    }

    fn of(record: &Record) -> Self {
        let to = |name: &str| record.reference(name).map(|to| to.id.clone());
        Self {
            id: record.id.clone(),
            owner: to("owner"),
            pool: to("sales_pool"),
            is_closed: record.text("status").is_some_and(|status| CLOSED.contains(&status)),
            is_protected: record.boolean("sales_protected") == Some(true),
            last_activity: record.datetime("last_activity_at"),
            warned: record.datetime("sales_warned_at"),
            recycled: record.integer("recycle_count").unwrap_or_default(),
        }
    }

    /// What a lead holds once it lies in a pool again.
    pub(crate) fn freed(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("owner", Value::Null),
            ("status", "recycled".into()),
            ("assigned_at", Value::Null),
            ("sales_warned_at", Value::Null),
            ("recycle_count", (self.recycled + 1).into()),
        ]
    }

    /// What a lead holds once somebody has got it.
    pub(crate) fn given(to: &str, now: DateTime) -> Vec<(&'static str, Value)> {
        vec![
            ("owner", Reference::new("user", to).into()),
            ("status", "assigned".into()),
            ("assigned_at", now.into()),
            ("last_activity_at", now.into()),
            ("sales_warned_at", Value::Null),
        ]
    }
}
