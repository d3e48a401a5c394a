//! `plugins/sales` on the product: pools of leads, and leads that become customers. On both databases, as the lowest role, with a
//! second tenant beside that must not notice.

mod claims;
mod conversion;
mod house;
mod owners;
mod recycling;
mod restart;

use house::with_sales;

use crate::both::on_both;

on_both! { with_sales:
    claims::a_claim_gives_a_lead_to_its_claimer => claim_on_sqlite, claim_on_postgres;
    claims::each_refusal_has_its_word => refusals_on_sqlite, refusals_on_postgres;
    claims::of_a_hundred_claims_of_one_lead_one_wins => hundred_on_sqlite, hundred_on_postgres;
    claims::who_claims_much_at_once_gets_no_more_than_the_limit => limits_on_sqlite, limits_on_postgres;
    claims::a_day_is_the_tenants => days_on_sqlite, days_on_postgres;
    owners::every_change_of_hands_is_in_the_history => history_on_sqlite, history_on_postgres;
    owners::admins_assign_and_return => admins_on_sqlite, admins_on_postgres;
    owners::what_the_package_keeps_is_not_written_by_who_holds_a_lead => kept_on_sqlite, kept_on_postgres;
    recycling::an_idle_lead_goes_back_to_the_hour => idle_on_sqlite, idle_on_postgres;
    recycling::an_owner_is_warned_once => warning_on_sqlite, warning_on_postgres;
    conversion::a_lead_becomes_account_contact_and_opportunity => conversion_on_sqlite, conversion_on_postgres;
    conversion::of_many_who_convert_one_does => once_on_sqlite, once_on_postgres;
    conversion::what_is_there_is_linked => linked_on_sqlite, linked_on_postgres;
    conversion::what_its_converter_does_not_see_is_not_copied => copied_on_sqlite, copied_on_postgres;
    recycling::protected_and_converted_leads_stay => exempt_on_sqlite, exempt_on_postgres;
}

on_both! { restart::with_package:
    restart::one_lead_has_one_claimer => restarted_claims_on_sqlite, restarted_claims_on_postgres;
    restart::a_pool_gives_to_each_what_he_may_hold => restarted_pools_on_sqlite, restarted_pools_on_postgres;
    restart::a_lead_is_converted_once => restarted_conversions_on_sqlite, restarted_conversions_on_postgres;
}
