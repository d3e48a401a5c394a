//! What the lowest role does: plan a visit, carry it out, be refused.

use serde_json::{Value, json};
use tenon_tests::Tenant;

const SCHEDULE: &str = "mutation ($machine: ID!) { dealerScheduleService(input: { machine: $machine }) { visit plannedFor } }";
const DONE: &str = "mutation ($id: ID!, $input: UpdateDealerVisitInput!) { updateDealerVisit(id: $id, input: $input) {
    visitedOn updatedBy { kind } machine { lastServicedOn serviceDue } } }";

/// The first error of a document: its words in a language, its rule and its field.
async fn refused(caller: &Tenant, locale: &str, document: &str, variables: Value) -> anyhow::Result<(String, Value, Value)> {
    let headers = [("accept-language".to_owned(), locale.to_owned())];
    let answer = caller.post("graphql", &json!({ "query": document, "variables": variables }), &headers).await?.json()?;
    let error = &answer["errors"][0];
    assert_eq!((&answer["data"], &error["extensions"]["code"]), (&Value::Null, &json!("REFUSED")), "{answer}");
    let words = error["message"].as_str().unwrap_or_default().to_owned();
    Ok((words, error["extensions"]["rule"].clone(), error["extensions"]["field"].clone()))
}

async fn read(caller: &Tenant, machine: &Value, fields: &str) -> anyhow::Result<Value> {
    let document = format!("query ($id: ID!) {{ dealerMachine(id: $id) {{ {fields} }} }}");
    Ok(caller.data(&document, json!({ "id": machine })).await?["dealerMachine"].clone())
}

/// A machine of one month's interval, delivered on the last of January 2090.
pub(super) async fn planned_and_done(engineer: &Tenant, machine: &Value) -> anyhow::Result<()> {
    // 2090 has no leap day; the dealer's usual warranty are 24 months.
    let told = json!({ "serviceDue": "2090-02-28", "warrantyUntil": "2092-01-31", "lastServicedOn": null });
    assert_eq!(read(engineer, machine, "serviceDue warrantyUntil lastServicedOn").await?, told);
    let planned = engineer.data(SCHEDULE, json!({ "machine": machine })).await?["dealerScheduleService"].clone();
    assert_eq!(planned["plannedFor"], "2090-02-28");

    let again = json!({ "machine": machine });
    let (english, chinese) = ("a visit is planned already, for 2090-02-28", "该设备已安排 2090-02-28 上门服务");
    for (locale, words) in [("en", english), ("zh-CN", chinese)] {
        let expected = (words.to_owned(), json!("ALREADY_PLANNED"), Value::Null);
        assert_eq!(refused(engineer, locale, SCHEDULE, again.clone()).await?, expected);
    }
    let silent = json!({ "id": planned["visit"], "input": { "state": "DONE" } });
    let expected = ("say how long the visit took".to_owned(), json!("LABOUR_MISSING"), json!("hours"));
    assert_eq!(refused(engineer, "en", DONE, silent).await?, expected);

    let input = json!({ "state": "DONE", "hours": "1.67", "visitedOn": "2090-03-31" });
    let done = engineer.data(DONE, json!({ "id": planned["visit"], "input": input })).await?["updateDealerVisit"].clone();
    assert_eq!(done["machine"], json!({ "lastServicedOn": "2090-03-31", "serviceDue": "2090-04-30" }), "{done}");
    // The days are the package's to write: to him there is no such input.
    let own = "mutation ($id: ID!) { updateDealerMachine(id: $id, input: { lastServicedOn: \"2090-05-01\" }) { id } }";
    let answer = engineer.post("graphql", &json!({ "query": own, "variables": { "id": machine } }), &[]).await?.json()?;
    assert_eq!(answer["errors"][0]["extensions"]["rule"], "graphql/validation", "{answer}");
    // A visit of an earlier day turns nothing back.
    let early =
        "mutation ($machine: ID!) { createDealerVisit(input: { subject: \"Early\", state: DONE, hours: \"1\", visitedOn: \"2090-02-01\",
        machine: { connect: { id: $machine } } }) { id } }";
    engineer.data(early, json!({ "machine": machine })).await?;
    assert_eq!(read(engineer, machine, "serviceDue").await?, json!({ "serviceDue": "2090-04-30" }));
    let next = engineer.data(SCHEDULE, json!({ "machine": machine })).await?;
    assert_eq!(next["dealerScheduleService"]["plannedFor"], "2090-04-30", "what is done can be planned anew");
    Ok(())
}

