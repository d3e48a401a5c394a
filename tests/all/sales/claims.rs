//! Claims: who may, how many, how soon again; and many at once.

use std::collections::BTreeMap;

use serde_json::json;
use tenon_tests::{Member, TestServer};
use tenon_value::DateTime;

use super::house::{DAY, HOUR, House, claim, give_back, made};

pub(super) async fn a_claim_gives_a_lead_to_its_claimer(server: &TestServer) -> anyhow::Result<()> {
    let house = House::build(server, None, "dailyClaims: 5").await?;
    let beside = House::build(server, None, "").await?;
    let (li, lead) = (house.rep("li").await?, house.lead("Ann").await?);
    let theirs = beside.lead("Theirs").await?;

    // Members see what lies in their pool, strangers do not.
    let seen = li.data("{ leads { nodes { id } } salesPools { nodes { name } } }", json!({})).await?;
    assert_eq!(seen, json!({ "leads": { "nodes": [{ "id": lead }] }, "salesPools": { "nodes": [{ "name": "South" }] } }));
    let stranger = house.stranger("wu").await?;
    let seen = stranger.data("{ leads { nodes { id } } salesPools { nodes { id } } }", json!({})).await?;
    assert_eq!(seen, json!({ "leads": { "nodes": [] }, "salesPools": { "nodes": [] } }));

    let document = "mutation($lead: ID) { salesClaim(input: { lead: $lead }) { lead pool claimsLeft held } }";
    let data = li.data(document, json!({ "lead": lead })).await?;
    assert_eq!(data["salesClaim"], json!({ "lead": lead, "pool": house.pool, "claimsLeft": 4, "held": 1 }));
    let now = house.now().await?.to_string();
    let state = house.look(&lead, "owner { id } status assignedAt lastActivityAt updatedBy { id } history { nodes { via } }").await?;
    assert_eq!((&state["owner"]["id"], &state["status"]), (&json!(li.user), &json!("ASSIGNED")));
    assert_eq!((&state["assignedAt"], &state["lastActivityAt"]), (&json!(now), &json!(now)), "a claim counts as an activity");
    assert_eq!((&state["updatedBy"]["id"], &state["history"]["nodes"][0]["via"]), (&json!(li.user), &json!("plugin")));

    // Another tenant's leads are not there, and nothing happened to them.
    assert_eq!(claim(&li, &theirs).await?, "NO_LEAD");
    assert_eq!(
        beside.look(&theirs, "owner { id } salesOwnerships { nodes { how } }").await?["salesOwnerships"]["nodes"][0]["how"],
        "ENTERED"
    );
    Ok(())
}

pub(super) async fn each_refusal_has_its_word(server: &TestServer) -> anyhow::Result<()> {
    let house = House::build(server, None, "maxHeld: 2, dailyClaims: 3, cooldownDays: 2").await?;
    let (li, wang) = (house.rep("li").await?, house.rep("wang").await?);
    let mut leads = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        leads.push(house.lead(name).await?);
    }
    assert_eq!(claim(&li, &leads[0]).await?, "done");
    assert_eq!(claim(&wang, &leads[0]).await?, "ALREADY_OWNED");
    assert_eq!(claim(&li, &leads[0]).await?, "ALREADY_OWNED", "also to who has it");
    assert_eq!(claim(&li, &leads[1]).await?, "done");
    assert_eq!(claim(&li, &leads[2]).await?, "HOLD_LIMIT");
    assert_eq!(house.look(&leads[2], "owner { id }").await?["owner"], json!(null));

    assert_eq!(give_back(&li, &leads[0], " ").await?, "REASON_MISSING");
    assert_eq!(give_back(&wang, &leads[0], "mine").await?, "NOT_YOURS");
    assert_eq!(give_back(&li, &leads[0], "wrong number").await?, "done");
    assert_eq!(give_back(&li, &leads[0], "again").await?, "NOT_YOURS", "nobody has it");
    assert_eq!(claim(&li, &leads[0]).await?, "COOLDOWN");
    assert_eq!(claim(&li, &leads[2]).await?, "done");
    house.change(&leads[1], "salesProtected: true").await?;
    assert_eq!(claim(&li, &leads[3]).await?, "DAILY_LIMIT", "three claims, returned or not");
    assert_eq!(claim(&wang, &leads[0]).await?, "done", "others need not wait");
    assert_eq!(give_back(&wang, &leads[0], "no").await?, "done");

    // Cool-down is over exactly two times 24 hours later.
    house.advance(2 * DAY - 1).await?;
    assert_eq!(claim(&li, &leads[0]).await?, "COOLDOWN");
    house.advance(1).await?;
    assert_eq!(claim(&li, &leads[0]).await?, "done", "what is protected is not held");

    house.change(&leads[3], "status: INVALID").await?;
    assert_eq!(claim(&wang, &leads[3]).await?, "CLOSED");
    house.set("isActive: false").await?;
    assert_eq!(claim(&wang, &leads[4]).await?, "POOL_INACTIVE");
    house.set("isActive: true").await?;

    let stranger = house.stranger("wu").await?;
    assert_eq!(claim(&stranger, &leads[4]).await?, "NO_LEAD", "who does not see it is not told of it");
    let own = made(&house.tenant, "Lead", &format!("name: \"own\", owner: {{ connect: {{ id: \"{}\" }} }}", wang.user)).await?;
    assert_eq!(claim(&wang, &own).await?, "NO_POOL");
    let employee = house.tenant.member("chen@x.example", &["employee"]).await?;
    assert_eq!(claim(&employee, &leads[4]).await?, "NO_LEAD");
    let by_key =
        json!({ "query": "mutation($lead: ID) { salesClaim(input: { lead: $lead }) { lead } }", "variables": { "lead": leads[4] } });
    assert_eq!(super::house::word(&house.tenant.post("graphql", &by_key, &[]).await?.json()?), "NOT_A_PERSON");

    // In the caller's language.
    let document = "mutation($lead: ID) { salesClaim(input: { lead: $lead }) { lead } }";
    let body = json!({ "query": document, "variables": { "lead": leads[0] } }).to_string();
    let request = wang.request("POST", "graphql").header("content-type", "application/json").header("accept-language", "zh").body(body);
    let answer = request.send(wang.tenant.address).await?.json()?;
    assert_eq!(answer["errors"][0]["message"], "该线索已有负责人", "{answer}");
    Ok(())
}

