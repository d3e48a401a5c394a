//! Who had a lead and when; admins; what is not for who holds a lead to write.

use serde_json::{Value, json};
use tenon_tests::{Member, TestServer};

use super::house::{HOUR, House, claim, give_back, word};

const STRETCHES: &str = "salesOwnerships(orderBy: [{ createdAt: ASC }]) { nodes { how reason holder { id } pool { id } beganAt endedAt } }";

/// The history of a lead: how, by whom held, why; and whether each stretch ends where the next begins.
async fn history(house: &House, lead: &str) -> anyhow::Result<Vec<(String, Value, Value)>> {
    let state = house.look(lead, STRETCHES).await?;
    let stretches = state["salesOwnerships"]["nodes"].as_array().cloned().unwrap_or_default();
    for pair in stretches.windows(2) {
        assert_eq!(pair[0]["endedAt"], pair[1]["beganAt"], "{state}");
    }
    assert_eq!(stretches.last().map(|last| last["endedAt"].clone()), Some(json!(null)), "{state}");
    let one = |stretch: &Value| {
        (stretch["how"].as_str().unwrap_or_default().to_owned(), stretch["holder"]["id"].clone(), stretch["reason"].clone())
    };
    Ok(stretches.iter().map(one).collect())
}

pub(super) async fn every_change_of_hands_is_in_the_history(server: &TestServer) -> anyhow::Result<()> {
    let house = House::build(server, None, "").await?;
    let (li, wang, lead) = (house.rep("li").await?, house.rep("wang").await?, house.lead("Ann").await?);
    house.advance(HOUR).await?;
    assert_eq!(claim(&li, &lead).await?, "done");
    house.advance(HOUR).await?;
    // Handed on within the team, by hand.
    let hand = "mutation($id: ID!, $to: ID!) { updateLead(id: $id, input: { owner: { connect: { id: $to } } }) { id } }";
    li.data(hand, json!({ "id": lead, "to": wang.user })).await?;
    house.advance(HOUR).await?;
    assert_eq!(give_back(&wang, &lead, "not ours").await?, "done");
    let expected = [
        ("ENTERED", json!(null), json!(null)),
        ("CLAIMED", json!(li.user), json!(null)),
        ("CHANGED", json!(wang.user), json!(null)),
        ("RETURNED", json!(null), json!("not ours")),
    ];
    assert_eq!(history(&house, &lead).await?, expected.map(|(how, who, why)| (how.to_owned(), who, why)));
    let state = house.look(&lead, "status recycleCount owner { id }").await?;
    assert_eq!(state, json!({ "status": "RECYCLED", "recycleCount": 1, "owner": null }));

    // What changes nothing of this is no change of hands; what somebody had, he sees.
    house.change(&lead, "company: \"A Ltd\"").await?;
    assert_eq!(history(&house, &lead).await?.len(), 4);
    let seen = li.data("{ salesOwnerships { nodes { how } } }", json!({})).await?;
    assert_eq!(seen["salesOwnerships"]["nodes"], json!([{ "how": "CLAIMED" }]));

    // A batch of two hundred, by hand: the limit of what may be held is for every door.
    house.set("maxHeld: 150").await?;
    let inputs: Vec<Value> = (0..160)
        .map(|turn| json!({ "name": format!("l{turn}"), "owner": { "connect": { "id": li.user } }, "salesPool": { "connect": { "id": house.pool } } }))
        .collect();
    let many = "mutation($inputs: [CreateLeadInput!]!) { createLeads(inputs: $inputs) { created } }";
    let body = json!({ "query": many, "variables": { "inputs": inputs } });
    let answer = house.tenant.post("graphql", &body, &[]).await?.json()?;
    assert_eq!(word(&answer), "HOLD_LIMIT");
    let body = json!({ "query": many, "variables": { "inputs": &inputs[..150] } });
    let answer = house.tenant.post("graphql", &body, &[]).await?.json()?;
    assert_eq!(answer["data"]["createLeads"]["created"], json!(150), "{answer}");
    let count = house.tenant.data("{ salesOwnershipsAggregate(filter: { endedAt: { isNull: true } }) { count } }", json!({})).await?;
    assert_eq!(count["salesOwnershipsAggregate"][0]["count"], json!(151));
    Ok(())
}

