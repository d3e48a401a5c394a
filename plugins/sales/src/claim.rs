//! Somebody takes a lead out of its pool: of two at once exactly one has it.

use tenon_sdk::prelude::*;

use crate::caller::Caller;
use crate::lead::Lead;
use crate::ownership::{self, Move, Place};
use crate::pool::Pool;
use crate::words::Word;
use crate::{hold, rules};

/// The action.
pub(crate) fn claim(input: &Json) -> Result<Json, Error> {
    let caller = Caller::ask()?;
    if !caller.is_person {
        return caller.refuse(&Word::NotAPerson);
    }
    let id = input.at("lead").text().unwrap_or_default();
    let is_seen = Caller::sees(id);
    acting::as_itself(|| as_itself(&caller, id, is_seen))
}

fn as_itself(caller: &Caller, id: &str, is_seen: bool) -> Result<Json, Error> {
    // Whom a lead is none of the business of learns nothing of it.
    let hidden = |word: &Word| caller.refuse(if is_seen { word } else { &Word::NoLead });
    let Some(lead) = Lead::look_at(id)? else { return caller.refuse(&Word::NoLead) };
    let Some(pool) = &lead.pool else { return hidden(&Word::NoPool) };
    let Some(pool) = Pool::ask(pool, &caller.id)?.filter(|pool| pool.has_member) else { return hidden(&Word::NotAMember) };
    if !pool.is_active {
        return caller.refuse(&Word::PoolInactive);
    }
    // Most who come too late are told so without waiting for the lead.
    is_free(caller, &lead)?;
    let Some(lead) = Lead::hold(id)? else { return caller.refuse(&Word::NoLead) };
    is_free(caller, &lead)?;
    if lead.pool.as_ref() != Some(&pool.id) {
        return caller.refuse(&Word::NoPool);
    }
    // Whoever claims much at once is counted one after the other.
    queue(&pool.id, &caller.id)?;
    let (claims, let_go) = ownership::past(&caller.id, &pool.id, id)?;
    if let (Some(most), false) = (pool.daily_claims, rules::may_claim(pool.daily_claims, claims)) {
        return caller.refuse(&Word::DailyLimit(most));
    }
    let now = clock::now();
    if let Some(until) = let_go.and_then(|let_go| rules::cools_until(pool.cooldown_days, let_go, now)) {
        return caller.refuse(&Word::Cooldown(until.to_string()));
    }
    let to = Place { pool: Some(pool.id.clone()), holder: Some(caller.id.clone()) };
    ownership::write(&[Move { lead: id, to, how: "claimed", reason: None }])?;
    records::update("lead", id, None, &Lead::given(&caller.id, now))?;
    let left = pool.daily_claims.map(|most| most - claims - 1);
    Ok(Json::object([
        ("lead", id.into()),
        ("pool", pool.id.as_str().into()),
        ("claims_left", left.into()),
        ("held", hold::count(&pool.id, &caller.id)?.into()),
    ]))
}

fn is_free(caller: &Caller, lead: &Lead) -> Result<(), Error> {
    if lead.is_closed {
        return caller.refuse(&Word::Closed);
    }
    if lead.owner.is_some() { caller.refuse(&Word::AlreadyOwned) } else { Ok(()) }
}

/// Waits until nobody else gives this person a lead of this pool. Always after the lead is held, so that nobody waits in a ring.
pub(crate) fn queue(pool: &str, person: &str) -> Result<(), Error> {
    Ok(records::lock(&format!("holder/{pool}/{person}"))?)
}