/// So many claims at once, by these people in turn; how often each word came.
async fn at_once(people: &[Member], leads: &[String], count: usize) -> anyhow::Result<BTreeMap<String, usize>> {
    let mut claims = tokio::task::JoinSet::new();
    for turn in 0..count {
        let (by, lead) = (people[turn % people.len()].clone(), leads[turn % leads.len()].clone());
        claims.spawn(async move { claim(&by, &lead).await });
    }
    let mut words = BTreeMap::new();
    for word in claims.join_all().await {
        *words.entry(word?).or_default() += 1;
    }
    Ok(words)
}

pub(super) async fn of_a_hundred_claims_of_one_lead_one_wins(server: &TestServer) -> anyhow::Result<()> {
    let house = House::build(server, None, "maxHeld: 5, dailyClaims: 5").await?;
    let mut people = Vec::new();
    for turn in 0..10 {
        people.push(house.rep(&format!("rep{turn}")).await?);
    }
    let lead = house.lead("wanted").await?;
    let words = at_once(&people, std::slice::from_ref(&lead), 100).await?;
    assert_eq!(words, BTreeMap::from([("ALREADY_OWNED".to_owned(), 99), ("done".to_owned(), 1)]));
    let state =
        house.look(&lead, "owner { id } salesOwnerships(orderBy: [{ createdAt: ASC }]) { nodes { how holder { id } endedAt } }").await?;
    let stretches = state["salesOwnerships"]["nodes"].as_array().map(Vec::len);
    assert_eq!((stretches, &state["salesOwnerships"]["nodes"][1]["holder"]["id"]), (Some(2), &state["owner"]["id"]), "{state}");
    Ok(())
}

pub(super) async fn who_claims_much_at_once_gets_no_more_than_the_limit(server: &TestServer) -> anyhow::Result<()> {
    let house = House::build(server, None, "maxHeld: 7").await?;
    let li = house.rep("li").await?;
    let mut leads = Vec::new();
    for turn in 0..20 {
        leads.push(house.lead(&format!("lead {turn}")).await?);
    }
    let words = at_once(std::slice::from_ref(&li), &leads, 20).await?;
    assert_eq!(words, BTreeMap::from([("HOLD_LIMIT".to_owned(), 13), ("done".to_owned(), 7)]));
    house.set("maxHeld: null, dailyClaims: 10").await?;
    let free = house.tenant.data("{ leads(filter: { owner: { isNull: true } }) { nodes { id } } }", json!({})).await?;
    let free: Vec<String> =
        free["leads"]["nodes"].as_array().into_iter().flatten().filter_map(|one| one["id"].as_str().map(str::to_owned)).collect();
    let words = at_once(std::slice::from_ref(&li), &free, 13).await?;
    assert_eq!(words, BTreeMap::from([("DAILY_LIMIT".to_owned(), 10), ("done".to_owned(), 3)]));
    Ok(())
}

/// In Berlin the 25th of October 2026 has 25 hours.
pub(super) async fn a_day_is_the_tenants(server: &TestServer) -> anyhow::Result<()> {
    let house = House::build(server, Some("Europe/Berlin"), "dailyClaims: 1").await?;
    let li = house.rep("li").await?;
    let now = house.now().await?;
    // The last Sunday of an October that is still to come begins at 22:00 UTC of the day before.
    let year = now.to_string()[..4].parse::<i32>()? + 1;
    let last = (25..=31).rev().find_map(|day| {
        let midnight: DateTime = format!("{year}-10-{day}T00:00:00.000Z").parse().ok()?;
        // 1970-01-04 was a Sunday.
        ((midnight.millis() / DAY - 3) % 7 == 0).then_some(midnight)
    });
    let begins = DateTime::from_millis(last.map_or(0, DateTime::millis) - 2 * HOUR);
    house.advance_to(DateTime::from_millis(begins.millis() + HOUR / 2)).await?;
    let leads = [house.lead("a").await?, house.lead("b").await?, house.lead("c").await?];
    assert_eq!(claim(&li, &leads[0]).await?, "done");
    house.advance_to(DateTime::from_millis(begins.millis() + 25 * HOUR - 1)).await?;
    assert_eq!(claim(&li, &leads[1]).await?, "DAILY_LIMIT", "the 25th hour is of the same day");
    house.advance(1).await?;
    assert_eq!(claim(&li, &leads[1]).await?, "done");
    house.advance(24 * HOUR - 1).await?;
    assert_eq!(claim(&li, &leads[2]).await?, "DAILY_LIMIT");
    Ok(())
}
