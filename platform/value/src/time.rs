//! Calendar dates, moments (UTC, to the millisecond) and lengths of time, with the spellings of API.md §1.1.

use std::fmt;
use std::str::FromStr;

use jiff::civil;

/// Why a text is not a date, a moment or a length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not of the form.
    #[error("not a date or time of the expected form")]
    Malformed,
    /// A moment without an offset: nobody can know which one is meant.
    #[error("a moment needs an offset, such as `Z` or `+08:00`")]
    OffsetRequired,
    /// Before year 1 or after year 9999.
    #[error("outside the years 1 to 9999")]
    Range,
}

const MILLIS_PER_DAY: i64 = 86_400_000;

/// A day of the calendar, counted from 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

impl Date {
    /// The day `days` after 1970-01-01.
    #[must_use]
    pub const fn from_days(days: i32) -> Self {
        Self(days)
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn days(self) -> i32 {
        self.0
    }

    /// The same day in the calendar library's type.
    #[must_use]
    pub fn civil(self) -> civil::Date {
        let epoch = civil::date(1970, 1, 1);
        epoch.checked_add(jiff::Span::new().days(self.0)).unwrap_or(epoch)
    }
}

impl From<civil::Date> for Date {
    fn from(date: civil::Date) -> Self {
        let days = civil::date(1970, 1, 1).until(date).map_or(0, |span| span.get_days());
        Self(days)
    }
}

impl FromStr for Date {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let bytes = text.as_bytes();
        let shaped = bytes.len() == 10
            && bytes.iter().enumerate().all(|(at, byte)| if at == 4 || at == 7 { *byte == b'-' } else { byte.is_ascii_digit() });
        if !shaped {
            return Err(TimeError::Malformed);
        }
        let date: civil::Date = text.parse().map_err(|_| TimeError::Malformed)?;
        if date.year() < 1 { Err(TimeError::Range) } else { Ok(date.into()) }
    }
}

impl fmt::Display for Date {
    /// `2026-02-28`. Counted by hand, since pages of records hold many: from the first of March of year 0, so that the day
    /// that leap years add comes last.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ERA: i64 = 146_097;
        let days = i64::from(self.0) + 719_468;
        let (era, of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let (month, turn) = if from_march < 10 { (from_march + 3, 0) } else { (from_march - 9, 1) };
        match year + era * 400 + turn {
            year @ 0..=9_999 => write!(f, "{year:04}-{month:02}-{day:02}"),
            _ => self.civil().fmt(f),
        }
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A moment in UTC, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime(i64);

impl DateTime {
    /// The moment `millis` after the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The same moment in the calendar library's type.
    #[must_use]
    pub fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// The day of this moment in a zone; UTC where the zone is unknown.
    #[must_use]
    pub fn date_in(self, zone: &str) -> Date {
        self.timestamp()
            .in_tz(zone)
            .map_or_else(|_| Date(i32::try_from(self.0.div_euclid(MILLIS_PER_DAY)).unwrap_or_default()), |zoned| zoned.date().into())
    }
}

impl From<jiff::Timestamp> for DateTime {
    fn from(moment: jiff::Timestamp) -> Self {
        Self(moment.as_millisecond())
    }
}

impl FromStr for DateTime {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        // The library also reads zones in brackets, weeks and blanks; the wire form is RFC 3339 only.
        let shaped = text.len() <= 40 && text.get(10..11) == Some("T") && !text.contains(['[', ' ']) && text.is_ascii();
        if !shaped {
            return Err(if text.parse::<Date>().is_ok() { TimeError::OffsetRequired } else { TimeError::Malformed });
        }
        match text.parse::<jiff::Timestamp>() {
            Ok(moment) => Ok(moment.into()),
            Err(_) if !has_offset(text) && text.parse::<civil::DateTime>().is_ok() => Err(TimeError::OffsetRequired),
            // The calendar is sound, the moment lies beyond what can be held.
            Err(_) if has_offset(text) && text.get(..19).is_some_and(|local| local.parse::<civil::DateTime>().is_ok()) => {
                Err(TimeError::Range)
            }
            Err(_) => Err(TimeError::Malformed),
        }
    }
}

/// Whether a moment's text ends in `Z` or `±hh:mm`.
fn has_offset(text: &str) -> bool {
    text.ends_with(['Z', 'z']) || text.get(19..).is_some_and(|rest| rest.contains(['+', '-']))
}

impl fmt::Display for DateTime {
    /// `2026-02-28T08:00:00.000Z`: always UTC, always three places.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff::tz::Offset::UTC.to_datetime(self.timestamp());
        let (date, time) = (moment.date(), moment.time());
        write!(f, "{date}T{:02}:{:02}:{:02}.{:03}Z", time.hour(), time.minute(), time.second(), time.millisecond())
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A length of time in milliseconds, spelt as ISO 8601 with days at most: `PT1H30M`, `P2DT3S`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(i64);

impl Duration {
    /// `millis` milliseconds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Its milliseconds.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }
}

impl FromStr for Duration {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        if text.len() > 60 {
            return Err(TimeError::Malformed);
        }
        let span: jiff::Span = text.parse().map_err(|_| TimeError::Malformed)?;
        if span.get_years() != 0 || span.get_months() != 0 {
            // A month has no fixed length.
            return Err(TimeError::Malformed);
        }
        let length = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).map_err(|_| TimeError::Range)?;
        i64::try_from(length.as_millis()).map(Self).map_err(|_| TimeError::Range)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.unsigned_abs();
        let (hours, minutes, seconds, rest) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60, millis % 1000);
        f.write_str(if self.0 < 0 { "-PT" } else { "PT" })?;
        if hours > 0 {
            write!(f, "{hours}H")?;
        }
        if minutes > 0 {
            write!(f, "{minutes}M")?;
        }
        match (seconds, rest) {
            (0, 0) if millis > 0 => Ok(()),
            (seconds, 0) => write!(f, "{seconds}S"),
            (seconds, rest) => {
                let places = format!("{rest:03}");
                write!(f, "{seconds}.{}S", places.trim_end_matches('0'))
            }
        }
    }
}

