//! The history of who had a lead: stretches that neither overlap nor leave a gap.
//!
//! Whoever moves a lead writes its stretch first, and then the lead; [`follow`] finds that it is written already. So changes
//! through every other door are followed too, and are told apart.

use tenon_sdk::prelude::*;

use crate::hold;

const OBJECT: &str = "sales_ownership";
const MANY: u32 = 200;

/// Where a lead is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) pool: Option<String>,
    pub(crate) holder: Option<String>,
}

impl Place {
    fn of(get: impl Fn(&str) -> Option<String>) -> Self {
        Self { pool: get("sales_pool"), holder: get("owner") }
    }
}

/// A lead that goes somewhere.
pub(crate) struct Move<'a> {
    pub(crate) lead: &'a str,
    pub(crate) to: Place,
    pub(crate) how: &'static str,
    pub(crate) reason: Option<&'a str>,
}

/// Ends the stretches of these leads, and begins theirs.
pub(crate) fn write(moves: &[Move<'_>]) -> Result<(), Error> {
    if moves.is_empty() {
        return Ok(());
    }
    let (now, day) = (clock::now(), clock::today());
    let leads: Vec<&str> = moves.iter().map(|one| one.lead).collect();
    records::update_where(OBJECT, &open(&leads).to_string(), &[("ended_at", now.into())], MANY)?;
    let rows: Vec<_> = moves.iter().filter(|one| one.to.pool.is_some()).map(|one| stretch(one, now, day)).collect();
    if !rows.is_empty() {
        records::create_many(OBJECT, &rows)?;
    }
    Ok(())
}

fn stretch(one: &Move<'_>, now: DateTime, day: Date) -> Vec<(&'static str, Value)> {
    let to = |object: &str, id: &Option<String>| id.as_ref().map(|id| Reference::new(object, id.as_str()));
    vec![
        ("lead", Reference::new("lead", one.lead).into()),
        ("holder", to("user", &one.to.holder).into()),
        ("pool", to("sales_pool", &one.to.pool).into()),
        ("how", one.how.into()),
        ("reason", one.reason.into()),
        ("day", day.into()),
        ("began_at", now.into()),
    ]
}

/// The stretches of these leads that have not ended, as a filter.
fn open(leads: &[&str]) -> Json {
    let is_open = Json::object([("isNull", true.into())]);
    Json::object([("lead", Json::object([("in", leads.to_vec().into())])), ("endedAt", is_open)])
}

/// Follows saves of leads: what moved them without us is written down, and nobody gets more than he may hold.
pub(crate) fn follow(changes: &mut [Change]) -> Result<(), Error> {
    let moved: Vec<(usize, Place)> = changes.iter().enumerate().filter_map(|(at, change)| Some((at, moved_to(change)?))).collect();
    if moved.is_empty() {
        return Ok(());
    }
    acting::as_itself(|| {
        let ids: Vec<&str> = moved.iter().filter_map(|(at, _)| changes.get(*at)).map(Change::id).collect();
        let known = known(&ids)?;
        let mut moves = Vec::new();
        for (at, place) in &moved {
            let Some(change) = changes.get(*at) else { continue };
            let before = known.iter().find(|(lead, _)| lead == change.id()).map(|(_, place)| place);
            if before != Some(place) {
                let how = if before.is_none() && place.holder.is_none() { "entered" } else { "changed" };
                moves.push(Move { lead: change.id(), to: place.clone(), how, reason: None });
            }
        }
        write(&moves)
    })?;
    hold::check(changes, &moved)
}

/// Where a save puts a lead, if it moves it and a pool is concerned.
fn moved_to(change: &Change) -> Option<Place> {
    let here = Place::of(|name| change.reference(name).map(|to| to.id.clone()));
    let was_pooled = matches!(change.old("sales_pool"), Some(Value::Reference(_)));
    let is_moved = change.operation() == Operation::Restore || change.changes("owner") || change.changes("sales_pool");
    ((here.pool.is_some() || was_pooled) && is_moved).then_some(here)
}

/// Where leads are by their history.
fn known(leads: &[&str]) -> Result<Vec<(String, Place)>, Error> {
    let document = "query($filter: SalesOwnershipFilter) {
        salesOwnerships(filter: $filter, first: 200) { nodes { lead { id } holder { id } pool { id } } } }";
    let data = records::query(document, &Json::object([("filter", open(leads))]).to_string())?;
    let text = |json: &Json, path: &str| json.at(path).text().map(str::to_owned);
    let one = |node: &Json| Some((text(node, "lead.id")?, Place { pool: text(node, "pool.id"), holder: text(node, "holder.id") }));
    Ok(data.at("salesOwnerships.nodes").items().iter().filter_map(one).collect())
}

/// How often somebody has claimed from a pool today, and when he last let go of a lead.
pub(crate) fn past(person: &str, pool: &str, lead: &str) -> Result<(i64, Option<DateTime>), Error> {
    let document = "query($person: ID!, $pool: ID!, $lead: ID!, $day: Date!) {
        salesOwnershipsAggregate(filter: { holder: { eq: $person }, pool: { eq: $pool }, how: { eq: CLAIMED }, day: { eq: $day } }) { count }
        salesOwnerships(filter: { holder: { eq: $person }, lead: { eq: $lead }, endedAt: { isNull: false } }, orderBy: [{ endedAt: DESC }], first: 1) {
          nodes { endedAt } } }";
    let variables = Json::object([("person", person.into()), ("pool", pool.into()), ("lead", lead.into()), ("day", clock::today().into())]);
    let data = records::query(document, &variables.to_string())?;
    let claims = data.at("salesOwnershipsAggregate.0.count").integer().unwrap_or_default();
    Ok((claims, data.at("salesOwnerships.nodes.0.endedAt").datetime()))
}
