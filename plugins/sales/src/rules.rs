//! The rules of a pool, from plain values: nothing here asks or writes.
//!
//! Time goes by in whole hours: "three days" are 72 of them, whatever the clocks on the wall did meanwhile. Only claims are
//! counted by the local day, which the host tells.

use tenon_sdk::DateTime;

const HOUR: i64 = 3_600_000;
const HOURS_OF_A_DAY: i64 = 24;

/// Whole hours from a moment to another; none before it.
pub(crate) fn whole_hours(since: DateTime, now: DateTime) -> i64 {
    (now.millis() - since.millis()).max(0) / HOUR
}

/// Whether so many times 24 hours have gone by.
pub(crate) fn have_passed(days: i64, since: DateTime, now: DateTime) -> bool {
    whole_hours(since, now) >= days.saturating_mul(HOURS_OF_A_DAY)
}

/// The moment after so many times 24 hours.
pub(crate) fn after_days(since: DateTime, days: i64) -> DateTime {
    DateTime::from_millis(since.millis().saturating_add(days.saturating_mul(HOURS_OF_A_DAY * HOUR)))
}

/// Whether one more claim fits into a day.
pub(crate) fn may_claim(daily_claims: Option<i64>, claimed_today: i64) -> bool {
    daily_claims.is_none_or(|most| claimed_today < most)
}

/// Whether so many leads may be held.
pub(crate) fn may_hold(max_held: Option<i64>, held: i64) -> bool {
    max_held.is_none_or(|most| held <= most)
}

/// From when a former owner may claim a lead again; none where he may at once.
pub(crate) fn cools_until(cooldown_days: Option<i64>, let_go: DateTime, now: DateTime) -> Option<DateTime> {
    let days = cooldown_days.unwrap_or_default();
    (!have_passed(days, let_go, now)).then(|| after_days(let_go, days))
}

/// When a pool takes leads back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) idle_days: Option<i64>,
    pub(crate) deal_days: Option<i64>,
    pub(crate) warn_days: Option<i64>,
}

/// What is known of a lead that somebody holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// Since when he does.
    pub(crate) since: DateTime,
    /// The last valid activity.
    pub(crate) last: Option<DateTime>,
    /// When he was warned, if ever.
    pub(crate) warned: Option<DateTime>,
}

/// Why a lead goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    Idle,
    NoDeal,
}

/// What becomes of a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Stays,
    /// It goes at this moment, and its owner is told so now.
    Warned(DateTime),
    Goes(Cause),
}

