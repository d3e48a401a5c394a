//! What nobody works on goes back to its pool, in the night after it is due.

use serde_json::{Value, json};
use tenon_tests::{Member, TestServer};
use tenon_value::DateTime;

use super::house::{DAY, HOUR, House, claim};

/// Two o'clock in Shanghai, in UTC.
const NIGHT: i64 = 18 * HOUR;

/// Moves the clock to the first night whose job has a pool's eye on a lead that is claimed now: the claim is made so that it
/// falls `before` a night by so much.
async fn before_night(house: &House, before: i64) -> anyhow::Result<DateTime> {
    let now = house.now().await?.millis();
    let night = (now - NIGHT).div_euclid(DAY) * DAY + NIGHT + 2 * DAY;
    house.advance_to(DateTime::from_millis(night - before)).await?;
    Ok(DateTime::from_millis(night))
}

async fn owner(house: &House, lead: &str) -> anyhow::Result<Value> {
    Ok(house.look(lead, "owner { id }").await?["owner"]["id"].clone())
}

async fn call(by: &Member, lead: &str, more: &str) -> anyhow::Result<()> {
    let document = format!(
        "mutation {{ createActivity(input: {{ subject: \"x\", regarding: {{ connect: {{ id: \"{lead}\" }} }}, {more} }}) {{ id }} }}"
    );
    by.data(&document, json!({})).await.map(drop)
}

pub(super) async fn an_idle_lead_goes_back_to_the_hour(server: &TestServer) -> anyhow::Result<()> {
    let house = House::build(server, None, "idleDays: 3, cooldownDays: 1").await?;
    let beside = House::build(server, None, "idleDays: 3").await?;
    let (li, theirs, other) = (house.rep("li").await?, beside.lead("theirs").await?, beside.rep("ou").await?);
    assert_eq!(claim(&other, &theirs).await?, "done");
    let (late, exact, called) = (house.lead("late").await?, house.lead("exact").await?, house.lead("called").await?);
    // Claimed 72 hours before the third night to the millisecond, and one millisecond later.
    let night = before_night(&house, 0).await?;
    assert_eq!(claim(&li, &exact).await?, "done");
    assert_eq!(claim(&li, &called).await?, "done");
    house.advance(1).await?;
    assert_eq!(claim(&li, &late).await?, "done");
    house.advance(DAY).await?;
    for more in [
        "kind: TASK, status: DONE",
        "kind: NOTE, status: DONE",
        "kind: CALL, status: OPEN",
        "kind: CALL, status: DONE, outcome: NOT_REACHED",
    ] {
        call(&li, &exact, more).await?;
    }
    call(&li, &called, "kind: CALL, status: DONE").await?;
    house.advance_to(DateTime::from_millis(night.millis() + 3 * DAY - 1)).await?;
    assert_eq!(owner(&house, &exact).await?, json!(li.user));
    house.advance(1).await?;
    assert_eq!(owner(&house, &exact).await?, json!(null), "72 hours, and no activity that counts");
    assert_eq!(owner(&house, &late).await?, json!(li.user), "71 whole hours");
    assert_eq!(owner(&house, &called).await?, json!(li.user));
    let state = house
        .look(&exact, "status recycleCount salesOwnerships(orderBy: [{ createdAt: DESC }], first: 1) { nodes { how reason } }")
        .await?;
    assert_eq!((&state["status"], &state["recycleCount"]), (&json!("RECYCLED"), &json!(1)));
    assert_eq!(state["salesOwnerships"]["nodes"], json!([{ "how": "RECYCLED", "reason": "nobody followed it up" }]));
    assert_eq!(claim(&li, &exact).await?, "COOLDOWN");

    // The next nights take the others, once.
    house.advance(3 * DAY).await?;
    assert_eq!((owner(&house, &late).await?, owner(&house, &called).await?), (json!(null), json!(null)));
    let state = house.look(&exact, "version recycleCount").await?;
    house.advance(DAY).await?;
    assert_eq!(house.look(&exact, "version recycleCount").await?, state, "run again, it does nothing");
    assert_eq!(owner(&beside, &theirs).await?, json!(other.user), "another tenant's clock stands still");
    Ok(())
}

pub(super) async fn an_owner_is_warned_once(server: &TestServer) -> anyhow::Result<()> {
    let house = House::build(server, None, "idleDays: 4, warnDays: 2").await?;
    let (li, lead) = (house.rep("li").await?, house.lead("Ann").await?);
    let night = before_night(&house, 0).await?;
    assert_eq!(claim(&li, &lead).await?, "done");
    house.advance(2 * DAY - 1).await?;
    let tasks = "{ activities { nodes { subject kind status dueAt owner { id } regarding { ... on Lead { name } } } } }";
    assert_eq!(li.data(tasks, json!({})).await?["activities"]["nodes"], json!([]));
    house.advance(1).await?;
    let told = li.data(tasks, json!({})).await?;
    let due = DateTime::from_millis(night.millis() + 4 * DAY).to_string();
    let expected = json!([{
        "subject": "Ann: goes back to the pool unless followed up", "kind": "TASK", "status": "OPEN", "dueAt": due,
        "owner": { "id": li.user }, "regarding": { "name": "Ann" },
    }]);
    assert_eq!(told["activities"]["nodes"], expected);
    house.advance(DAY).await?;
    assert_eq!(li.data(tasks, json!({})).await?["activities"]["nodes"], expected, "once");

    // Who follows it up keeps it, and is warned of the next end.
    call(&li, &lead, "kind: VISIT, status: DONE").await?;
    house.advance(DAY).await?;
    assert_eq!(owner(&house, &lead).await?, json!(li.user));
    house.advance(DAY).await?;
    let count = li.data("{ activities(filter: { kind: { eq: TASK } }) { totalCount { value } } }", json!({})).await?;
    assert_eq!(count["activities"]["totalCount"]["value"], json!(2));
    house.advance(2 * DAY).await?;
    assert_eq!(owner(&house, &lead).await?, json!(null));
    Ok(())
}

pub(super) async fn protected_and_converted_leads_stay(server: &TestServer) -> anyhow::Result<()> {
    let house = House::build(server, None, "dealDays: 2, maxHeld: 1").await?;
    let li = house.rep("li").await?;
    let leads = [house.lead("protected").await?, house.lead("converted").await?, house.lead("plain").await?];
    before_night(&house, 0).await?;
    assert_eq!(claim(&li, &leads[0]).await?, "done");
    house.change(&leads[0], "salesProtected: true").await?;
    assert_eq!(claim(&li, &leads[1]).await?, "done", "what is protected is not held");
    house.change(&leads[1], "status: CONVERTED").await?;
    assert_eq!(claim(&li, &leads[2]).await?, "done", "nor is what is converted");
    // Somebody works on it every day, and it comes to nothing.
    for _ in 0..2 {
        call(&li, &leads[2], "kind: CALL, status: DONE").await?;
        house.advance(DAY).await?;
    }
    let mut owners = Vec::new();
    for lead in &leads {
        owners.push(owner(&house, lead).await?);
    }
    assert_eq!(owners, [json!(li.user), json!(li.user), json!(null)]);
    let state = house.look(&leads[2], "salesOwnerships(orderBy: [{ createdAt: DESC }], first: 1) { nodes { reason } }").await?;
    assert_eq!(state["salesOwnerships"]["nodes"][0]["reason"], "it came to no deal in time");
    Ok(())
}
