//! Days and moments.

use std::fmt;
use std::str::FromStr;

const MILLIS_PER_DAY: i64 = 86_400_000;

/// A day of the calendar.
///
/// ```
/// use tenon_sdk::Date;
/// let day: Date = "2026-02-28".parse().unwrap();
/// assert_eq!(day.plus_days(1).to_string(), "2026-03-01");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

/// The text is not a day of the form `2026-02-28`.
///
/// ```
/// assert!("2026-02-30".parse::<tenon_sdk::Date>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateError;

impl fmt::Display for DateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a day of the form `2026-02-28`")
    }
}

impl std::error::Error for DateError {}

impl Date {
    /// The day that many days after 1970-01-01.
    ///
    /// ```
    /// use tenon_sdk::Date;
    /// assert_eq!(Date::from_days(1).to_string(), "1970-01-02");
    /// ```
    #[must_use]
    pub const fn from_days(days: i32) -> Self {
        Self(days)
    }

    /// Days since 1970-01-01.
    ///
    /// ```
    /// use tenon_sdk::Date;
    /// let (from, to): (Date, Date) = ("2026-01-31".parse().unwrap(), "2026-03-01".parse().unwrap());
    /// assert_eq!(to.days() - from.days(), 29);
    /// ```
    #[must_use]
    pub const fn days(self) -> i32 {
        self.0
    }

    /// The day that many days later, or earlier.
    ///
    /// ```
    /// use tenon_sdk::Date;
    /// let day: Date = "2028-03-01".parse().unwrap();
    /// assert_eq!(day.plus_days(-1).to_string(), "2028-02-29");
    /// ```
    #[must_use]
    pub const fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Year, month and day of the month, both from 1.
    ///
    /// ```
    /// let day: tenon_sdk::Date = "2026-02-28".parse().unwrap();
    /// assert_eq!(day.year_month_day(), (2026, 2, 28));
    /// ```
    #[must_use]
    pub fn year_month_day(self) -> (i32, u8, u8) {
        // Howard Hinnant's civil_from_days: years begin in March, so that the leap day is the last one.
        let days = i64::from(self.0) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let small = |number: i64| u8::try_from(number).unwrap_or(u8::MAX);
        (i32::try_from(year).unwrap_or(i32::MAX), small(month), small(day))
    }

