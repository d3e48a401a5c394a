//! An admin of a pool gives somebody a lead, taking it from whoever has it. Neither the day's claims nor a cool-down count;
//! what he may hold does.

use tenon_sdk::prelude::*;

use crate::caller::Caller;
use crate::claim::queue;
use crate::lead::Lead;
use crate::ownership::{self, Move, Place};
use crate::pool::Pool;
use crate::words::Word;

/// The action.
pub(crate) fn assign(input: &Json) -> Result<Json, Error> {
    let caller = Caller::ask()?;
    let text = |name: &str| input.at(name).text();
    let (id, to) = (text("lead").unwrap_or_default(), text("to").unwrap_or_default());
    let is_seen = Caller::sees(id);
    let hidden = |word: &Word| caller.refuse(if is_seen { word } else { &Word::NoLead });
    let Some(lead) = acting::as_itself(|| Lead::look_at(id))? else { return caller.refuse(&Word::NoLead) };
    let Some(pool) = lead.pool else { return hidden(&Word::NoPool) };
    if !Caller::is_admin(&pool) {
        return hidden(&Word::NotAnAdmin);
    }
    acting::as_itself(|| {
        if Pool::ask(&pool, to)?.is_none_or(|pool| !pool.has_member) {
            return caller.refuse(&Word::NotAMember);
        }
        let Some(lead) = Lead::hold(id)?.filter(|lead| lead.pool.as_ref() == Some(&pool)) else { return caller.refuse(&Word::NoLead) };
        if lead.is_closed {
            return caller.refuse(&Word::Closed);
        }
        if lead.owner.as_deref() == Some(to) {
            return caller.refuse(&Word::AlreadyOwned);
        }
        queue(&pool, to)?;
        let place = Place { pool: Some(pool.clone()), holder: Some(to.to_owned()) };
        ownership::write(&[Move { lead: id, to: place, how: "assigned", reason: text("reason") }])?;
        records::update("lead", id, None, &Lead::given(to, clock::now()))?;
        Ok(Json::object([("lead", id.into()), ("pool", pool.as_str().into())]))
    })
}
