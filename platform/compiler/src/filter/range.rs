//! Spans of days by words: `today`, `thisMonth`, `lastNDays(7)`, `2026-Q3`, `2026-07-01..2026-07-31` (API.md §1.1).

use tenon_value::Date;

const PERIODS: &[&str] = &["Week", "Month", "Quarter", "Year", "FiscalQuarter", "FiscalYear"];
const COUNTED: &[&str] = &["Hours", "Days", "Weeks", "Months", "Quarters", "Years"];

/// True for a text of that form.
pub(super) fn is_range(text: &str) -> bool {
    matches!(text, "today" | "yesterday" | "tomorrow") || is_period(text) || is_count(text) || is_calendar(text) || is_span(text)
}

fn is_period(text: &str) -> bool {
    ["this", "last", "next"].iter().any(|which| text.strip_prefix(which).is_some_and(|period| PERIODS.contains(&period)))
}

/// `lastNDays(7)`, `nextNWeeks(2)`
fn is_count(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("lastN").or_else(|| text.strip_prefix("nextN")) else { return false };
    let Some((unit, count)) = rest.strip_suffix(')').and_then(|rest| rest.split_once('(')) else { return false };
    COUNTED.contains(&unit) && is_number(count, 1, 9999)
}

/// `2026`, `2026-Q3`, `2026-07`, `2026-W30`, `2026-07-01`
fn is_calendar(text: &str) -> bool {
    let Some((year, part)) = text.split_once('-') else { return text.len() == 4 && is_number(text, 1, 9999) };
    if year.len() != 4 || !is_number(year, 1, 9999) {
        return false;
    }
    match part.strip_prefix('Q') {
        Some(quarter) => is_number(quarter, 1, 4),
        None => match part.strip_prefix('W') {
            Some(week) => week.len() == 2 && is_number(week, 1, 53),
            None => (part.len() == 2 && is_number(part, 1, 12)) || text.parse::<Date>().is_ok(),
        },
    }
}

fn is_span(text: &str) -> bool {
    let Some((from, to)) = text.split_once("..") else { return false };
    matches!((from.parse::<Date>(), to.parse::<Date>()), (Ok(from), Ok(to)) if from <= to)
}

fn is_number(text: &str, low: u32, high: u32) -> bool {
    text.len() <= 4
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.parse::<u32>().is_ok_and(|number| (low..=high).contains(&number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_the_data_api() {
        for text in [
            "today",
            "thisMonth",
            "lastFiscalYear",
            "lastNDays(7)",
            "lastNHours(4)",
            "2026",
            "2026-Q3",
            "2026-07",
            "2026-W30",
            "2026-07-01..2026-07-31",
        ] {
            assert!(is_range(text), "{text}");
        }
        for text in [
            "",
            "now",
            "this_month",
            "lastNDays",
            "lastNDays(0)",
            "lastNDays(-1)",
            "20260701",
            "2026-Q5",
            "2026-13",
            "2026-07-31..2026-07-01",
            "26",
        ] {
            assert!(!is_range(text), "{text}");
        }
    }
}
