//! `DateRange`: `thisMonth`, `lastNDays(7)`, `2026-Q3`, `2026-07-01..2026-07-31` → first and last, both included.

use tenon_query::BucketUnit;
use tenon_value::{Date, DateTime};

use crate::calendar::{Calendar, shift};

/// A resolved range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    /// Local days, both included.
    Days(Date, Date),
    /// Moments, both included.
    Moments(DateTime, DateTime),
}

const HOUR_MILLIS: i64 = 3_600_000;
/// The largest `n` of `lastNDays(n)` and the like.
const N_MAX: i32 = 4_000;

/// What a range means now.
pub(crate) fn resolve(text: &str, now: DateTime, calendar: &Calendar) -> Option<Range> {
    let today = now.date_in(&calendar.zone);
    let day = |offset: i32| Some(Range::Days(plus(today, offset), plus(today, offset)));
    match text {
        "today" => return day(0),
        "yesterday" => return day(-1),
        "tomorrow" => return day(1),
        _ => {}
    }
    for (word, offset) in [("this", 0), ("last", -1), ("next", 1)] {
        if let Some(unit) = text.strip_prefix(word).and_then(unit_of) {
            let start = calendar.step(unit, calendar.start(unit, today), offset);
            return Some(Range::Days(start, plus(calendar.step(unit, start, 1), -1)));
        }
    }
    counted(text, now, today, calendar).or_else(|| written(text, calendar))
}

fn unit_of(word: &str) -> Option<BucketUnit> {
    Some(match word {
        "Week" => BucketUnit::Week,
        "Month" => BucketUnit::Month,
        "Quarter" => BucketUnit::Quarter,
        "Year" => BucketUnit::Year,
        "FiscalQuarter" => BucketUnit::FiscalQuarter,
        "FiscalYear" => BucketUnit::FiscalYear,
        _ => return None,
    })
}

fn plus(day: Date, days: i32) -> Date {
    shift(day.civil(), days).into()
}

/// `lastNDays(7)`: the 7 local days ending today; `nextNDays(7)`: the 7 after today; `lastNMonths(3)`: the 3 whole ones before this.
fn counted(text: &str, now: DateTime, today: Date, calendar: &Calendar) -> Option<Range> {
    let (word, count) = text.strip_suffix(')')?.split_once('(')?;
    let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    let count: i32 = count.parse().ok().filter(|count| digits && (1..=N_MAX).contains(count))?;
    let (past, word) = match word.strip_prefix("lastN") {
        Some(word) => (true, word),
        None => (false, word.strip_prefix("nextN")?),
    };
    match word {
        "Days" if past => return Some(Range::Days(plus(today, 1 - count), today)),
        "Days" => return Some(Range::Days(plus(today, 1), plus(today, count))),
        "Hours" => {
            let span = i64::from(count) * HOUR_MILLIS;
            let other = DateTime::from_millis(if past { now.millis() - span } else { now.millis() + span });
            return Some(if past { Range::Moments(other, now) } else { Range::Moments(now, other) });
        }
        _ => {}
    }
    let unit = unit_of(word.strip_suffix('s')?)?;
    let this = calendar.start(unit, today);
    Some(if past {
        Range::Days(calendar.step(unit, this, -count), plus(this, -1))
    } else {
        let first = calendar.step(unit, this, 1);
        Range::Days(first, plus(calendar.step(unit, first, count), -1))
    })
}

fn written(text: &str, calendar: &Calendar) -> Option<Range> {
    if let Some((from, to)) = text.split_once("..") {
        let (from, to): (Date, Date) = (from.parse().ok()?, to.parse().ok()?);
        return (from <= to).then_some(Range::Days(from, to));
    }
    if let Ok(day) = text.parse::<Date>() {
        return Some(Range::Days(day, day));
    }
    let (year, rest) = text.split_once('-').map_or((text, None), |(year, rest)| (year, Some(rest)));
    if year.len() != 4 || !year.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (unit, first) = match rest {
        None => (BucketUnit::Year, format!("{year}-01-01")),
        Some(rest) => match (rest.strip_prefix('Q'), rest.strip_prefix('W')) {
            (Some(quarter), _) => {
                let quarter: u8 = quarter.parse().ok().filter(|number| quarter.len() == 1 && (1..=4).contains(number))?;
                (BucketUnit::Quarter, format!("{year}-{:02}-01", quarter * 3 - 2))
            }
            (_, Some(week)) if week.len() == 2 => {
                let number: i8 = week.parse().ok()?;
                let monday = jiff::civil::ISOWeekDate::new(year.parse().ok()?, number, jiff::civil::Weekday::Monday).ok()?.date();
                let start = if calendar.sunday { shift(monday, -1) } else { monday };
                return Some(Range::Days(start.into(), shift(start, 6).into()));
            }
            _ if rest.len() == 2 => (BucketUnit::Month, format!("{year}-{rest}-01")),
            _ => return None,
        },
    };
    let start: Date = first.parse().ok()?;
    Some(Range::Days(start, plus(calendar.step(unit, start, 1), -1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(&str, &str)>) {
        // 2026-02-28 02:00 in Shanghai.
        let now: DateTime = "2026-02-27T18:00:00Z".parse().unwrap();
        let calendar = Calendar { zone: "Asia/Shanghai".to_owned(), sunday: false, fiscal_start: 4 };
        let found = resolve(text, now, &calendar).map(|range| match range {
            Range::Days(from, to) => (from.to_string(), to.to_string()),
            Range::Moments(from, to) => (from.to_string(), to.to_string()),
        });
        assert_eq!(found, expected.map(|(from, to)| (from.to_owned(), to.to_owned())), "{text}");
    }

    #[test]
    fn ranges_mean_local_days() {
        check("today", Some(("2026-02-28", "2026-02-28")));
        check("thisWeek", Some(("2026-02-23", "2026-03-01")));
        check("nextMonth", Some(("2026-03-01", "2026-03-31")));
        check("lastQuarter", Some(("2025-10-01", "2025-12-31")));
        check("thisFiscalYear", Some(("2025-04-01", "2026-03-31")));
        check("lastNDays(7)", Some(("2026-02-22", "2026-02-28")));
        check("nextNDays(7)", Some(("2026-03-01", "2026-03-07")));
        check("lastNMonths(3)", Some(("2025-11-01", "2026-01-31")));
        check("lastNHours(4)", Some(("2026-02-27T14:00:00.000Z", "2026-02-27T18:00:00.000Z")));
        check("2026", Some(("2026-01-01", "2026-12-31")));
        check("2026-Q3", Some(("2026-07-01", "2026-09-30")));
        check("2026-07", Some(("2026-07-01", "2026-07-31")));
        check("2026-W30", Some(("2026-07-20", "2026-07-26")));
        check("2026-07-01..2026-07-31", Some(("2026-07-01", "2026-07-31")));
    }

    #[test]
    fn what_is_no_range_is_none() {
        for text in [
            "",
            "thisDay",
            "lastNDays(0)",
            "lastNDays(-1)",
            "lastNDays(99999)",
            "2026-13",
            "2026-Q5",
            "2026-W60",
            "2026-07-31..2026-07-01",
            "thismonth",
        ] {
            check(text, None);
        }
    }
}
