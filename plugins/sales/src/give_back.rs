//! Whoever has a lead returns it, or an admin of its pool does; always with a reason. What is of no pool yet goes into one.

use tenon_sdk::prelude::*;

use crate::caller::Caller;
use crate::lead::Lead;
use crate::ownership::{self, Move, Place};
use crate::pool::Pool;
use crate::words::Word;

/// The action.
pub(crate) fn give_back(input: &Json) -> Result<Json, Error> {
    let caller = Caller::ask()?;
    let text = |name: &str| input.at(name).text().map(str::trim).filter(|text| !text.is_empty());
    let id = text("lead").unwrap_or_default();
    let Some(reason) = text("reason") else { return caller.refuse(&Word::ReasonMissing) };
    let is_seen = Caller::sees(id);
    let hidden = |word: &Word| caller.refuse(if is_seen { word } else { &Word::NoLead });
    let Some(lead) = acting::as_itself(|| Lead::look_at(id))? else { return caller.refuse(&Word::NoLead) };
    let is_own = |lead: &Lead| lead.owner.as_ref() == Some(&caller.id);
    let Some(pool) = text("pool").map(str::to_owned).or_else(|| lead.pool.clone()) else { return hidden(&Word::NoPool) };
    let is_admin = lead.pool.as_deref().is_some_and(Caller::is_admin);
    if !is_own(&lead) && !is_admin {
        return hidden(&Word::NotYours);
    }
    acting::as_itself(|| {
        // Into another pool only with a part in that one.
        if lead.pool.as_ref() != Some(&pool) && Pool::ask(&pool, &caller.id)?.is_none_or(|pool| !pool.has_member) {
            return caller.refuse(&Word::NotAMember);
        }
        let Some(lead) = Lead::hold(id)? else { return caller.refuse(&Word::NoLead) };
        if lead.is_closed {
            return caller.refuse(&Word::Closed);
        }
        if lead.owner.is_none() || !(is_own(&lead) || is_admin) {
            return caller.refuse(&Word::NotYours);
        }
        let place = Place { pool: Some(pool.clone()), holder: None };
        ownership::write(&[Move { lead: id, to: place, how: "returned", reason: Some(reason) }])?;
        let mut values = lead.freed();
        values.push(("sales_pool", Reference::new("sales_pool", pool.as_str()).into()));
        records::update("lead", id, None, &values)?;
        Ok(Json::object([("lead", id.into()), ("pool", pool.as_str().into())]))
    })
}
