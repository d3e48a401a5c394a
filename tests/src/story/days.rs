//! Names for the days around the one on which a tenant's clock stands still.

use anyhow::Context;
use jiff::{Span, Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use crate::{Names, Tenant};

/// The names, and how many days after today each is.
const DAYS: [(&str, i64); 5] = [("seven_days_ago", -7), ("six_days_ago", -6), ("yesterday", -1), ("today", 0), ("tomorrow", 1)];

/// The names of a story that begins in this tenant. A sandbox's clock stands where its first record was made.
pub(super) async fn names(tenant: &Tenant, zone: &str) -> anyhow::Result<Names> {
    let question = "{ users(first: 1) { nodes { createdAt } } }";
    let data = tenant.data(question, json!({})).await?;
    let made: Timestamp = data["users"]["nodes"][0]["createdAt"].as_str().context("a tenant has a first user")?.parse()?;
    let today = made.to_zoned(TimeZone::get(zone)?).date();
    let mut names = Names::default();
    for (name, after) in DAYS {
        names.put(name, Value::String(today.checked_add(Span::new().days(after))?.to_string()));
    }
    Ok(names)
}
