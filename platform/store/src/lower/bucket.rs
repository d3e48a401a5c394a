//! Time buckets: the first local day (or hour) of the period a date or moment lies in.
//!
//! PostgreSQL knows zones. SQLite is told: the zone's changes between 1900 and 2100 become a search tree of `case`.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tenon_model::ColumnType;
use tenon_query::{Bucket, BucketUnit};

use super::{Lower, Lowered};
use crate::StoreError;
use crate::db::{Arg, Shape};

/// Seconds from 1970 to 1900 and to 2100: outside, the offset of the border holds.
const FROM: i64 = -2_208_988_800;
const TO: i64 = 4_102_444_800;
const DAY: &str = "86400000";

/// The month a year is counted from, and how many months a bucket has.
fn months(bucket: &Bucket) -> (u8, u8) {
    let fiscal = bucket.fiscal_start.clamp(1, 12);
    match bucket.unit {
        BucketUnit::Quarter => (1, 3),
        BucketUnit::Year => (1, 12),
        BucketUnit::FiscalQuarter => (fiscal, 3),
        BucketUnit::FiscalYear => (fiscal, 12),
        _ => (1, 1),
    }
}

impl Lower<'_> {
    /// The bucket of a column as an expression, and what it holds.
    pub(crate) fn bucket(&mut self, column: &str, kind: ColumnType, bucket: &Bucket) -> Lowered<(String, Shape)> {
        let moment = match kind {
            ColumnType::Date => false,
            ColumnType::DateTime => true,
            _ => return Err(StoreError::Plan("buckets are for dates and moments")),
        };
        let zone = TimeZone::get(&bucket.zone);
        let zone = if moment { Some(zone.map_err(|_| StoreError::Value("unknown time zone"))?) } else { None };
        match (self.is_postgres(), bucket.unit, zone) {
            (_, BucketUnit::Hour, None) => Err(StoreError::Plan("a date has no hours")),
            (true, BucketUnit::Hour, Some(_)) => {
                let zone = self.fixed(Arg::text(bucket.zone.clone()));
                Ok((format!("date_trunc('hour', {column}, {zone})"), Shape::DateTime))
            }
            (true, _, zone) => {
                let local = match zone {
                    Some(_) => format!("({column} at time zone {})", self.fixed(Arg::text(bucket.zone.clone()))),
                    None => format!("{column}::timestamp"),
                };
                Ok((postgres_day(&local, bucket), Shape::Date))
            }
            (false, BucketUnit::Hour, Some(zone)) => {
                let offset = offset(&changes(&zone), column);
                let text = format!(
                    "(select l.x + l.o - ((l.x + l.o) % 3600000 + 3600000) % 3600000 - l.o from (select {column} as x, {offset} as o) as l)"
                );
                Ok((text, Shape::DateTime))
            }
            (false, _, zone) => {
                let day = match zone {
                    Some(zone) => {
                        let offset = offset(&changes(&zone), column);
                        format!("(select (m.x - (m.x % {DAY} + {DAY}) % {DAY}) / {DAY} from (select {column} + {offset} as x) as m)")
                    }
                    None => column.to_owned(),
                };
                Ok((sqlite_day(&day, bucket), Shape::Date))
            }
        }
    }
}

fn postgres_day(local: &str, bucket: &Bucket) -> String {
    let (start, step) = months(bucket);
    match (bucket.unit, bucket.sunday) {
        (BucketUnit::Day | BucketUnit::Hour, _) => format!("{local}::date"),
        (BucketUnit::Week, false) => format!("date_trunc('week', {local})::date"),
        (BucketUnit::Week, true) => format!("(date_trunc('week', {local} + interval '1 day') - interval '1 day')::date"),
        _ => format!(
            "(date_trunc('month', {local}) - make_interval(months => (extract(month from {local})::int - {start} + 12) % {step}))::date"
        ),
    }
}

fn sqlite_day(day: &str, bucket: &Bucket) -> String {
    let (start, step) = months(bucket);
    match (bucket.unit, bucket.sunday) {
        (BucketUnit::Day | BucketUnit::Hour, _) => day.to_owned(),
        // 1970-01-01 was a Thursday.
        (BucketUnit::Week, sunday) => {
            let shift = if sunday { 4 } else { 3 };
            format!("(select l.d - ((l.d + {shift}) % 7 + 7) % 7 from (select {day} as d) as l)")
        }
        _ => format!(
            "(select unixepoch(l.d * 86400, 'unixepoch', 'start of month', '-' || ((cast(strftime('%m', l.d * 86400, 'unixepoch') as integer) - {start} + 12) % {step}) || ' months') / 86400 \
             from (select {day} as d) as l)"
        ),
    }
}

/// A zone's offsets in milliseconds: from the moment of the first member on.
fn changes(zone: &TimeZone) -> Vec<(i64, i64)> {
    let Ok(first) = Timestamp::from_second(FROM) else { return Vec::new() };
    let millis = |offset: jiff::tz::Offset| i64::from(offset.seconds()) * 1000;
    let mut changes = vec![(i64::MIN, millis(zone.to_offset(first)))];
    for change in zone.following(first).take_while(|change| change.timestamp().as_second() < TO) {
        changes.push((change.timestamp().as_millisecond(), millis(change.offset())));
    }
    changes
}

/// A search tree over the changes: few comparisons per row, however old the zone.
fn offset(changes: &[(i64, i64)], moment: &str) -> String {
    match changes {
        [] => "0".to_owned(),
        [(_, offset)] => offset.to_string(),
        _ => {
            let (earlier, later) = changes.split_at(changes.len() / 2);
            let border = later.first().map_or(i64::MAX, |(from, _)| *from);
            format!("case when {moment} < {border} then {} else {} end", offset(earlier, moment), offset(later, moment))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_without_changes_is_a_number() {
        assert_eq!(offset(&changes(&TimeZone::UTC), "x"), "0");
    }

    #[test]
    fn shanghai_is_eight_hours_ahead_since_1991() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        assert_eq!(changes(&zone).last().map(|(_, offset)| *offset), Some(8 * 3_600_000));
    }
}