/// What becomes of a lead that is held, at a moment.
pub(crate) fn fate(terms: Terms, held: Held, now: DateTime) -> Fate {
    // Getting the lead counts as an activity.
    let last = held.last.map_or(held.since, |last| last.max(held.since));
    let ends = |days: Option<i64>, since, cause| days.map(|days| (after_days(since, days), cause));
    let first = [ends(terms.idle_days, last, Cause::Idle), ends(terms.deal_days, held.since, Cause::NoDeal)];
    let Some((end, cause)) = first.into_iter().flatten().min_by_key(|(end, _)| *end) else { return Fate::Stays };
    if now >= end {
        return Fate::Goes(cause);
    }
    let Some(warn_days) = terms.warn_days else { return Fate::Stays };
    let warning = after_days(end, -warn_days);
    let is_told = held.warned.is_some_and(|warned| warned >= warning);
    if now >= warning && !is_told { Fate::Warned(end) } else { Fate::Stays }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * HOUR;

    fn at(millis: i64) -> DateTime {
        DateTime::from_millis(millis)
    }

    #[test]
    fn hours_are_whole_and_days_are_24_of_them() {
        assert_eq!((whole_hours(at(0), at(HOUR - 1)), whole_hours(at(0), at(HOUR)), whole_hours(at(HOUR), at(0))), (0, 1, 0));
        assert!(!have_passed(3, at(0), at(72 * HOUR - 1)) && have_passed(3, at(0), at(72 * HOUR)));
        assert!(have_passed(0, at(0), at(0)), "no days are over at once");
    }

    #[test]
    fn days_are_24_hours_where_the_clocks_change() {
        // Berlin, 2026-10-24 12:00 +02:00: three days later at noon by the wall are 73 hours, for the 25th has 25.
        let noon: DateTime = "2026-10-24T10:00:00.000Z".parse().unwrap();
        let wall: DateTime = "2026-10-27T11:00:00.000Z".parse().unwrap();
        assert_eq!((whole_hours(noon, wall), after_days(noon, 3).to_string().as_str()), (73, "2026-10-27T10:00:00.000Z"));
        // And 2026-03-28 12:00 +01:00: noon to noon over the 29th is 23 hours, which is no day yet.
        let (noon, next): (DateTime, DateTime) = ("2026-03-28T11:00:00.000Z".parse().unwrap(), "2026-03-29T10:00:00.000Z".parse().unwrap());
        assert!(!have_passed(1, noon, next));
    }

    #[test]
    fn limits_are_reached_and_not_crossed() {
        assert!(may_claim(Some(2), 1) && !may_claim(Some(2), 2) && !may_claim(Some(0), 0) && may_claim(None, 1_000));
        assert!(may_hold(Some(2), 2) && !may_hold(Some(2), 3) && may_hold(None, 1_000) && !may_hold(Some(0), 1));
    }

    #[test]
    fn a_former_owner_waits_to_the_hour() {
        let until = Some(at(2 * DAY));
        assert_eq!(cools_until(Some(2), at(0), at(2 * DAY - 1)), until);
        assert_eq!(cools_until(Some(2), at(0), at(2 * DAY)), None);
        assert_eq!((cools_until(None, at(0), at(0)), cools_until(Some(0), at(0), at(0))), (None, None));
    }

    fn held(since: i64, last: Option<i64>, warned: Option<i64>) -> Held {
        Held { since: at(since), last: last.map(at), warned: warned.map(at) }
    }

    #[test]
    fn an_idle_lead_goes_exactly_then() {
        let terms = Terms { idle_days: Some(3), ..Terms::default() };
        assert_eq!(fate(terms, held(0, None, None), at(3 * DAY - 1)), Fate::Stays);
        assert_eq!(fate(terms, held(0, None, None), at(3 * DAY)), Fate::Goes(Cause::Idle));
        assert_eq!(fate(terms, held(0, Some(DAY), None), at(3 * DAY)), Fate::Stays, "an activity counts");
        assert_eq!(fate(terms, held(DAY, Some(0), None), at(3 * DAY)), Fate::Stays, "so does getting it");
    }

    #[test]
    fn a_lead_without_a_deal_goes_though_somebody_works_on_it() {
        let terms = Terms { idle_days: Some(3), deal_days: Some(10), warn_days: None };
        assert_eq!(fate(terms, held(0, Some(9 * DAY), None), at(10 * DAY - 1)), Fate::Stays);
        assert_eq!(fate(terms, held(0, Some(9 * DAY), None), at(10 * DAY)), Fate::Goes(Cause::NoDeal));
    }

    #[test]
    fn a_warning_is_given_once_for_each_end() {
        let terms = Terms { idle_days: Some(5), warn_days: Some(2), ..Terms::default() };
        assert_eq!(fate(terms, held(0, None, None), at(3 * DAY - 1)), Fate::Stays);
        assert_eq!(fate(terms, held(0, None, None), at(3 * DAY)), Fate::Warned(at(5 * DAY)));
        assert_eq!(fate(terms, held(0, None, Some(3 * DAY)), at(4 * DAY)), Fate::Stays, "once");
        assert_eq!(fate(terms, held(0, Some(4 * DAY), Some(3 * DAY)), at(7 * DAY)), Fate::Warned(at(9 * DAY)), "again for the next");
    }

    #[test]
    fn a_pool_without_terms_keeps_nothing_and_takes_nothing() {
        assert_eq!(fate(Terms::default(), held(0, None, None), at(10_000 * DAY)), Fate::Stays);
    }
}