/// Of several who plan at once, one does.
pub(super) async fn planned_once(engineer: &Tenant, machine: &Value) -> anyhow::Result<()> {
    let body = json!({ "query": SCHEDULE, "variables": { "machine": machine } });
    let ask = async || engineer.post("graphql", &body, &[]).await?.json();
    let answers = tokio::join!(ask(), ask(), ask(), ask());
    let answers = [answers.0?, answers.1?, answers.2?, answers.3?];
    let planned = answers.iter().filter(|answer| answer["data"]["dealerScheduleService"]["plannedFor"] == "2090-02-28").count();
    let refused = answers.iter().filter(|answer| answer["errors"][0]["extensions"]["rule"] == "ALREADY_PLANNED").count();
    assert_eq!((planned, refused), (1, 3), "{answers:?}");
    Ok(())
}

/// A fleet comes in at once, and is serviced at once: what the plugin may ask for is counted, not what there is to do.
pub(super) async fn a_fleet(tenant: &Tenant, engineer: &Tenant) -> anyhow::Result<()> {
    let account = tenant.data("{ accounts { nodes { id } } }", json!({})).await?["accounts"]["nodes"][0]["id"].clone();
    let machine = |number: usize| {
        json!({ "serial": format!("F-{number:03}"), "model": "Lift", "deliveredOn": "2090-06-30", "serviceMonths": 12,
            "account": { "connect": { "id": account } } })
    };
    let document = "mutation ($inputs: [CreateDealerMachineInput!]!) { createDealerMachines(inputs: $inputs) { nodes { id serviceDue warrantyUntil } } }";
    let made = tenant.data(document, json!({ "inputs": (0..150).map(machine).collect::<Vec<_>>() })).await?;
    let made = made["createDealerMachines"]["nodes"].as_array().cloned().unwrap_or_default();
    let is_told = |machine: &&Value| machine["serviceDue"] == "2091-06-30" && machine["warrantyUntil"] == "2092-06-30";
    assert_eq!((made.len(), made.iter().filter(is_told).count()), (150, 150), "{made:?}");

    let visit = |machine: &Value, hours: Value| json!({ "subject": "Fleet", "state": "DONE", "hours": hours, "visitedOn": "2091-07-01", "machine": { "connect": { "id": machine["id"] } } });
    let document = "mutation ($inputs: [CreateDealerVisitInput!]!) { createDealerVisits(inputs: $inputs) { created } }";
    let silent: Vec<Value> = made.iter().map(|machine| visit(machine, Value::Null)).collect();
    assert_eq!(refused(engineer, "zh", document, json!({ "inputs": silent })).await?.0, "请填写本次服务的工时");
    let done: Vec<Value> = made.iter().map(|machine| visit(machine, json!("0.5"))).collect();
    engineer.data(document, json!({ "inputs": done })).await?;
    let due = "{ dealerMachines(filter: { serviceDue: { eq: \"2092-07-01\" } }) { totalCount { value } } }";
    assert_eq!(engineer.data(due, json!({})).await?["dealerMachines"]["totalCount"]["value"], 150);
    Ok(())
}

/// What is scrapped is not due, and nobody plans for it; what is not there is not either.
pub(super) async fn never_for_scrap(engineer: &Tenant, machine: &Value) -> anyhow::Result<()> {
    let scrap = "mutation ($id: ID!) { updateDealerMachine(id: $id, input: { condition: SCRAPPED }) { serviceDue } }";
    let scrapped = engineer.data(scrap, json!({ "id": machine })).await?;
    assert_eq!(scrapped["updateDealerMachine"]["serviceDue"], Value::Null);
    let (words, rule, _) = refused(engineer, "zh", SCHEDULE, json!({ "machine": machine })).await?;
    assert_eq!((words.as_str(), rule), ("该设备已报废，不再安排服务", json!("SCRAPPED")));
    let nobody = json!({ "machine": "0198c1d2-7a3e-7f00-8000-00000000dead" });
    assert_eq!(refused(engineer, "en", SCHEDULE, nobody).await?.1, "NO_MACHINE");
    Ok(())
}
