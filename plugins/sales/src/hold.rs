//! How many leads somebody holds. What is converted, invalid or protected is not held.

use tenon_sdk::prelude::*;

use crate::caller::Caller;
use crate::ownership::Place;
use crate::rules;
use crate::words::Word;

/// Refuses every lead whose new owner would hold more of its pool than he may, however he got it.
pub(crate) fn check(changes: &mut [Change], moved: &[(usize, Place)]) -> Result<(), Error> {
    let mut pairs: Vec<(&str, &str)> = moved.iter().filter_map(|(_, place)| pair(place)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    if pairs.is_empty() {
        return Ok(());
    }
    let full = acting::as_itself(|| full(&pairs))?;
    if full.is_empty() {
        return Ok(());
    }
    let caller = Caller::ask()?;
    for (at, place) in moved {
        let over = full.iter().find(|over| pair(place).is_some_and(|(pool, holder)| over.pool == pool && over.holder == holder));
        if let (Some(over), Some(change)) = (over, changes.get_mut(*at)) {
            change.refuse(caller.refusal(&Word::HoldLimit(over.most)));
        }
    }
    Ok(())
}

fn pair(place: &Place) -> Option<(&str, &str)> {
    Some((place.pool.as_deref()?, place.holder.as_deref()?))
}

/// Somebody who holds more than a pool allows.
struct Over {
    pool: String,
    holder: String,
    most: i64,
}

fn full(pairs: &[(&str, &str)]) -> Result<Vec<Over>, Error> {
    let document = "query($pools: [ID!], $owners: [ID!]) {
        salesPools(filter: { id: { in: $pools }, maxHeld: { isNull: false } }, first: 200) { nodes { id maxHeld } }
        leadsAggregate(
          filter: { salesPool: { in: $pools }, owner: { in: $owners }, status: { notIn: [CONVERTED, INVALID] }, salesProtected: { ne: true } }
          groupBy: [{ salesPool: { record: true } }, { owner: { record: true } }], first: 2000
        ) { key { salesPool { record { id } } owner { record { id } } } count } }";
    let some = |of: fn(&(&str, &str)) -> String| -> Json { pairs.iter().map(of).collect::<Vec<String>>().into() };
    let variables = Json::object([("pools", some(|pair| pair.0.to_owned())), ("owners", some(|pair| pair.1.to_owned()))]);
    let data = records::query(document, &variables.to_string())?;
    let over = |group: &Json| {
        let (pool, holder) = (group.at("key.salesPool.record.id").text()?, group.at("key.owner.record.id").text()?);
        let pools = data.at("salesPools.nodes").items();
        let most = pools.iter().find(|one| one.at("id").text() == Some(pool))?.at("maxHeld").integer()?;
        let is_over = pairs.contains(&(pool, holder)) && !rules::may_hold(Some(most), group.at("count").integer()?);
        is_over.then(|| Over { pool: pool.to_owned(), holder: holder.to_owned(), most })
    };
    Ok(data.at("leadsAggregate").items().iter().filter_map(over).collect())
}

/// How many leads of a pool somebody holds.
pub(crate) fn count(pool: &str, person: &str) -> Result<i64, Error> {
    let document = "query($pool: ID!, $owner: ID!) { leadsAggregate(
        filter: { salesPool: { eq: $pool }, owner: { eq: $owner }, status: { notIn: [CONVERTED, INVALID] }, salesProtected: { ne: true } }) { count } }";
    let variables = Json::object([("pool", pool.into()), ("owner", person.into())]).to_string();
    Ok(records::query(document, &variables)?.at("leadsAggregate.0.count").integer().unwrap_or_default())
}
