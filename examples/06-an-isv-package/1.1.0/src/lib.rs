//! The plugin of `dealer` 1.1.0: labour is in minutes now, in step with the hours of before, and the upgrade moves what is there.

mod labour;
mod moving;

use tenon_sdk::prelude::*;

struct Dealer;

impl Hooks for Dealer {
    fn before_save(&self, change: &mut Change) -> Result<(), Refusal> {
        if change.object() == "dealer_visit" {
            labour::keep_in_step(change);
            return workshop::complete(change, "minutes");
        }
        workshop::warrant(change);
        Ok(())
    }

    fn after_save(&self, change: &Change) -> Result<(), Error> {
        workshop::serviced(change)
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
        assert_eq!(Dealer.before_save(&mut done.clone().build()).unwrap_err().field.as_deref(), Some("minutes"));
        let mut visit = done.after("hours", "1.50".parse::<Decimal>().unwrap()).build();
        assert_eq!((Dealer.before_save(&mut visit), visit.integer("minutes")), (Ok(()), Some(90)));
    }
}
