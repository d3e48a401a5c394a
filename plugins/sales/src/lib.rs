//! Sales, its first slice: pools of leads that people claim, return and lose again, and leads that become customers.
//!
//! `rules` decides, from plain values; the other files ask, lock and write. Who may what is metadata: members of a pool see
//! it, its admins may change it.

mod activity;
mod assign;
mod caller;
mod claim;
mod convert;
mod give_back;
mod hold;
mod lead;
mod ownership;
mod pool;
mod recycle;
mod rules;
mod words;

use tenon_sdk::prelude::*;

struct Sales;

impl Hooks for Sales {
    fn after_save_all(&self, changes: &mut [Change]) -> Result<(), Error> {
        match changes.first().map(|change| change.object().to_owned()).as_deref() {
            Some("lead") => ownership::follow(changes),
            Some("activity") => activity::note(changes),
            _ => Ok(()),
        }
    }

    fn act(&self, action: &str, input: &Json) -> Result<Json, Error> {
        match action {
            "claim" => claim::claim(input),
            "assign" => assign::assign(input),
            "return" => give_back::give_back(input),
            "convert" => convert::convert(input),
            other => Err(Error::Failed(format!("there is no action `{other}`"))),
        }
    }

    fn run(&self, job: &str, _: &Json, cursor: Option<&str>) -> Result<Outcome, Error> {
        match job {
            "recycle" => recycle::step(cursor),
            other => Err(Error::Failed(format!("there is no job `{other}`"))),
        }
    }
}

tenon_sdk::export! {
    Sales,
    after_save: lead [create, update, restore],
    after_save: activity [create, update, restore],
    action: claim { lead: id required } -> { lead: id, pool: id, claims_left: integer, held: integer },
    action: assign { lead: id required, to: id required, reason: text } -> { lead: id, pool: id },
    action: return { lead: id required, reason: text required, pool: id } -> { lead: id, pool: id },
    action: convert { lead: id required, account: id, contact: id, opportunity: id, without_opportunity: boolean }
        -> { account: id, contact: id, opportunity: id },
    job: recycle cron "0 2 * * *",
}
