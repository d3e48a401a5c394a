//! The plugin of `dealer` 1.0.0: where it wants to be asked, and that a visit's labour is kept in `hours`.

use tenon_sdk::prelude::*;

struct Dealer;

impl Hooks for Dealer {
    fn before_save_all(&self, changes: &mut [Change]) -> Result<(), Error> {
        // All of one object: either visits or machines.
        if changes.iter().any(|change| change.object() == "dealer_visit") {
            workshop::complete(changes, "hours");
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
}

tenon_sdk::export! {
    Dealer,
    before_save: dealer_machine [create],
    before_save: dealer_visit [create, update],
    after_save: dealer_visit [create, update],
    computed: dealer_machine.service_due from [condition, delivered_on, last_serviced_on, service_months],
    action: schedule_service { machine: id required } -> { visit: id, planned_for: date },
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenon_sdk::testing;

    #[test]
    fn labour_is_in_hours() {
        testing::answer_queries(|_, _| Ok(r#"{"me":{"locale":"en"}}"#.to_owned()));
        let done = testing::update("dealer_visit").before("state", "planned").after("state", "done");
        let mut visits = [done.clone().build(), done.after("hours", "1.50".parse::<Decimal>().unwrap()).build()];
        assert_eq!(Dealer.before_save_all(&mut visits), Ok(()));
        assert_eq!(testing::refusals(&visits[0])[0].field.as_deref(), Some("hours"));
        assert!(testing::refusals(&visits[1]).is_empty());
    }
}
