//! Days and moments as the API writes them. The data set lies around today, so that a demo is never stale.

use std::time::{SystemTime, UNIX_EPOCH};

const SECONDS_PER_DAY: u64 = 86_400;

/// A calendar day, counted from 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(i64);

impl Day {
    /// The machine's day in UTC.
    #[expect(clippy::disallowed_methods, reason = "a demo is made for the day on which it is shown")]
    pub(crate) fn today() -> Self {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self(i64::try_from(seconds / SECONDS_PER_DAY).unwrap_or(0))
    }

    /// So many days later, or earlier.
    pub(crate) fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// `2026-02-28`.
    pub(crate) fn date(self) -> String {
        let (year, month, day) = civil(self.0);
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// `2026-02-28T09:30:00+08:00`, a time of the working day.
    pub(crate) fn at(self, minute_of_day: i64) -> String {
        format!("{}T{:02}:{:02}:00+08:00", self.date(), minute_of_day / 60, minute_of_day % 60)
    }
}

/// Days since 1970-01-01 → year, month, day (Howard Hinnant's algorithm).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::Day;

    #[test]
    fn days_have_their_calendar_names() {
        let check = |days, date: &str| assert_eq!(Day(days).date(), date);
        check(0, "1970-01-01");
        check(19_782, "2024-02-29");
        check(20_454, "2026-01-01");
        assert_eq!(Day(0).at(570), "1970-01-01T09:30:00+08:00");
    }
}