async fn assign(by: &Member, lead: &str, to: &str) -> anyhow::Result<String> {
    let document = "mutation($lead: ID, $to: ID) { salesAssign(input: { lead: $lead, to: $to, reason: \"knows them\" }) { lead pool } }";
    Ok(word(&by.graphql(document, json!({ "lead": lead, "to": to })).await?))
}

pub(super) async fn admins_assign_and_return(server: &TestServer) -> anyhow::Result<()> {
    let house = House::build(server, None, "maxHeld: 1, cooldownDays: 9, dailyClaims: 0").await?;
    let (boss, li, wang) = (house.rep("boss").await?, house.rep("li").await?, house.rep("wang").await?);
    let leader = "mutation($team: ID!, $lead: ID!) { updateTeam(id: $team, input: { lead: { connect: { id: $lead } } }) { id } }";
    house.tenant.data(leader, json!({ "team": house.team, "lead": boss.user })).await?;
    let (one, two) = (house.lead("one").await?, house.lead("two").await?);
    assert_eq!(claim(&li, &one).await?, "DAILY_LIMIT", "from this pool nobody claims");
    assert_eq!(assign(&li, &one, &li.user).await?, "NOT_AN_ADMIN");
    let stranger = house.stranger("wu").await?;
    assert_eq!(assign(&stranger, &one, &stranger.user).await?, "NO_LEAD");
    assert_eq!(assign(&boss, &one, &stranger.user).await?, "NOT_A_MEMBER");
    assert_eq!(assign(&boss, &one, &li.user).await?, "done");
    assert_eq!(assign(&boss, &one, &li.user).await?, "ALREADY_OWNED");
    assert_eq!(assign(&boss, &two, &li.user).await?, "HOLD_LIMIT");
    assert_eq!(assign(&boss, &one, &wang.user).await?, "done", "an admin takes and gives");
    assert_eq!(assign(&boss, &one, &li.user).await?, "done", "and does not wait");
    assert_eq!(give_back(&boss, &one, "on leave").await?, "done");
    let told: Vec<String> = history(&house, &one).await?.into_iter().map(|(how, ..)| how).collect();
    assert_eq!(told, ["ENTERED", "ASSIGNED", "ASSIGNED", "ASSIGNED", "RETURNED"]);
    assert_eq!(history(&house, &one).await?[1].2, json!("knows them"));
    Ok(())
}

pub(super) async fn what_the_package_keeps_is_not_written_by_who_holds_a_lead(server: &TestServer) -> anyhow::Result<()> {
    let house = House::build(server, None, "").await?;
    let (li, lead) = (house.rep("li").await?, house.lead("Ann").await?);
    let owner = "mutation($id: ID!, $to: ID!) { updateLead(id: $id, input: { owner: { connect: { id: $to } } }) { id } }";
    let answer = li.graphql(owner, json!({ "id": lead, "to": li.user })).await?;
    assert_eq!(answer["errors"][0]["extensions"]["code"], json!("FORBIDDEN"), "not without a claim: {answer}");
    assert_eq!(claim(&li, &lead).await?, "done");
    for input in ["salesProtected: true", "salesPool: null", "lastActivityAt: \"2999-01-01T00:00:00.000Z\"", "salesWarnedAt: null"] {
        let answer = li.graphql(&format!("mutation {{ updateLead(id: \"{lead}\", input: {{ {input} }}) {{ id }} }}"), json!({})).await?;
        assert_eq!(answer["errors"][0]["extensions"]["rule"], json!("graphql/validation"), "{input}: {answer}");
    }
    for mutation in [
        format!("createSalesOwnership(input: {{ how: CLAIMED, lead: {{ connect: {{ id: \"{lead}\" }} }} }}) {{ id }}"),
        format!("updateSalesPool(id: \"{}\", input: {{ maxHeld: 9 }}) {{ id }}", house.pool),
    ] {
        let answer = li.graphql(&format!("mutation {{ {mutation} }}"), json!({})).await?;
        assert!(!answer["errors"][0].is_null(), "{mutation}: {answer}");
    }
    // A save of his own goes on as ever.
    li.data("mutation($id: ID!) { updateLead(id: $id, input: { company: \"A Ltd\", status: FOLLOWING }) { id } }", json!({ "id": lead }))
        .await?;
    Ok(())
}
