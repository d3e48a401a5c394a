//! The action `schedule_service`: the next visit to a machine, by its interval.

use tenon_sdk::prelude::*;

use crate::due::SCRAPPED;
use crate::machines::due;
use crate::words::Word;

/// The visit that is planned for a machine.
const PLANNED: &str = "query ($machine: ID!) { dealerVisits(first: 1, filter: { machine: { eq: $machine }, state: { eq: PLANNED } }) {
    nodes { plannedFor } } }";

/// Plans the next visit. Of two who ask at once one plans it: the machine is held until the transaction ends.
///
/// # Errors
/// A refusal where there is no such machine, it is scrapped, or a visit is planned.
pub fn schedule(input: &Json) -> Result<Json, Error> {
    let id = input.at("machine").text().unwrap_or_default();
    let Some(machine) = records::get_for_update("dealer_machine", id)? else { return Err(Word::NoMachine.refusal().into()) };
    if machine.text("condition") == Some(SCRAPPED) {
        return Err(Word::Scrapped.refusal().into());
    }
    let variables = Json::object([("machine", id.into())]).to_string();
    let planned = records::query(PLANNED, &variables)?;
    if let [visit, ..] = planned.at("dealerVisits.nodes").items() {
        let day = visit.at("plannedFor").text().unwrap_or_default().to_owned();
        return Err(Word::AlreadyPlanned(day).refusal().into());
    }
    // What is overdue is done today.
    let day = due(&machine).unwrap_or_else(clock::today).max(clock::today());
    let serial = machine.text("serial").unwrap_or_default();
    let visit = records::create(
        "dealer_visit",
        &[
            ("subject", format!("{serial}, {day}").into()),
            ("machine", Reference::new("dealer_machine", id).into()),
            ("planned_for", day.into()),
        ],
    )?;
    Ok(Json::object([("visit", visit.id.into()), ("planned_for", day.to_string().into())]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenon_sdk::testing;

    fn day_of(text: &str) -> Value {
        text.parse::<Date>().unwrap().into()
    }

    fn machine(condition: &str, delivered: &str) -> Json {
        let values =
            [("serial", "X-1".into()), ("condition", condition.into()), ("delivered_on", day_of(delivered)), ("service_months", 6.into())];
        testing::put_record("dealer_machine", "m", &values);
        Json::object([("machine", "m".into())])
    }

    fn planned(nodes: &'static str) {
        testing::answer_queries(move |document, _| {
            let me = document.contains("me {");
            Ok(if me { r#"{"me":{"locale":"zh"}}"#.to_owned() } else { format!(r#"{{"dealerVisits":{{"nodes":[{nodes}]}}}}"#) })
        });
    }

    fn refused(input: &Json) -> Refusal {
        match schedule(input) {
            Err(Error::Refused(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_next_visit_is_on_the_day_it_is_due() {
        // The clock of these tests stands at 2026-01-01.
        planned("");
        let done = schedule(&machine("running", "2025-12-31")).unwrap();
        assert_eq!(done.at("planned_for").text(), Some("2026-06-30"), "June has no 31st");
        let visit = records::get("dealer_visit", done.at("visit").text().unwrap()).unwrap().unwrap();
        assert_eq!((visit.text("subject"), visit.date("planned_for")), (Some("X-1, 2026-06-30"), "2026-06-30".parse().ok()));
        assert_eq!(visit.reference("machine").map(|machine| machine.id.as_str()), Some("m"));
    }

    #[test]
    fn what_is_overdue_is_planned_for_today() {
        planned("");
        let done = schedule(&machine("standing", "2020-02-01")).unwrap();
        assert_eq!(done.at("planned_for").text(), Some("2026-01-01"));
    }

    #[test]
    fn nobody_plans_twice_nor_for_scrap_nor_for_nothing() {
        planned(r#"{"plannedFor":"2026-06-30"}"#);
        let twice = refused(&machine("running", "2025-12-31"));
        assert_eq!((twice.rule.as_deref(), twice.message.as_str()), (Some("ALREADY_PLANNED"), "该设备已安排 2026-06-30 上门服务"));
        assert_eq!(refused(&machine("scrapped", "2025-12-31")).rule.as_deref(), Some("SCRAPPED"));
        let nothing = Json::object([("machine", "nothing".into())]);
        assert_eq!(refused(&nothing).rule.as_deref(), Some("NO_MACHINE"));
    }
}
