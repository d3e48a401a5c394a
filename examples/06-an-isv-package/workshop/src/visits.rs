//! What visits need to be done, and what follows from them. All visits of a save together: an import brings 200 at once, and
//! what a plugin may ask for in a call is counted.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use tenon_sdk::prelude::*;

use crate::words::{Word, locale};

const LAST_SERVICED: &str =
    "query ($ids: [ID!]!) { dealerMachines(first: 200, filter: { id: { in: $ids } }) { nodes { id lastServicedOn } } }";

/// Before visits are saved: one that is done says how long it took, in the field `labour`, and has a day.
pub fn complete(visits: &mut [Change], labour: &str) {
    let asked = OnceCell::new();
    for visit in visits.iter_mut().filter(|visit| visit.becomes("state", "done")) {
        if visit.is_empty(labour) {
            let refusal = Word::LabourMissing.refusal_in(asked.get_or_init(locale));
            visit.refuse(Refusal { field: Some(labour.to_owned()), ..refusal });
        } else if visit.is_empty("visited_on") {
            visit.set("visited_on", clock::today());
        }
    }
}

/// After visits were saved: their machines were serviced on that day, unless it was later already.
///
/// Engineers may not write a machine's days; the package answers for them, so it writes as itself.
///
/// # Errors
/// What the host declines.
pub fn serviced(visits: &[Change]) -> Result<(), Error> {
    let mut latest: BTreeMap<&str, Date> = BTreeMap::new();
    for visit in visits.iter().filter(|visit| is_news(visit)) {
        if let (Some(machine), Some(day)) = (visit.reference("machine"), visit.date("visited_on")) {
            let known = latest.entry(&machine.id).or_insert(day);
            *known = day.max(*known);
        }
    }
    if latest.is_empty() {
        return Ok(());
    }
    acting::as_itself(|| {
        // Of two who end visits to one machine at once the later day stays: the second one looks when the first is done.
        records::lock("serviced")?;
        let later = later_than_stored(latest)?;
        let changes: Vec<_> = later.iter().map(|(id, day)| (id.as_str(), vec![("last_serviced_on", Value::from(*day))])).collect();
        if !changes.is_empty() {
            records::update_many("dealer_machine", &changes)?;
        }
        Ok(())
    })
}

/// Whether the save has ended the visit, or moved one that is done to another day.
fn is_news(visit: &Change) -> bool {
    visit.text("state") == Some("done") && (visit.becomes("state", "done") || visit.changes("visited_on"))
}

/// The machines whose stored day is earlier.
fn later_than_stored(latest: BTreeMap<&str, Date>) -> Result<Vec<(String, Date)>, Error> {
    let ids: Vec<String> = latest.keys().map(|id| (*id).to_owned()).collect();
    let data = records::query(LAST_SERVICED, &Json::object([("ids", ids.into())]).to_string())?;
    let later = |machine: &Json| {
        let id = machine.at("id").text()?;
        let stored = machine.at("lastServicedOn").text().and_then(|day| day.parse::<Date>().ok());
        let day = *latest.get(id)?;
        stored.is_none_or(|stored| stored < day).then(|| (id.to_owned(), day))
    };
    Ok(data.at("dealerMachines.nodes").items().iter().filter_map(later).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::rc::Rc;
    use tenon_sdk::testing;

    fn done() -> testing::ChangeBuilder {
        testing::update("dealer_visit").before("state", "planned").after("state", "done")
    }

    fn day(text: &str) -> Value {
        text.parse::<Date>().unwrap().into()
    }

    #[test]
    fn visits_that_are_done_say_how_long_they_took() {
        let asked = Rc::new(Cell::new(0));
        let counting = Rc::clone(&asked);
        testing::answer_queries(move |_, _| {
            counting.set(counting.get() + 1);
            Ok(r#"{"me":{"locale":"en"}}"#.to_owned())
        });
        let planned = testing::create("dealer_visit").after("state", "planned").build();
        let mut visits = [done().build(), done().after("hours", Decimal::from(2)).build(), planned, done().build()];
        complete(&mut visits, "hours");
        for silent in [0, 3] {
            let [refusal] = testing::refusals(&visits[silent]) else { panic!("{:?}", visits[silent]) };
            assert_eq!((refusal.rule.as_deref(), refusal.field.as_deref()), (Some("LABOUR_MISSING"), Some("hours")));
            assert_eq!(refusal.message, "say how long the visit took");
        }
        assert_eq!(visits[1].get("visited_on"), Some(&day("2026-01-01")), "today, where nothing else is said");
        assert!(testing::refusals(&visits[2]).is_empty(), "what is to be done needs nothing");
        assert_eq!(asked.get(), 1, "the language is asked for once");
    }

    #[test]
    fn machines_were_serviced_on_the_latest_day() {
        for id in ["a", "b", "c"] {
            testing::put_record("dealer_machine", id, &[("last_serviced_on", day("2026-02-15"))]);
        }
        testing::answer_queries(|_, variables| {
            assert_eq!(variables, r#"{"ids":["a","b"]}"#);
            let nodes = r#"{"id":"a","lastServicedOn":"2026-02-15"},{"id":"b","lastServicedOn":"2026-02-15"}"#;
            Ok(format!(r#"{{"dealerMachines":{{"nodes":[{nodes}]}}}}"#))
        });
        let visit = |machine: &str, on: &str| {
            done().after("visited_on", day(on)).after("machine", Reference::new("dealer_machine", machine)).build()
        };
        let planned = testing::create("dealer_visit").after("machine", Reference::new("dealer_machine", "c")).build();
        serviced(&[visit("a", "2026-03-01"), visit("a", "2026-04-01"), visit("a", "2026-03-15"), visit("b", "2026-02-01"), planned])
            .unwrap();
        let last = |id: &str| records::get("dealer_machine", id).unwrap().unwrap().get("last_serviced_on").cloned();
        assert_eq!((last("a"), last("b"), last("c")), (Some(day("2026-04-01")), Some(day("2026-02-15")), Some(day("2026-02-15"))));
    }
}
