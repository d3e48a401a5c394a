//! Times of a calendar that come again and again: `0 2 * * *`, minute, hour, day of month, month, day of week.
//!
//! Each field is `*`, numbers, ranges and lists of them, with steps: `*/15`, `1-5`, `0,30`. Sunday is 0 or 7. Where both
//! kinds of days are named either will do, as everywhere. Invariant: times are those of a wall clock in a zone; one that is
//! left out in spring comes as much later, one that is there twice in autumn comes once.

use std::str::FromStr;

use jiff::civil;
use jiff::tz::TimeZone;

use crate::DateTime;

/// Days that are looked through for the next time: 29 February comes within eight years.
const DAYS_MAX: u32 = 366 * 8;

/// Times of a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Both kinds of days are named.
    either_day: bool,
}

/// Why a text is no time of a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// There are not five fields.
    #[error("there are five fields: minute, hour, day of month, month, day of week")]
    Fields,
    /// A field is none.
    #[error("a field is `*`, numbers, ranges, lists and steps of them")]
    Field,
    /// Such a day never comes.
    #[error("such a day never comes")]
    Never,
}

/// One field, as the numbers that are set in it.
fn field(text: &str, (least, most): (u8, u8)) -> Result<u64, CronError> {
    let number = |text: &str| text.parse::<u8>().ok().filter(|number| (least..=most).contains(number)).ok_or(CronError::Field);
    let mut set = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<u8>().ok().filter(|step| *step > 0).ok_or(CronError::Field)?),
            None => (part, 1),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (least, most),
            Some((from, to)) => (number(from)?, number(to)?),
            // `5/10`: from there on.
            None if part.contains('/') => (number(range)?, most),
            None => (number(range)?, number(range)?),
        };
        if from > to {
            return Err(CronError::Field);
        }
        set |= (from..=to).step_by(usize::from(step)).fold(0, |set, number| set | 1 << number);
    }
    Ok(set)
}

const fn has(set: u64, number: i8) -> bool {
    number >= 0 && set >> number & 1 == 1
}

impl FromStr for Cron {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else { return Err(CronError::Fields) };
        let sundays = field(weekdays, (0, 7))?;
        let cron = Self {
            minutes: field(minutes, (0, 59))?,
            hours: field(hours, (0, 23))?,
            days: field(days, (1, 31))?,
            months: field(months, (1, 12))?,
            weekdays: (sundays | sundays >> 7) & 0x7f,
            either_day: !days.starts_with('*') && !weekdays.starts_with('*'),
        };
        match cron.after(DateTime::from_millis(0), "UTC") {
            Some(_) => Ok(cron),
            None => Err(CronError::Never),
        }
    }
}

impl Cron {
    /// The first such time after a moment, by the wall clock of a zone (UTC where it is unknown).
    #[must_use]
    pub fn after(&self, moment: DateTime, zone: &str) -> Option<DateTime> {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let mut day = zone.to_datetime(moment.timestamp()).date();
        for _ in 0..DAYS_MAX {
            if self.is_day(day)
                && let Some(found) = self.in_day(day, &zone).find(|time| *time > moment)
            {
                return Some(found);
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    fn is_day(&self, day: civil::Date) -> bool {
        let (date, weekday) = (has(self.days, day.day()), has(self.weekdays, day.weekday().to_sunday_zero_offset()));
        has(self.months, day.month()) && if self.either_day { date || weekday } else { date && weekday }
    }

    fn in_day(&self, day: civil::Date, zone: &TimeZone) -> impl Iterator<Item = DateTime> {
        let minutes = self.minutes;
        let hours = (0..24_i8).filter(|hour| has(self.hours, *hour));
        let times = hours.flat_map(move |hour| (0..60_i8).filter(move |minute| has(minutes, *minute)).map(move |minute| (hour, minute)));
        times.filter_map(move |(hour, minute)| zone.to_timestamp(day.at(hour, minute, 0, 0)).ok().map(DateTime::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime {
        text.parse().unwrap()
    }

    fn next(cron: &str, after: &str, zone: &str) -> String {
        cron.parse::<Cron>().unwrap().after(at(after), zone).unwrap().to_string()
    }

    #[test]
    fn the_next_time_is_after_this_one() {
        let shanghai = "Asia/Shanghai";
        assert_eq!(next("0 2 * * *", "2026-03-01T17:59:59.999Z", shanghai), "2026-03-01T18:00:00.000Z");
        assert_eq!(next("0 2 * * *", "2026-03-01T18:00:00.000Z", shanghai), "2026-03-02T18:00:00.000Z");
        assert_eq!(next("*/15 9-17 * * 1-5", "2026-02-27T09:50:00Z", "UTC"), "2026-02-27T10:00:00.000Z");
        assert_eq!(next("30 8 * * 7", "2026-02-27T00:00:00Z", "UTC"), "2026-03-01T08:30:00.000Z");
        assert_eq!(next("0 0 29 2 *", "2026-01-01T00:00:00Z", "UTC"), "2028-02-29T00:00:00.000Z");
        assert_eq!(next("0 0 13 * 5", "2026-02-13T00:00:00Z", "UTC"), "2026-02-20T00:00:00.000Z", "a Friday, or a 13th");
    }

    #[test]
    fn a_clock_that_is_moved_loses_and_doubles_nothing() {
        // In Berlin 02:30 is left out on 29 March 2026, and there twice on 25 October.
        assert_eq!(next("30 2 * * *", "2026-03-28T12:00:00Z", "Europe/Berlin"), "2026-03-29T01:30:00.000Z");
        assert_eq!(next("30 2 * * *", "2026-10-24T12:00:00Z", "Europe/Berlin"), "2026-10-25T00:30:00.000Z");
        assert_eq!(next("30 2 * * *", "2026-10-25T00:30:00Z", "Europe/Berlin"), "2026-10-26T01:30:00.000Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "* * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "5-1 * * * *",
            "*/0 * * * *",
            "a * * * *",
            "1-2-3 * * * *",
        ] {
            assert!(text.parse::<Cron>().is_err(), "{text}");
        }
        assert_eq!("0 0 30 2 *".parse::<Cron>(), Err(CronError::Never));
    }
}
