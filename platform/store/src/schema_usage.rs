//! How often coordinates of a tenant's schema are used, by key and day: added to in batches, asked for by people who are about
//! to remove something.
//!
//! Invariant: what is kept is bounded, by days and by rows; the oldest goes first.

use tenon_context::ActorKind;
use tenon_value::{Date, TenantId, Uuid, Value};

use crate::credentials::law::LawTx;
use crate::db::{Arg, Fault, Kind, Scalar, Shape, Target};
use crate::{Store, StoreError};

/// Days for which usage is kept (`usage_days`).
pub const USAGE_DAYS: i32 = 30;
/// Rows of usage that a tenant has at most (`usage_rows`).
pub const USAGE_ROWS_MAX: u64 = 100_000;
/// A former name used within so many days goes on working (`usage_recent`).
pub const USAGE_RECENT_DAYS: i32 = 14;

/// Uses of a coordinate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaUse {
    /// `Opportunity.closeDate`, or a type.
    pub coordinate: String,
    /// It is a name of before.
    pub former: bool,
    /// What kind of principal.
    pub kind: ActorKind,
    /// Which key; nil where people are counted together.
    pub id: Uuid,
    /// What people read.
    pub display: String,
    /// How often.
    pub uses: u64,
    /// The first and the last day of them.
    pub days: (Date, Date),
}

const COLUMNS: [(&str, Kind); 7] = [
    ("day", Kind::Int),
    ("principal", Kind::Text),
    ("coordinate", Kind::Text),
    ("display", Kind::Text),
    ("former", Kind::Bool),
    ("count", Kind::Int),
    ("last_at", Kind::DateTime),
];
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1_000;

fn day(day: Date) -> Arg {
    Arg::int(i64::from(day.days()))
}

fn date(value: &Value) -> Option<Date> {
    Some(Date::from_days(i32::try_from(value.as_int()?).ok()?))
}

/// `api_key:0198…`, or `user` where people are counted together.
fn principal(one: &SchemaUse) -> String {
    if one.id.is_nil() { one.kind.word().to_owned() } else { format!("{}:{}", one.kind.word(), one.id) }
}

fn row(one: &SchemaUse) -> Vec<Scalar> {
    let day = i64::from(one.days.1.days());
    vec![
        Scalar::Int(day),
        Scalar::Text(principal(one)),
        Scalar::Text(one.coordinate.clone()),
        Scalar::Text(one.display.clone()),
        Scalar::Bool(one.former),
        Scalar::Int(i64::try_from(one.uses).unwrap_or(i64::MAX)),
        Scalar::DateTime(day.saturating_mul(DAY_MILLIS)),
    ]
}

impl Store {
    /// Adds uses, each of its last day, to those there; each of them once in a batch. False where there is no room for them.
    ///
    /// # Errors
    /// What the database says.
    pub async fn schema_used(&self, tenant: TenantId, uses: &[SchemaUse]) -> Result<bool, StoreError> {
        let Some(today) = uses.iter().map(|one| one.days.1).max() else { return Ok(true) };
        let mut tx = self.law(tenant).await?;
        let table = tx.table("schema_usage");
        tx.tell(&format!("delete from {table} where \"day\" < $1"), &[day(Date::from_days(today.days().saturating_sub(USAGE_DAYS)))])
            .await?;
        let has_room = make_room(&mut tx, &table, uses.len()).await?;
        if has_room {
            let columns = COLUMNS.map(|(name, kind)| Target::new(name, kind));
            let more = "on conflict (\"day\", \"principal\", \"coordinate\") do update set \
                 \"count\" = \"schema_usage\".\"count\" + excluded.\"count\", \"display\" = excluded.\"display\"";
            tx.conn()?.insert(&table, &columns, uses.iter().map(row).collect(), more).await?;
        }
        tx.commit().await?;
        Ok(has_room)
    }

