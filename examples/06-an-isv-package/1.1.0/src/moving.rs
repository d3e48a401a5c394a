//! The upgrade from 1.0: visits get the minutes that their hours mean, a page of them in each step.
//!
//! It looks at every visit, not at those without minutes: who went back to 1.0 and comes again has minutes that were right
//! then, and may have changed the hours since.

use tenon_sdk::prelude::*;

use crate::labour::{are_in_step, minutes_of};

const PAGE: &str = "query ($after: String) {
    dealerVisits(first: 100, after: $after, orderBy: [{ id: ASC }]) {
        nodes { id hours minutes } pageInfo { hasNextPage endCursor } } }";

/// One step: those behind the cursor.
pub(crate) fn step(cursor: Option<&str>) -> Result<Outcome, Error> {
    let variables = Json::object([("after", cursor.map_or(Json::Null, Json::from))]).to_string();
    let data = records::query(PAGE, &variables)?;
    let visits = data.at("dealerVisits.nodes").items().iter();
    let changes: Vec<_> = visits.filter_map(out_of_step).map(|(id, minutes)| (id, vec![("minutes", minutes)])).collect();
    if !changes.is_empty() {
        records::update_many("dealer_visit", &changes)?;
    }
    let page = data.at("dealerVisits.pageInfo");
    Ok(match page.at("endCursor").text() {
        Some(next) if page.at("hasNextPage").boolean() == Some(true) => Outcome::GoesOn(next.to_owned()),
        _ => Outcome::done(),
    })
}

/// A visit whose minutes are not what its hours mean: its id, and what they mean.
fn out_of_step(visit: &Json) -> Option<(&str, Value)> {
    let hours = visit.at("hours").decimal();
    if are_in_step(hours, visit.at("minutes").integer()) {
        return None;
    }
    Some((visit.at("id").text()?, hours.map_or(Value::Null, |hours| minutes_of(hours).into())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenon_sdk::testing;

    fn minutes(id: &str) -> Option<i64> {
        records::get("dealer_visit", id).unwrap().unwrap().integer("minutes")
    }

    #[test]
    fn what_is_out_of_step_is_moved_and_nothing_else() {
        for id in ["new", "right", "stale", "planned", "taken back"] {
            testing::put_record("dealer_visit", id, &[("minutes", 7.into())]);
        }
        testing::answer_queries(|_, variables| {
            let is_first = variables.contains("null");
            Ok(if is_first {
                r#"{"dealerVisits":{"nodes":[{"id":"new","hours":"1.25","minutes":null},{"id":"right","hours":"1.67","minutes":100}],
                    "pageInfo":{"hasNextPage":true,"endCursor":"c1"}}}"#
            } else {
                r#"{"dealerVisits":{"nodes":[{"id":"stale","hours":"2.00","minutes":75},{"id":"planned","hours":null,"minutes":null},
                    {"id":"taken back","hours":null,"minutes":30}],"pageInfo":{"hasNextPage":false,"endCursor":"c2"}}}"#
            }
            .to_owned())
        });
        assert_eq!(step(None), Ok(Outcome::GoesOn("c1".to_owned())));
        assert_eq!((minutes("new"), minutes("right"), minutes("stale")), (Some(75), Some(7), Some(7)), "7 is left alone");
        assert_eq!(step(Some("c1")), Ok(Outcome::done()));
        assert_eq!((minutes("stale"), minutes("planned"), minutes("taken back")), (Some(120), Some(7), None));
    }
}
