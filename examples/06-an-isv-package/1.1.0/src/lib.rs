//! The plugin of `dealer` 1.1.0: labour is in minutes now, in step with the hours of before, and the upgrade moves what is there.

mod labour;
mod moving;

use tenon_sdk::prelude::*;

struct Dealer;

impl Hooks for Dealer {
    fn before_save_all(&self, changes: &mut [Change]) -> Result<(), Error> {
        // All of one object: either visits or machines.
        if changes.iter().any(|change| change.object() == "dealer_visit") {
            changes.iter_mut().for_each(labour::keep_in_step);
            workshop::complete(changes, "minutes");
            return Ok(());
        }
        workshop::warrant(changes)
    }

    fn after_save_all(&self, changes: &mut [Change]) -> Result<(), Error> {
        workshop::serviced(changes)
    }

    fn compute(&self, _object: &str, _field: &str, record: &Record) -> Result<Value, Error> {
        Ok(workshop::service_due(record))
    }

    fn act(&self, _action: &str, input: &Json) -> Result<Json, Error> {
        workshop::schedule(input)
    }

    fn upgrade(&self, _from: &str, cursor: Option<&str>) -> Result<Outcome, Error> {
        moving::step(cursor)
    }
}

tenon_sdk::export! {
    Dealer,
    before_save: dealer_machine [create],
    before_save: dealer_visit [create, update],
    after_save: dealer_visit [create, update],
    computed: dealer_machine.service_due from [condition, delivered_on, last_serviced_on, service_months],
    action: schedule_service { machine: id required } -> { visit: id, planned_for: date },
    lifecycle: [upgrade],
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenon_sdk::testing;

    #[test]
    fn labour_is_in_minutes_and_hours_still_do() {
        testing::answer_queries(|_, _| Ok(r#"{"me":{"locale":"en"}}"#.to_owned()));
        let done = testing::update("dealer_visit").before("state", "planned").after("state", "done");
        let mut visits = [done.clone().build(), done.after("hours", "1.50".parse::<Decimal>().unwrap()).build()];
        assert_eq!(Dealer.before_save_all(&mut visits), Ok(()));
        assert_eq!(testing::refusals(&visits[0])[0].field.as_deref(), Some("minutes"));
        assert_eq!((testing::refusals(&visits[1]).len(), visits[1].integer("minutes")), (0, Some(90)));
    }
}
