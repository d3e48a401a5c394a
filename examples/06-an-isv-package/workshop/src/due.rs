//! When a machine is due. Plain values in, plain values out.

use tenon_sdk::Date;

/// A machine that nobody services any more.
pub(crate) const SCRAPPED: &str = "scrapped";

/// The day that many months later; of a shorter month its last day. None where there is no such day.
#[must_use]
pub fn after_months(from: Date, months: i64) -> Option<Date> {
    let (year, month, day) = from.year_month_day();
    let counted = i64::from(year) * 12 + i64::from(month) - 1 + months;
    let (year, month) = (counted.div_euclid(12), counted.rem_euclid(12) + 1);
    // The 31st becomes the 30th, the 29th or the 28th.
    (0..4).find_map(|short| format!("{year:04}-{month:02}-{:02}", day.saturating_sub(short)).parse().ok())
}

/// When a machine's next service is due: its interval after the last one, or after its delivery; never, once it is scrapped.
#[must_use]
pub fn next_service(condition: Option<&str>, last: Option<Date>, months: Option<i64>) -> Option<Date> {
    if condition == Some(SCRAPPED) {
        return None;
    }
    after_months(last?, months?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn months_end_where_they_end() {
        for (from, months, to) in [
            ("2026-01-15", 6, "2026-07-15"),
            ("2026-01-31", 1, "2026-02-28"),
            ("2027-11-30", 3, "2028-02-29"),
            ("2026-08-31", 1, "2026-09-30"),
            ("2026-12-01", 1, "2027-01-01"),
            ("2026-03-10", 0, "2026-03-10"),
        ] {
            assert_eq!(after_months(day(from), months), Some(day(to)), "{from} and {months} months");
        }
        assert_eq!(after_months(day("9999-06-01"), 12), None, "there is no such year");
    }

    #[test]
    fn a_machine_is_due_its_interval_after_the_last_service() {
        let last = Some(day("2026-01-31"));
        assert_eq!(next_service(Some("running"), last, Some(6)), Some(day("2026-07-31")));
        assert_eq!(next_service(Some("standing"), last, Some(1)), Some(day("2026-02-28")));
        assert_eq!(next_service(Some("scrapped"), last, Some(6)), None);
        assert_eq!(next_service(Some("running"), None, Some(6)), None);
        assert_eq!(next_service(Some("running"), last, None), None);
    }
}
