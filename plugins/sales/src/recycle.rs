//! Every night: what nobody works on goes back to its pool, and who holds it is warned before.
//!
//! Each step looks at a page of leads that are held. What is due is looked at again once nobody else can change it, so that an
//! activity that comes meanwhile counts. Run again, it finds nothing to do: what went back is not held any more, and who was
//! told of an end is not told of it again.

use tenon_sdk::prelude::*;

use crate::caller::Caller;
use crate::lead::Lead;
use crate::ownership::{self, Move, Place};
use crate::rules::{self, Cause, Fate, Held, Terms};
use crate::{pool, words};

const PAGE: &str = "query($after: String) {
  leads(
    filter: { salesPool: { isNull: false }, owner: { isNull: false }, status: { notIn: [CONVERTED, INVALID] }, salesProtected: { ne: true } }
    first: 50, after: $after
  ) {
    nodes {
      id display createdAt lastActivityAt salesWarnedAt owner { id }
      salesPool { id isActive idleDays dealDays warnDays }
      salesOwnerships(filter: { endedAt: { isNull: true } }, first: 1) { nodes { beganAt } }
    }
    pageInfo { hasNextPage endCursor }
  } }";

/// Letters of a lead's name in a warning.
const NAME_LETTERS: usize = 80;

/// A lead that somebody holds.
struct Candidate {
    id: String,
    name: String,
    owner: String,
    pool: String,
    terms: Terms,
    held: Held,
}

impl Candidate {
    fn read(node: &Json) -> Option<Self> {
        let text = |path: &str| node.at(path).text().map(str::to_owned);
        let time = |path: &str| node.at(path).datetime();
        let since = time("salesOwnerships.nodes.0.beganAt").or_else(|| time("createdAt"))?;
        Some(Self {
            id: text("id")?,
            name: text("display").unwrap_or_default().chars().take(NAME_LETTERS).collect(),
            owner: text("owner.id")?,
            pool: text("salesPool.id")?,
            terms: pool::terms(node.at("salesPool")),
            held: Held { since, last: time("lastActivityAt"), warned: time("salesWarnedAt") },
        })
    }

    /// What becomes of it, and as it is now: nobody else changes it from here on. None where it is not what it was.
    fn settle(&self, now: DateTime) -> Result<Option<(Lead, Fate)>, Error> {
        if rules::fate(self.terms, self.held, now) == Fate::Stays {
            return Ok(None);
        }
        let same = |lead: &Lead| lead.owner.as_ref() == Some(&self.owner) && lead.pool.as_ref() == Some(&self.pool);
        let lead = Lead::hold(&self.id)?.filter(|lead| same(lead) && !lead.is_closed && !lead.is_protected);
        Ok(lead.map(|lead| {
            let held = Held { last: lead.last_activity, warned: lead.warned, ..self.held };
            let fate = rules::fate(self.terms, held, now);
            (lead, fate)
        }))
    }
}

/// One step of the job.
pub(crate) fn step(cursor: Option<&str>) -> Result<Outcome, Error> {
    let caller = Caller::ask()?;
    acting::as_itself(|| {
        let data = records::query(PAGE, &Json::object([("after", cursor.into())]).to_string())?;
        let (mut gone, mut warned) = (Vec::new(), Vec::new());
        for candidate in data.at("leads.nodes").items().iter().filter_map(Candidate::read) {
            match candidate.settle(clock::now())? {
                Some((lead, Fate::Goes(cause))) => gone.push((lead, cause)),
                Some((_, Fate::Warned(end))) => warned.push((candidate, end)),
                Some((_, Fate::Stays)) | None => {}
            }
        }
        take_back(&caller, &gone)?;
        warn(&caller, &warned)?;
        let next = data.at("leads.pageInfo.endCursor").text().filter(|_| data.at("leads.pageInfo.hasNextPage").boolean() == Some(true));
        Ok(next.map_or_else(Outcome::done, |next| Outcome::GoesOn(next.to_owned())))
    })
}

fn take_back(caller: &Caller, gone: &[(Lead, Cause)]) -> Result<(), Error> {
    if gone.is_empty() {
        return Ok(());
    }
    let to = |lead: &Lead| Place { pool: lead.pool.clone(), holder: None };
    let reason = |cause: &Cause| Some(words::cause(*cause, caller.locale()));
    let moves: Vec<_> =
        gone.iter().map(|(lead, cause)| Move { lead: &lead.id, to: to(lead), how: "recycled", reason: reason(cause) }).collect();
    ownership::write(&moves)?;
    let rows: Vec<_> = gone.iter().map(|(lead, _)| (lead.id.as_str(), lead.freed())).collect();
    records::update_many("lead", &rows)?;
    Ok(())
}

/// A task for whoever holds the lead, due when it goes.
fn warn(caller: &Caller, warned: &[(Candidate, DateTime)]) -> Result<(), Error> {
    if warned.is_empty() {
        return Ok(());
    }
    let task = |(candidate, end): &(Candidate, DateTime)| {
        vec![
            ("subject", words::warning(&candidate.name, caller.locale()).into()),
            ("kind", "task".into()),
            ("priority", "high".into()),
            ("due_at", (*end).into()),
            ("owner", Reference::new("user", candidate.owner.as_str()).into()),
            ("regarding", Reference::new("lead", candidate.id.as_str()).into()),
        ]
    };
    records::create_many("activity", &warned.iter().map(task).collect::<Vec<_>>())?;
    let now = clock::now();
    let rows: Vec<_> = warned.iter().map(|(one, _)| (one.id.as_str(), vec![("sales_warned_at", now.into())])).collect();
    records::update_many("lead", &rows)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_a_lead_has_it_since_his_stretch_began() {
        let node = r#"{"id":"7","display":"Li","createdAt":"2026-01-01T00:00:00.000Z","owner":{"id":"a"},
            "salesPool":{"id":"p","isActive":true,"idleDays":3},"salesOwnerships":{"nodes":[{"beganAt":"2026-02-01T00:00:00.000Z"}]}}"#;
        let read = Candidate::read(&node.parse().unwrap()).unwrap();
        assert_eq!(read.held.since.to_string(), "2026-02-01T00:00:00.000Z");
        assert_eq!((read.terms.idle_days, read.terms.warn_days), (Some(3), None));
    }

    #[test]
    fn an_inactive_pool_takes_nothing_back() {
        let node =
            r#"{"id":"7","createdAt":"2026-01-01T00:00:00.000Z","owner":{"id":"a"},"salesPool":{"id":"p","isActive":false,"idleDays":3}}"#;
        assert_eq!(Candidate::read(&node.parse().unwrap()).unwrap().terms, Terms::default());
    }
}
