//! What counts as following a lead up: a call, meeting, visit or mail that is done and reached somebody. Tasks and notes are
//! work on the lead, not with it.

use tenon_sdk::prelude::*;

const KINDS: [&str; 4] = ["call", "meeting", "visit", "mail"];
/// Changes after which an activity is looked at again.
const TELLING: [&str; 5] = ["kind", "status", "outcome", "done_at", "regarding"];

/// The lead that an activity follows up, and when it was: never later than now.
fn followed(change: &Change, now: DateTime) -> Option<(String, DateTime)> {
    let lead = change.reference("regarding").filter(|to| to.object == "lead")?;
    let is_valid = change.text("status") == Some("done")
        && change.text("kind").is_some_and(|kind| KINDS.contains(&kind))
        && change.text("outcome") != Some("not_reached")
        && TELLING.iter().any(|name| change.changes(name));
    is_valid.then(|| (lead.id.clone(), change.datetime("done_at").map_or(now, |at| at.min(now))))
}

/// Notes on leads when they were last followed up.
pub(crate) fn note(changes: &[Change]) -> Result<(), Error> {
    let now = clock::now();
    let followed: Vec<(String, DateTime)> = changes.iter().filter_map(|change| followed(change, now)).collect();
    if followed.is_empty() {
        return Ok(());
    }
    acting::as_itself(|| {
        let mut ids: Vec<&str> = followed.iter().map(|(id, _)| id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        let document = "query($ids: [ID!]) { leads(filter: { id: { in: $ids } }, first: 200) { nodes { id lastActivityAt } } }";
        let data = records::query(document, &Json::object([("ids", ids.into())]).to_string())?;
        let later = |lead: &Json| {
            let id = lead.at("id").text()?.to_owned();
            let last = followed.iter().filter(|(one, _)| *one == id).map(|(_, at)| *at).max()?;
            let is_later = lead.at("lastActivityAt").datetime().is_none_or(|known| known < last);
            is_later.then_some((id, last))
        };
        let later: Vec<(String, DateTime)> = data.at("leads.nodes").items().iter().filter_map(later).collect();
        let rows: Vec<_> = later.iter().map(|(id, at)| (id.as_str(), vec![("last_activity_at", (*at).into())])).collect();
        if !rows.is_empty() {
            records::update_many("lead", &rows)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenon_sdk::testing;

    fn at(hours: i64) -> DateTime {
        DateTime::from_millis(hours * 3_600_000)
    }

    fn call() -> testing::ChangeBuilder {
        testing::create("activity").after("regarding", Reference::new("lead", "7")).after("kind", "call").after("status", "done")
    }

    #[test]
    fn a_call_that_was_made_counts_when_it_was_made() {
        assert_eq!(followed(&call().after("done_at", at(5)).build(), at(9)), Some(("7".to_owned(), at(5))));
        assert_eq!(followed(&call().build(), at(9)), Some(("7".to_owned(), at(9))));
        assert_eq!(followed(&call().after("done_at", at(99)).build(), at(9)), Some(("7".to_owned(), at(9))), "nothing is done tomorrow");
    }

    #[test]
    fn what_reaches_nobody_does_not_count() {
        let other = |name: &str, value: &str| call().after(name, value).build();
        for change in [
            other("status", "open"),
            other("kind", "task"),
            other("kind", "note"),
            other("outcome", "not_reached"),
            call().after("regarding", Reference::new("account", "7")).build(),
            testing::update("activity")
                .before("regarding", Reference::new("lead", "7"))
                .before("kind", "call")
                .before("status", "done")
                .after("subject", "a word mended")
                .build(),
        ] {
            assert_eq!(followed(&change, at(9)), None);
        }
    }
}