    /// Uses since a day, summed by coordinate and key, in the order of coordinates; of one coordinate, or of a type and all its
    /// members, where one is named.
    ///
    /// # Errors
    /// What the database says.
    pub async fn schema_usage(
        &self,
        tenant: TenantId,
        (since, of): (Date, Option<&str>),
        max: usize,
    ) -> Result<Vec<SchemaUse>, StoreError> {
        let table = self.fixture(tenant, "schema_usage");
        let mut args = vec![day(since)];
        let mut condition = String::new();
        if let Some(of) = of {
            condition = " and (u.\"coordinate\" = $2 or substr(u.\"coordinate\", 1, length($2) + 1) = $2 || '.')".to_owned();
            args.push(Arg::text(of));
        }
        let sql = format!(
            "select u.\"coordinate\", u.\"principal\", max(u.\"display\"), max(case when u.\"former\" then 1 else 0 end), \
             cast(sum(u.\"count\") as bigint), min(u.\"day\"), max(u.\"day\") from {table} as u where u.\"day\" >= $1{condition} \
             group by u.\"coordinate\", u.\"principal\" order by u.\"coordinate\", u.\"principal\" limit {max}"
        );
        let shapes = [Shape::Text, Shape::Text, Shape::Text, Shape::Int, Shape::Int, Shape::Int, Shape::Int];
        let rows = self.ask(tenant, &sql, &args, &shapes).await?;
        Ok(rows.into_iter().filter_map(of_row).collect())
    }

    /// Coordinates by former names that were used since a day, each with the last day of it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn former_used(&self, tenant: TenantId, since: Date) -> Result<Vec<(String, Date)>, StoreError> {
        let table = self.fixture(tenant, "schema_usage");
        let sql = format!(
            "select u.\"coordinate\", max(u.\"day\") from {table} as u where u.\"former\" = $1 and u.\"day\" >= $2 group by u.\"coordinate\""
        );
        let args = [Arg::One(Kind::Bool, Scalar::Bool(true)), day(since)];
        let rows = self.ask(tenant, &sql, &args, &[Shape::Text, Shape::Int]).await?;
        Ok(rows.iter().filter_map(|row| Some((row.first()?.as_text()?.to_owned(), date(row.get(1)?)?))).collect())
    }
}

fn of_row(row: Vec<Value>) -> Option<SchemaUse> {
    let [coordinate, principal, display, former, uses, first, last] = <[Value; 7]>::try_from(row).ok()?;
    let (kind, id) = principal.as_text()?.split_once(':').unwrap_or((principal.as_text()?, ""));
    Some(SchemaUse {
        coordinate: coordinate.as_text()?.to_owned(),
        former: former.as_int() == Some(1),
        kind: ActorKind::from_word(kind)?,
        id: id.parse().unwrap_or_default(),
        display: display.as_text().unwrap_or_default().to_owned(),
        uses: u64::try_from(uses.as_int()?).ok()?,
        days: (date(&first)?, date(&last)?),
    })
}

/// Lets the oldest days go where more rows would be too many; false where one day alone is.
async fn make_room(tx: &mut LawTx, table: &str, more: usize) -> Result<bool, Fault> {
    loop {
        let rows = tx.ask(&format!("select count(*), count(distinct u.\"day\") from {table} as u"), &[], &[Shape::Int, Shape::Int]).await?;
        let number = |at: usize| rows.first().and_then(|row| row.get(at)).and_then(Value::as_int).unwrap_or_default();
        let there = u64::try_from(number(0)).unwrap_or_default().saturating_add(u64::try_from(more).unwrap_or(u64::MAX));
        if there <= USAGE_ROWS_MAX {
            return Ok(true);
        }
        if number(1) <= 1 {
            return Ok(false);
        }
        tx.tell(&format!("delete from {table} where \"day\" = (select min(o.\"day\") from {table} as o)"), &[]).await?;
    }
}
