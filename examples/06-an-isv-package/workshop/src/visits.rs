//! What a visit needs to be done, and what follows from it.

use tenon_sdk::prelude::*;

use crate::words::Word;

/// Before a visit is saved: one that is done says how long it took, and has a day.
///
/// # Errors
/// A refusal at the field `labour`, in which this version keeps how long it took.
pub fn complete(visit: &mut Change, labour: &str) -> Result<(), Refusal> {
    if !visit.becomes("state", "done") {
        return Ok(());
    }
    if visit.is_empty(labour) {
        return Err(Word::LabourMissing.refusal_on(labour));
    }
    if visit.is_empty("visited_on") {
        visit.set("visited_on", clock::today());
    }
    Ok(())
}

/// After a visit was saved: its machine was serviced on that day, unless it was later already.
///
/// Engineers may not write a machine's days; the package answers for them, so it writes as itself.
///
/// # Errors
/// What the host declines.
pub fn serviced(visit: &Change) -> Result<(), Error> {
    let is_news = visit.becomes("state", "done") || visit.changes("visited_on");
    if visit.text("state") != Some("done") || !is_news {
        return Ok(());
    }
    let (Some(machine), Some(day)) = (visit.reference("machine"), visit.date("visited_on")) else { return Ok(()) };
    acting::as_itself(|| {
        let Some(known) = records::get_for_update("dealer_machine", &machine.id)? else { return Ok(()) };
        if known.date("last_serviced_on").is_none_or(|last| last < day) {
            records::update("dealer_machine", &machine.id, Some(known.version), &[("last_serviced_on", day.into())])?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenon_sdk::testing;

    fn done() -> testing::ChangeBuilder {
        testing::update("dealer_visit").before("state", "planned").after("state", "done")
    }

    #[test]
    fn a_visit_that_is_done_says_how_long_it_took() {
        testing::answer_queries(|_, _| Ok(r#"{"me":{"locale":"en"}}"#.to_owned()));
        let refusal = complete(&mut done().build(), "hours").unwrap_err();
        assert_eq!((refusal.rule.as_deref(), refusal.field.as_deref()), (Some("LABOUR_MISSING"), Some("hours")));
        assert_eq!(refusal.message, "say how long the visit took");

        let mut visit = done().after("hours", Decimal::from(2)).build();
        complete(&mut visit, "hours").unwrap();
        assert_eq!(visit.date("visited_on"), "2026-01-01".parse().ok(), "today, where nothing else is said");
        let mut planned = testing::create("dealer_visit").after("state", "planned").build();
        assert_eq!(complete(&mut planned, "hours"), Ok(()), "what is to be done needs nothing");
    }

    #[test]
    fn the_machine_was_serviced_on_the_latest_day() {
        let day = |text: &str| Value::from(text.parse::<Date>().unwrap());
        testing::put_record("dealer_machine", "m", &[("serial", "X-1".into())]);
        for (visited, last) in [("2026-03-01", "2026-03-01"), ("2026-02-01", "2026-03-01"), ("2026-04-01", "2026-04-01")] {
            let visit = done().after("visited_on", day(visited)).after("machine", Reference::new("dealer_machine", "m"));
            serviced(&visit.build()).unwrap();
            let machine = records::get("dealer_machine", "m").unwrap().unwrap();
            assert_eq!(machine.date("last_serviced_on"), last.parse().ok(), "{visited}");
        }
    }
}
