//! What is explained is what happens: for people of many kinds and records reached in every way, `explainAccess` and
//! `whoCanSee` say exactly who sees and changes what, and a right that is given has a reason that holds.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tenon_tests::{Database, Member, Setting, Tenant, TestServer};

use crate::both::on;

/// Each kind of reason there is.
const KINDS: [&str; 6] = ["ADMINISTRATOR", "NOBODY", "ROLE", "SHARE", "SHARING_RULE", "SYSTEM"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_explained_is_what_happens_on_sqlite() {
    on(Database::Sqlite, Vec::new(), explained).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_explained_is_what_happens_on_postgres() {
    on(Database::Postgres, Vec::new(), explained).await;
}

async fn explained(server: &TestServer, _: &Setting) -> anyhow::Result<()> {
    let (ours, others) = (server.tenant(None, None, None).await?, server.tenant(None, None, None).await?);
    let foreign = made(&others, "Opportunity", json!({ "name": "Elsewhere" })).await?;
    let people = people(&ours).await?;
    let deals = deals(&ours, &people).await?;
    let mut met = BTreeSet::new();
    let mut inherited = false;
    for deal in &deals {
        let seen_by: BTreeSet<String> = who_sees(&ours, deal).await?;
        for (name, member) in &people {
            let own = look(member, deal).await?;
            let told = why(&ours, deal, &member.user).await?;
            let allowed = |right: &str| rights(&told).any(|one| one["right"] == right && one["allowed"] == true);
            let sees = !own.is_null();
            ensure!(allowed("read") == sees, "{name} reads {deal}: {told}");
            ensure!(seen_by.contains(&member.user) == sees, "{name} among those who see {deal}: {seen_by:?}");
            for right in ["update", "delete", "share"] {
                let may = sees && own["can"][right] == true;
                ensure!(!sees || allowed(right) == may, "{name} and `{right}` of {deal}: {own} {told}");
            }
            for one in rights(&told) {
                let reasons = one["reasons"].as_array().context("reasons")?;
                let holds = reasons.iter().any(|reason| reason["holds"] == true);
                // A change needs sight as well, which has reasons of its own.
                ensure!(if one["right"] == "read" { one["allowed"] == holds } else { one["allowed"] == false || holds }, "{name}: {one}");
            }
            let fields = told["fields"].as_array().context("fields")?.iter();
            for reason in rights(&told).chain(fields).flat_map(|one| one["reasons"].as_array().into_iter().flatten()) {
                met.insert(reason["by"].as_str().unwrap_or_default().to_owned());
                inherited |= !reason["through"].is_null();
            }
        }
    }
    ensure!(met.iter().map(String::as_str).eq(KINDS), "kinds of reasons met: {met:?}");
    ensure!(inherited, "a right of a parent role was met");
    ensure!(why(&ours, &foreign, &people[0].1.user).await?.is_null(), "another tenant's record is nobody's");
    Ok(())
}

const LOOK: &str = "query ($id: ID!) { opportunity(id: $id) { can { update delete share } } }";

/// A deal as somebody sees it: null where he does not, or where for him there are no deals at all.
async fn look(member: &Member, deal: &str) -> anyhow::Result<Value> {
    match member.data(LOOK, json!({ "id": deal })).await {
        Ok(mut told) => Ok(told["opportunity"].take()),
        Err(error) if error.to_string().contains("Cannot query field") => Ok(Value::Null),
        Err(error) => Err(error),
    }
}

/// One of each kind, the first two in a team, the last outside.
async fn people(ours: &Tenant) -> anyhow::Result<Vec<(&'static str, Member)>> {
    let east = made(ours, "Partner", json!({ "name": "East", "code": "E" })).await?;
    let team = made(ours, "Team", json!({ "name": "Hunters" })).await?;
    let mut people = Vec::new();
    for (name, role) in [
        ("rep", "sales_rep"),
        ("mate", "sales_rep"),
        ("chief", "sales_manager"),
        ("agent", "service_agent"),
        ("boss", "administrator"),
        ("clerk", "employee"),
    ] {
        people.push((name, ours.member(&format!("{name}@mail.example"), &[role]).await?));
    }
    for (_, member) in people.iter().take(2) {
        let input = json!({ "team": { "connect": { "id": team } } });
        ours.data(
            "mutation ($id: ID!, $i: UpdateUserInput!) { updateUser(id: $id, input: $i) { id } }",
            json!({ "id": member.user, "i": input }),
        )
        .await?;
    }
    people.push(("dealer", ours.portal_member("dealer@mail.example", &["partner_user"], ("partner", &east)).await?));
    Ok(people)
}

/// Deals that are reached as one's own, by the team, by a sharing rule, by shares, through a partner, and by nobody.
async fn deals(ours: &Tenant, people: &[(&'static str, Member)]) -> anyhow::Result<Vec<String>> {
    let user = |name: &str| people.iter().find(|(one, _)| *one == name).map(|(_, member)| member.user.clone()).unwrap_or_default();
    let owner = |name: &str| json!({ "connect": { "id": user(name) } });
    let account = made(ours, "Account", json!({ "name": "Customer of East", "partner": { "connect": { "code": "E" } } })).await?;
    let mut deals = Vec::new();
    for input in [
        json!({ "name": "Own", "owner": owner("rep") }),
        json!({ "name": "Won", "stage": "WON", "owner": owner("clerk") }),
        json!({ "name": "Nobody's" }),
        json!({ "name": "East's", "account": { "connect": { "id": account } } }),
        json!({ "name": "Shared" }),
        json!({ "name": "Lent", "owner": owner("rep") }),
    ] {
        deals.push(made(ours, "Opportunity", input).await?);
    }
    let share = "mutation ($id: ID!, $with: ID!, $r: [String!]!) { shareOpportunity(id: $id, with: $with, rights: $r) { id } }";
    let team = ours.data("{ teams { nodes { id } } }", json!({})).await?["teams"]["nodes"][0]["id"].take();
    ours.data(share, json!({ "id": deals[4], "with": team, "r": ["read", "update"] })).await?;
    ours.data(share, json!({ "id": deals[5], "with": user("agent"), "r": ["read"] })).await?;
    Ok(deals)
}

async fn made(tenant: &Tenant, kind: &str, input: Value) -> anyhow::Result<String> {
    let document = format!("mutation ($i: Create{kind}Input!) {{ made: create{kind}(input: $i) {{ id }} }}");
    let told = tenant.data(&document, json!({ "i": input })).await.with_context(|| format!("a record of `{kind}`"))?;
    Ok(told["made"]["id"].as_str().context("an id")?.to_owned())
}

async fn why(ours: &Tenant, deal: &str, user: &str) -> anyhow::Result<Value> {
    let reasons = "reasons { by name through holds }";
    let document = format!(
        "query ($id: ID!, $of: ID!) {{ told: explainAccess(object: \"opportunity\", id: $id, principal: $of) {{ rights {{ right allowed {reasons} }} fields {{ field right {reasons} }} }} }}"
    );
    Ok(ours.data(&document, json!({ "id": deal, "of": user })).await?["told"].take())
}

fn rights(told: &Value) -> impl Iterator<Item = &Value> {
    told["rights"].as_array().into_iter().flatten()
}

async fn who_sees(ours: &Tenant, deal: &str) -> anyhow::Result<BTreeSet<String>> {
    let document = "query ($id: ID!) { whoCanSee(object: \"opportunity\", id: $id, first: 50) { principal { id } } }";
    let told = ours.data(document, json!({ "id": deal })).await?;
    let seen = told["whoCanSee"].as_array().context("a list")?.iter();
    Ok(seen.filter_map(|one| one["principal"]["id"].as_str().map(str::to_owned)).collect())
}
