//! Hours of 1.0 and minutes of 1.1 say the same: who goes back to 1.0 finds his hours, who still writes them is understood.

use tenon_sdk::prelude::*;

/// Hours in whole minutes, half a minute rounded up.
pub(crate) fn minutes_of(hours: Decimal) -> i64 {
    (hours * Decimal::from(60)).round(0).to_string().parse().unwrap_or_default()
}

/// Minutes in hours of two places, half a hundredth rounded up.
fn hours_of(minutes: i64) -> Option<Decimal> {
    let hundredths = (minutes.saturating_mul(10).saturating_add(3)).div_euclid(6);
    format!("{}.{:02}", hundredths / 100, hundredths % 100).parse().ok()
}

/// Whether hours and minutes mean one time. Three hours mean 180 minutes; 100 minutes mean 1.67 hours, which mean 100 minutes.
pub(crate) fn are_in_step(hours: Option<Decimal>, minutes: Option<i64>) -> bool {
    hours.map(minutes_of) == minutes
}

/// Before a visit is saved: what was written of the two sets the other. Minutes win, and what they set is not rounded twice.
pub(crate) fn keep_in_step(visit: &mut Change) {
    let (hours, minutes) = (visit.decimal("hours"), visit.integer("minutes"));
    if are_in_step(hours, minutes) {
        return;
    }
    if visit.changes("minutes") {
        visit.set("hours", minutes.and_then(hours_of).map_or(Value::Null, Value::from));
    } else {
        visit.set("minutes", hours.map_or(Value::Null, |hours| minutes_of(hours).into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenon_sdk::testing;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn hours_are_minutes() {
        for (hours, minutes) in [("0", 0), ("0.01", 1), ("0.25", 15), ("1.5", 90), ("1.67", 100), ("2.33", 140), ("1000.00", 60_000)] {
            assert_eq!(minutes_of(decimal(hours)), minutes, "{hours}");
        }
    }

    #[test]
    fn minutes_survive_the_way_through_hours() {
        assert_eq!(hours_of(100), Some(decimal("1.67")));
        assert_eq!(hours_of(1), Some(decimal("0.02")));
        for minutes in 0..=60_000 {
            assert!(are_in_step(hours_of(minutes), Some(minutes)), "{minutes}");
        }
    }

    #[test]
    fn what_was_written_sets_the_other() {
        let visit = testing::update("dealer_visit").before("hours", decimal("1.50")).before("minutes", 90);
        for (visit, hours, minutes) in [
            (visit.clone().after("minutes", 100), Some("1.67"), Some(100)),
            (visit.clone().after("hours", decimal("2")), Some("2"), Some(120)),
            (visit.clone().after("hours", decimal("3")).after("minutes", 100), Some("1.67"), Some(100)),
            (visit.clone().after("minutes", Value::Null), None, None),
            (visit.clone().after("hours", Value::Null), None, None),
            (visit.after("subject", "Oil"), Some("1.50"), Some(90)),
        ] {
            let mut visit = visit.build();
            keep_in_step(&mut visit);
            assert_eq!((visit.decimal("hours"), visit.integer("minutes")), (hours.map(decimal), minutes));
        }
    }

    #[test]
    fn one_hundredth_of_an_hour_stays_one() {
        let mut visit = testing::update("dealer_visit").before("hours", decimal("0.01")).after("minutes", 1).build();
        keep_in_step(&mut visit);
        assert_eq!(visit.decimal("hours"), Some(decimal("0.01")), "it means a minute as 0.02 does, so nobody's hours change in a move");
    }
}
