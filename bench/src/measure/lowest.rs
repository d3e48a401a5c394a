//! W2 as the lowest role: the same page, asked by a sales rep who sees own deals, the team's, the territory's, and what two
//! sharing rules give. Measured in turns with the administrator, and printed with PostgreSQL's plan. W4 likewise, without a budget.

use anyhow::Context;
use serde_json::{Value, json};
use tokio_postgres::NoTls;

use super::driver;
use super::peer;
use super::table::{Table, median};
use super::workload::{Ids, LOADS, Load};
use crate::chance::Chance;
use crate::platform::{Place, Server, empty_folder};
use crate::say;
use crate::wire::{Connection, Target, ask};

/// The organisation around the rep.
const USERS: usize = 1_000;
const TEAMS: usize = 50;
const TERRITORIES: usize = 50;

/// Ids in one request.
const CHUNK: usize = 2_000;

/// The rep's share of the administrator's rate at least: 1.3 times the cost.
const COST_MAX: f64 = 1.3;

/// Who asks.
const LOGIN: &str = "rep@bench.example";
const PASSWORD: &str = "a horse drinks of the well";

/// Two sharing rules of the tenant's own, for everybody who sells.
const SHARING: &str = "format: tenon/v1\nobject: opportunity\nsharing:
  key_deals: { label: { en: Key deals, zh: 重点商机 }, rows: \"is_key\", to: { roles: [sales_rep] }, rights: [read] }
  committed: { label: { en: Committed, zh: 承诺商机 }, rows: \"forecast == 'commit'\", to: { roles: [sales_rep] }, rights: [read] }\n";

/// Measures it, in turns.
pub(super) async fn measure(
    (server, target): (&Server, &Target),
    ids: &Ids,
    place: &Place,
    how: (usize, usize, u64),
    table: &mut Table,
) -> anyhow::Result<()> {
    let rep = prepare(target, ids).await.context("the organisation of the lowest role")?;
    if let Some(url) = &place.database {
        // As the database does by itself after a while: half of all rows have just been written again.
        peer::settle(url).await?;
    }
    for (name, budget) in [("w2", Some(COST_MAX)), ("w4", None)] {
        let load = LOADS.iter().find(|load| load.name == name).context("there is such a load")?;
        let (low, high) = in_turns(server, (&rep, target), load, ids, how).await?;
        let of = |figures: &[driver::Figures], value: fn(&driver::Figures) -> f64| median(figures.iter().map(value).collect());
        let cost = of(&high, |one| one.rate) / of(&low, |one| one.rate);
        let what = format!(
            "{} as the lowest role over the same as administrator /{} ({:.0} and {:.0} req/s, p50 {:.2} and {:.2} ms)",
            name.to_uppercase(),
            how.0,
            of(&low, |one| one.rate),
            of(&high, |one| one.rate),
            of(&low, |one| one.p50_ms),
            of(&high, |one| one.p50_ms)
        );
        table.one_off(
            &what,
            format!("{cost:.2}"),
            &budget.map_or_else(String::new, |max| format!("≤ {max}")),
            budget.map(|max| cost <= max),
        );
        let parameters = json!({ "stage": "PROPOSAL", "amount": "20000.50", "from": "2025-06-01", "to": "2025-08-29" });
        plan(place, &rep, name, load.body(&parameters)).await?;
    }
    Ok(())
}

/// The lowest role's figures, and the administrator's.
async fn in_turns(
    server: &Server,
    (rep, admin): (&Target, &Target),
    load: &'static Load,
    ids: &Ids,
    (connections, rounds, seconds): (usize, usize, u64),
) -> anyhow::Result<(Vec<driver::Figures>, Vec<driver::Figures>)> {
    let (mut low, mut high) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let seed = u64::try_from(round)? + 1;
        for (who, rates) in [(rep, &mut low), (admin, &mut high)] {
            let known = ids.clone();
            let make = move |chance: &mut Chance| load.body(&load.next(&known, chance));
            rates.push(driver::run(std::slice::from_ref(who), server.vitals()?, make, seed, connections, seconds).await?);
        }
    }
    Ok((low, high))
}

/// Teams, territories, users, and a member who has a place among them. The answer asks as that member.
async fn prepare(target: &Target, ids: &Ids) -> anyhow::Result<Target> {
    let mut admin = Connection::open(target).await?;
    let teams = named(&mut admin, "Team", "Teams", TEAMS).await?;
    let territories = named(&mut admin, "Territory", "Territories", TERRITORIES).await?;
    let missing = USERS.saturating_sub(ids.users.len() + 1);
    let mut users: Vec<String> = ids.users.to_vec();
    users.extend(named(&mut admin, "User", "Users", missing).await?);
    spread(&mut admin, ("User", "Users", "team"), &users, &teams).await?;
    spread(&mut admin, ("Account", "Accounts", "territory"), &ids.accounts, &territories).await?;
    apply(target).await?;
    let door = |door: &str| Target { path: target.path.replace("/graphql", door), ..target.clone() };
    let invited = ask(&door("/invitations"), &json!({ "email": LOGIN, "roles": ["sales_rep"] })).await?.0;
    let token = invited.get("link").and_then(Value::as_str).and_then(|link| link.rsplit('#').next()).context("no link")?.to_owned();
    ask(&door("/invitations/accept"), &json!({ "token": token, "password": PASSWORD })).await?;
    let rep = invited.pointer("/member/user").and_then(Value::as_str).context("no user")?.to_owned();
    let place = json!({
        "id": rep,
        "input": { "team": { "connect": { "id": teams.get(7) } }, "territories": { "connect": [{ "id": territories.get(7) }] } },
    });
    admin.run("mutation ($id: ID!, $input: UpdateUserInput!) { updateUser(id: $id, input: $input) { id } }", &place).await?;
    // As many deals of his own as any other has.
    let own: Vec<&String> = ids.opportunities.iter().step_by(USERS).collect();
    let owner = json!({ "ids": own, "input": { "owner": { "connect": { "id": rep } } } });
    let document = "mutation ($ids: [ID!], $input: UpdateOpportunityInput) { updateOpportunities(ids: $ids, input: $input) { affected } }";
    admin.run(document, &owner).await?;
    let cookie = ask(&door("/session"), &json!({ "login": LOGIN, "password": PASSWORD })).await?.1;
    anyhow::ensure!(!cookie.is_empty(), "no session");
    Ok(Target { key: cookie, ..target.clone() })
}

async fn named(admin: &mut Connection, single: &str, plural: &str, count: usize) -> anyhow::Result<Vec<String>> {
    let rows: Vec<Value> = (0..count).map(|number| json!({ "name": format!("{single} {number}") })).collect();
    let document = format!("mutation ($rows: [Create{single}Input!]!) {{ made: create{plural}(inputs: $rows) {{ nodes {{ id }} }} }}");
    let data = admin.run(&document, &json!({ "rows": rows })).await?;
    let nodes = data.pointer("/made/nodes").and_then(Value::as_array).context("nodes")?;
    Ok(nodes.iter().filter_map(|node| node.get("id")?.as_str()).map(str::to_owned).collect())
}

/// Ties records to targets, each target to as many as any other. Stages and owners go by numbers as well, so that a step of a
/// fixed width would give a team deals of every other stage only: each turn begins one further.
async fn spread(
    admin: &mut Connection,
    (single, plural, relation): (&str, &str, &str),
    of: &[String],
    to: &[String],
) -> anyhow::Result<()> {
    let document =
        format!("mutation ($ids: [ID!], $input: Update{single}Input) {{ update{plural}(ids: $ids, input: $input) {{ affected }} }}");
    for (number, target) in to.iter().enumerate() {
        let turn = to.len().max(1);
        let own: Vec<&String> = of.iter().enumerate().filter(|(at, _)| (at + at / turn) % turn == number).map(|(_, id)| id).collect();
        for ids in own.chunks(CHUNK) {
            admin.run(&document, &json!({ "ids": ids, "input": { relation: { "connect": { "id": target } } } })).await?;
        }
    }
    Ok(())
}

async fn apply(target: &Target) -> anyhow::Result<()> {
    let mut door = Connection::open(&Target { path: target.path.replace("/graphql", "/metadata"), ..target.clone() }).await?;
    let files = json!({ "files": [{ "path": "objects/opportunity/access.yaml", "text": SHARING }] });
    let planned = door.run("mutation ($files: [FileInput!]) { plan(files: $files) { hash diagnostics { message } } }", &files).await?;
    let hash = planned.pointer("/plan/hash").context("a plan")?;
    door.run("mutation ($plan: String!) { apply(plan: $plan) { version } }", &json!({ "plan": hash }))
        .await
        .with_context(|| planned.to_string())?;
    Ok(())
}

/// What a server runs when the rep asks once, and how PostgreSQL goes about it. A second node tells: on SQLite there is one only.
async fn plan(place: &Place, rep: &Target, name: &str, body: Value) -> anyhow::Result<()> {
    let Some(url) = &place.database else { return Ok(()) };
    let node = Place { data: empty_folder("lowest")?, ..place.clone() };
    let told = node.data.join("statements.jsonl");
    let server = node.serve_telling(&told).await?;
    let mut asking = Connection::open(&Target { address: server.address.clone(), ..rep.clone() }).await?;
    let status = asking.post(body.to_string().as_bytes()).await?;
    anyhow::ensure!(status == 200, "{name} as the lowest role answers {status}");
    server.kill().await?;
    let told = std::fs::read_to_string(told)?;
    let statements = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let statements = statements.filter_map(|line| line.pointer("/fields/sql").or(line.get("sql"))?.as_str().map(str::to_owned));
    // The longest is the one that rules were woven into; those before it looked up who asks.
    let Some(query) = statements.filter(|sql| sql.starts_with("select")).max_by_key(String::len) else {
        say::result("the server told of no statement");
        return Ok(());
    };
    say::result(&format!("\n{} as the lowest role, the statement:\n\n```sql\n{query}\n```", name.to_uppercase()));
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let driver = tokio::spawn(connection);
    // A generic plan is the one that is run again and again; it does not look at the values, so none are given.
    let values = (1..100).rev().find(|place| query.contains(&format!("${place}"))).unwrap_or(0);
    let nothing = vec!["null"; values].join(", ");
    client.batch_execute(&format!("set plan_cache_mode = force_generic_plan; prepare lowest as {query}")).await?;
    let explain = client.query(&format!("explain execute lowest({nothing})"), &[]).await;
    let lines: Vec<String> = explain?.iter().filter_map(|row| row.try_get::<_, String>(0).ok()).collect();
    say::result(&format!("```text\n{}\n```", lines.join("\n")));
    drop(client);
    Ok(driver.await??)
}