    fn of(year: i32, month: u8, day: u8) -> Self {
        let year = i64::from(year) - i64::from(month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let shifted = (i64::from(month) + 9) % 12;
        let day_of_year = (153 * shifted + 2) / 5 + i64::from(day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era * 146_097 + day_of_era - 719_468;
        Self(i32::try_from(days).unwrap_or(i32::MAX))
    }
}

impl FromStr for Date {
    type Err = DateError;
    fn from_str(text: &str) -> Result<Self, DateError> {
        let digits = |range: std::ops::Range<usize>| {
            let part = text.get(range).ok_or(DateError)?;
            if !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(DateError);
            }
            part.parse::<u16>().map_err(|_| DateError)
        };
        let dashes = text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
        if text.len() != 10 || !dashes {
            return Err(DateError);
        }
        let small = |number: u16| u8::try_from(number).map_err(|_| DateError);
        let parts = (i32::from(digits(0..4)?), small(digits(5..7)?)?, small(digits(8..10)?)?);
        let date = Self::of(parts.0, parts.1, parts.2);
        // A day that does not exist comes back as another one.
        if parts.0 > 0 && date.year_month_day() == parts { Ok(date) } else { Err(DateError) }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.year_month_day();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// A moment, to the millisecond.
///
/// ```
/// use tenon_sdk::DateTime;
/// let moment = DateTime::from_millis(1_772_236_800_000);
/// assert_eq!(moment.to_string(), "2026-02-28T00:00:00.000Z");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime(i64);

impl DateTime {
    /// The moment that many milliseconds after 1970-01-01T00:00:00Z.
    ///
    /// ```
    /// use tenon_sdk::DateTime;
    /// assert_eq!(DateTime::from_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
    /// ```
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    ///
    /// ```
    /// use tenon_sdk::DateTime;
    /// assert_eq!(DateTime::from_millis(5).millis(), 5);
    /// ```
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The day of this moment in UTC; [`clock::today`](crate::clock::today) knows the tenant's zone.
    ///
    /// ```
    /// use tenon_sdk::DateTime;
    /// assert_eq!(DateTime::from_millis(-1).utc_date().to_string(), "1969-12-31");
    /// ```
    #[must_use]
    pub fn utc_date(self) -> Date {
        Date(i32::try_from(self.0.div_euclid(MILLIS_PER_DAY)).unwrap_or(i32::MAX))
    }
}

/// The text is not a moment as the data API writes it: `2026-02-28T08:00:00.000Z`.
///
/// ```
/// assert!("yesterday".parse::<tenon_sdk::DateTime>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTimeError;

impl fmt::Display for DateTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a moment of the form `2026-02-28T08:00:00.000Z`")
    }
}

impl std::error::Error for DateTimeError {}

/// As the data API writes moments, and this type is shown.
impl FromStr for DateTime {
    type Err = DateTimeError;
    fn from_str(text: &str) -> Result<Self, DateTimeError> {
        let digits = |range: std::ops::Range<usize>, most: i64| {
            let part = text.get(range).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit())).ok_or(DateTimeError)?;
            part.parse::<i64>().ok().filter(|number| *number <= most).ok_or(DateTimeError)
        };
        let marks = [(10, "T"), (13, ":"), (16, ":"), (19, "."), (23, "Z")];
        if text.len() != 24 || marks.iter().any(|(at, mark)| text.get(*at..*at + 1) != Some(*mark)) {
            return Err(DateTimeError);
        }
        let day: Date = text.get(0..10).unwrap_or_default().parse().map_err(|_| DateTimeError)?;
        let (hours, minutes) = (digits(11..13, 23)?, digits(14..16, 59)?);
        let millis = digits(17..19, 59)? * 1_000 + digits(20..23, 999)?;
        Ok(Self(i64::from(day.days()) * MILLIS_PER_DAY + hours * 3_600_000 + minutes * 60_000 + millis))
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = self.0.rem_euclid(MILLIS_PER_DAY);
        let (hours, minutes) = (rest / 3_600_000, rest / 60_000 % 60);
        let (seconds, millis) = (rest / 1_000 % 60, rest % 1_000);
        let date = self.utc_date();
        write!(f, "{date}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_texts_mean_each_other() {
        // Worked out with `date -u -d @$((days * 86400))`.
        let pairs = [
            (-719_162, "0001-01-01"),
            (-1, "1969-12-31"),
            (0, "1970-01-01"),
            (11_016, "2000-02-29"),
            (20_512, "2026-02-28"),
            (2_932_896, "9999-12-31"),
        ];
        for (days, text) in pairs {
            assert_eq!(Date::from_days(days).to_string(), text);
            assert_eq!(text.parse::<Date>().unwrap().days(), days);
        }
    }

    #[test]
    fn moments_and_texts_mean_each_other() {
        for text in ["0001-01-01T00:00:00.000Z", "1969-12-31T23:59:59.999Z", "2026-02-28T08:09:10.011Z", "9999-12-31T23:59:59.999Z"] {
            assert_eq!(text.parse::<DateTime>().unwrap().to_string(), text);
        }
        for text in ["2026-02-28T24:00:00.000Z", "2026-02-30T00:00:00.000Z", "2026-02-28T08:00:00Z", "2026-02-28 08:00:00.000Z", ""] {
            assert_eq!(text.parse::<DateTime>(), Err(DateTimeError), "{text}");
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in ["2026-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "20260101", "0000-01-01", "２０26-01"] {
            assert_eq!(text.parse::<Date>(), Err(DateError), "{text}");
        }
    }
}
