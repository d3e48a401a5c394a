//! The plugin of `dealer` 1.0.0: where it wants to be asked, and that a visit's labour is kept in `hours`.

use tenon_sdk::prelude::*;

struct Dealer;

impl Hooks for Dealer {
    fn before_save(&self, change: &mut Change) -> Result<(), Refusal> {
        if change.object() == "dealer_visit" {
            return workshop::complete(change, "hours");
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
        assert_eq!(Dealer.before_save(&mut done.clone().build()).unwrap_err().field.as_deref(), Some("hours"));
        assert_eq!(Dealer.before_save(&mut done.after("hours", "1.50".parse::<Decimal>().unwrap()).build()), Ok(()));
    }
}
