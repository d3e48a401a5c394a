//! A deal that is lost says why, and nobody counts on it any longer.

use tenon_sdk::prelude::*;

struct LostDeals;

impl Hooks for LostDeals {
    fn before_save(&self, change: &mut Change) -> Result<(), Refusal> {
        if change.becomes("stage", "lost") {
            if change.is_empty("loss_category") {
                return Err(Refusal::on("loss_category", "say why the deal is lost").rule("LOSS_CATEGORY_MISSING"));
            }
            change.set("forecast", "omitted");
        }
        Ok(())
    }
}

tenon_sdk::export! {
    LostDeals,
    before_save: opportunity [create, update],
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenon_sdk::testing;

    #[test]
    fn a_lost_deal_says_why_and_is_not_counted_on() {
        let lost = testing::update("opportunity").before("stage", "proposal").after("stage", "lost");
        let refusal = LostDeals.before_save(&mut lost.clone().build()).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some("loss_category"));
        let mut change = lost.after("loss_category", "price").build();
        LostDeals.before_save(&mut change).unwrap();
        assert_eq!(change.text("forecast"), Some("omitted"));
    }
}
