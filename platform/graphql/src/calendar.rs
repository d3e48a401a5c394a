//! Days, weeks, quarters and years of a tenant: where they begin and end, and what they are called.

use jiff::ToSpan;
use jiff::civil;
use tenon_model::{Settings, WeekStart};
use tenon_query::BucketUnit;
use tenon_value::{Date, DateTime};

/// What a calendar needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    /// IANA zone.
    pub(crate) zone: String,
    pub(crate) sunday: bool,
    /// Month (1–12).
    pub(crate) fiscal_start: u8,
}

impl Calendar {
    pub(crate) fn of(settings: &Settings) -> Self {
        Self {
            zone: settings.zone.clone(),
            sunday: settings.week_start == WeekStart::Sunday,
            fiscal_start: settings.fiscal_year_start.clamp(1, 12),
        }
    }

    /// The first day of the period that holds a day. Hours count as days.
    pub(crate) fn start(&self, unit: BucketUnit, day: Date) -> Date {
        let date = day.civil();
        let fiscal = i8::try_from(self.fiscal_start).unwrap_or(1);
        let start = match unit {
            BucketUnit::Hour | BucketUnit::Day => date,
            BucketUnit::Week => {
                let back = if self.sunday { date.weekday().to_sunday_zero_offset() } else { date.weekday().to_monday_zero_offset() };
                shift(date, -i32::from(back))
            }
            BucketUnit::Month => date.first_of_month(),
            BucketUnit::Quarter => months_back(date, (date.month() - 1) % 3),
            BucketUnit::Year => months_back(date, date.month() - 1),
            BucketUnit::FiscalQuarter => months_back(date, (date.month() - fiscal + 12) % 12 % 3),
            BucketUnit::FiscalYear => months_back(date, (date.month() - fiscal + 12) % 12),
        };
        start.into()
    }

    /// The first day of the period `count` periods after the one that begins on `start`.
    pub(crate) fn step(&self, unit: BucketUnit, start: Date, count: i32) -> Date {
        let date = start.civil();
        let span = match unit {
            BucketUnit::Hour | BucketUnit::Day => count.days(),
            BucketUnit::Week => count.saturating_mul(7).days(),
            BucketUnit::Month => count.months(),
            BucketUnit::Quarter | BucketUnit::FiscalQuarter => count.saturating_mul(3).months(),
            BucketUnit::Year | BucketUnit::FiscalYear => count.years(),
        };
        date.checked_add(span).map_or(start, Date::from)
    }

    /// The moment a day begins in the zone.
    pub(crate) fn moment(&self, day: Date) -> DateTime {
        day.civil()
            .in_tz(&self.zone)
            .map_or_else(|_| DateTime::from_millis(i64::from(day.days()) * 86_400_000), |zoned| zoned.timestamp().into())
    }

    /// `2026`, `2026-Q3`, `2026-07`, `2026-W30`, `2026-07-01`, `FY2026`, `FY2026-Q1`.
    pub(crate) fn label(&self, unit: BucketUnit, start: Date) -> String {
        let date = start.civil();
        match unit {
            BucketUnit::Hour | BucketUnit::Day => date.to_string(),
            BucketUnit::Week => {
                // A week that begins on Sunday bears the number of the ISO week of its Monday.
                let monday = if self.sunday { shift(date, 1) } else { date };
                let week = monday.iso_week_date();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
            BucketUnit::Month => format!("{:04}-{:02}", date.year(), date.month()),
            BucketUnit::Quarter => format!("{:04}-Q{}", date.year(), (date.month() - 1) / 3 + 1),
            BucketUnit::Year => format!("{:04}", date.year()),
            BucketUnit::FiscalYear => format!("FY{:04}", self.fiscal_year(date)),
            BucketUnit::FiscalQuarter => {
                let fiscal = i8::try_from(self.fiscal_start).unwrap_or(1);
                format!("FY{:04}-Q{}", self.fiscal_year(date), (date.month() - fiscal + 12) % 12 / 3 + 1)
            }
        }
    }

    /// A fiscal year bears the number of the calendar year in which it ends.
    fn fiscal_year(&self, date: civil::Date) -> i16 {
        let fiscal = i8::try_from(self.fiscal_start).unwrap_or(1);
        if fiscal > 1 && date.month() >= fiscal { date.year().saturating_add(1) } else { date.year() }
    }
}

/// `days` days later.
pub(crate) fn shift(date: civil::Date, days: i32) -> civil::Date {
    date.checked_add(days.days()).unwrap_or(date)
}

fn months_back(date: civil::Date, months: i8) -> civil::Date {
    let first = date.first_of_month();
    first.checked_sub(i32::from(months).months()).unwrap_or(first)
}

/// Whether a zone is known.
pub(crate) fn is_zone(zone: &str) -> bool {
    jiff::tz::TimeZone::get(zone).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_where_the_tenant_says() {
        let calendar = Calendar { zone: "Asia/Shanghai".to_owned(), sunday: false, fiscal_start: 4 };
        let day: Date = "2026-02-28".parse().unwrap();
        let check = |unit, expected: &str, label: &str| {
            let start = calendar.start(unit, day);
            assert_eq!((start.to_string().as_str(), calendar.label(unit, start).as_str()), (expected, label));
        };
        check(BucketUnit::Week, "2026-02-23", "2026-W09");
        check(BucketUnit::Month, "2026-02-01", "2026-02");
        check(BucketUnit::Quarter, "2026-01-01", "2026-Q1");
        check(BucketUnit::FiscalQuarter, "2026-01-01", "FY2026-Q4");
        check(BucketUnit::FiscalYear, "2025-04-01", "FY2026");
        assert_eq!(calendar.moment(day).to_string(), "2026-02-27T16:00:00.000Z");
    }
}