impl fmt::Debug for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_utc_with_three_places() {
        let moment: DateTime = "2026-02-28T16:00:00+08:00".parse().unwrap();
        assert_eq!(moment.to_string(), "2026-02-28T08:00:00.000Z");
        assert_eq!("2026-02-28T16:00:00".parse::<DateTime>(), Err(TimeError::OffsetRequired));
        assert_eq!("2026-02-30T16:00:00Z".parse::<DateTime>(), Err(TimeError::Malformed));
        assert_eq!("9999-12-31T23:59:59Z".parse::<DateTime>(), Err(TimeError::Range));
        assert_eq!("9999-12-31T23:59:59-14:00".parse::<DateTime>(), Err(TimeError::Range));
    }

    #[test]
    fn a_day_is_written_as_the_calendar_names_it() {
        // 0001-01-01 to 9999-12-31, and what lies beyond, in steps that meet every month and every kind of year.
        for days in (-719_162..=2_932_896).step_by(17).chain([-719_162, 2_932_896, -719_163, -719_529, 2_932_897]) {
            let date = Date::from_days(days);
            assert_eq!(date.to_string(), date.civil().to_string(), "day {days}");
        }
    }

    #[test]
    fn a_date_is_ten_letters_and_real() {
        assert_eq!("2026-02-28".parse::<Date>().unwrap().to_string(), "2026-02-28");
        assert_eq!("1970-01-02".parse::<Date>().unwrap().days(), 1);
        for wrong in ["2026-02-30", "2026-2-3", "20260228", "2026-02-28T00:00:00Z", ""] {
            assert!(wrong.parse::<Date>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_length_of_time_is_normalized() {
        let check = |text: &str, expected: &str| assert_eq!(text.parse::<Duration>().unwrap().to_string(), expected);
        check("PT1H30M", "PT1H30M");
        check("PT90M", "PT1H30M");
        check("P1D", "PT24H");
        check("PT0S", "PT0S");
        check("-PT1.5S", "-PT1.5S");
        assert!("P1M".parse::<Duration>().is_err());
    }

    #[test]
    fn a_day_depends_on_the_zone() {
        let moment: DateTime = "2026-02-28T20:00:00Z".parse().unwrap();
        assert_eq!(moment.date_in("Asia/Shanghai").to_string(), "2026-03-01");
        assert_eq!(moment.date_in("UTC").to_string(), "2026-02-28");
    }
}
