//! The first plugin: it fills in the next step of a deal that reaches `proposal`, and refuses a won deal without a
//! close date.

use tenon_sdk::prelude::*;

/// What a deal that got its proposal waits for, unless its owner knows better.
const NEXT_STEP: &str = "follow up on the proposal";

struct Hello;

impl Hooks for Hello {
    fn before_save(&self, change: &mut Change) -> Result<(), Refusal> {
        if change.becomes("stage", "proposal") && change.is_empty("next_step") {
            change.set("next_step", NEXT_STEP);
        }
        if change.becomes("stage", "won") && change.is_empty("close_date") {
            return Err(Refusal::on("close_date", "a won deal needs a close date").rule("CLOSE_DATE_MISSING"));
        }
        Ok(())
    }
}

tenon_sdk::export! {
    Hello,
    before_save: opportunity [create, update],
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenon_sdk::testing;

    #[test]
    fn a_proposal_gets_a_next_step() {
        let mut change = testing::update("opportunity").before("stage", "prospecting").after("stage", "proposal").build();
        Hello.before_save(&mut change).unwrap();
        assert_eq!(change.text("next_step"), Some(NEXT_STEP));
    }

    #[test]
    fn a_next_step_that_is_there_stays() {
        let mut change = testing::create("opportunity").after("stage", "proposal").after("next_step", "call Li").build();
        Hello.before_save(&mut change).unwrap();
        assert!(testing::patches(&change).is_empty());
    }

    #[test]
    fn a_won_deal_needs_a_close_date() {
        let won = testing::update("opportunity").before("stage", "proposal").after("stage", "won");
        let refusal = Hello.before_save(&mut won.clone().build()).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some("close_date"));
        let dated = won.after("close_date", Date::from_days(20_512));
        assert_eq!(Hello.before_save(&mut dated.build()), Ok(()));
    }
}
