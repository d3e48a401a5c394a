//! The server is restarted while a hundred ask for one thing: whoever is cut off asks again, and it happens once all the same.
//!
//! Here the package is installed as ISVs' packages are: from its signed file, with consent, and it is in force after the restart.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};
use tenon_packages::{Bundle, files_of};
use tenon_server::ServeConfig;
use tenon_tests::{Database, Member, Setting, Tenant, TestServer};
use tokio::sync::{mpsc, watch};

use super::conversion::{CONVERT, count, lead_of};
use super::house::{CLAIM, House, configured, word};
use crate::packages::house::{acme, install};

/// Who asks at once.
const ASKERS: usize = 100;
/// The people they are.
const PEOPLE: usize = 10;
/// So many have their answer when the server stops.
const ANSWERED: usize = 20;
/// How long the server may be away.
const AWAY_MAX: Duration = Duration::from_secs(120);

/// Runs a test that restarts its server, in a tenant that has the package installed.
pub(super) async fn with_package(database: Database, test: impl AsyncFnOnce(TestServer, Tenant) -> anyhow::Result<TestServer>) {
    let Some(server) = TestServer::start_as(database, &Setting::read(), trusting).await.unwrap() else { return };
    let tenant = server.tenant(None, None, None).await.unwrap();
    install(&tenant, package().unwrap()).await.unwrap();
    match test(server, tenant).await {
        Ok(server) => server.stop().await.unwrap(),
        Err(error) => panic!("on {database:?}: {error:#}"),
    }
}

fn trusting(config: &mut ServeConfig) {
    configured(config);
    config.plugins = Vec::new();
    config.publishers = vec![format!("tenon={}", acme().public())];
}

/// The package's file, signed.
fn package() -> anyhow::Result<Vec<u8>> {
    let setting = Setting::read();
    let mut files = files_of(&Setting::repository().join("plugins/sales"))?;
    files.retain(|path, _| path == "package.yaml" || path.starts_with("objects/"));
    files.insert("plugin.wasm".to_owned(), std::fs::read(setting.component("sales")?)?);
    Ok(Bundle::pack(files)?.signed(&acme()).bytes()?)
}

/// Asks until there is an answer: a server that is going away, or is busy, has done nothing; one that is gone may have.
async fn persistently(
    by: Member,
    (document, variables): (&'static str, Value),
    mut server: watch::Receiver<SocketAddr>,
) -> anyhow::Result<Value> {
    loop {
        let address = *server.borrow_and_update();
        let here = Member { tenant: Tenant { address, ..by.tenant.clone() }, ..by.clone() };
        match here.graphql(document, variables.clone()).await {
            Ok(answer) => {
                let error = &answer["errors"][0]["extensions"];
                if error["code"] != "UNAVAILABLE" && error["limit"] != "time" {
                    return Ok(answer);
                }
                tokio::task::yield_now().await;
            }
            Err(_) => tokio::time::timeout(AWAY_MAX, server.changed()).await.context("the server stays away")??,
        }
    }
}

/// All of this is asked at once, and the server restarted in the middle; how often each word came.
async fn through_a_restart(
    server: TestServer,
    tenant: &Tenant,
    asked: Vec<(Member, &'static str, Value)>,
) -> anyhow::Result<(TestServer, BTreeMap<String, usize>)> {
    let (tell, address) = watch::channel(tenant.address);
    let (answered, mut answers) = mpsc::unbounded_channel();
    for (by, document, variables) in asked {
        let (address, answered) = (address.clone(), answered.clone());
        tokio::spawn(async move { answered.send(persistently(by, (document, variables), address).await) });
    }
    drop(answered);
    let mut words = BTreeMap::new();
    let mut note = |answer: anyhow::Result<Value>| {
        *words.entry(word(&answer?)).or_default() += 1;
        anyhow::Ok(())
    };
    for _ in 0..ANSWERED {
        note(answers.recv().await.context("an answer")?)?;
    }
    let server = server.restart(&[], trusting).await?;
    tell.send_replace(server.serve(tenant).address);
    while let Some(answer) = answers.recv().await {
        note(answer)?;
    }
    Ok((server, words))
}

/// The people of a house.
async fn people(house: &House) -> anyhow::Result<Vec<Member>> {
    let mut people = Vec::new();
    for turn in 0..PEOPLE {
        people.push(house.rep(&format!("rep{turn}")).await?);
    }
    Ok(people)
}

/// All of these are told, and none but these; the one who was cut off may have been heard.
fn told(words: &BTreeMap<String, usize>, refusals: &[&str]) {
    assert_eq!(words.values().sum::<usize>(), ASKERS, "{words:?}");
    assert!(words.keys().all(|word| word == "done" || refusals.contains(&word.as_str())), "{words:?}");
}

pub(super) async fn one_lead_has_one_claimer(server: TestServer, tenant: Tenant) -> anyhow::Result<TestServer> {
    let house = House::furnish(tenant, "maxHeld: 5, dailyClaims: 5").await?;
    let (people, lead) = (people(&house).await?, house.lead("wanted").await?);
    let asked = (0..ASKERS).map(|turn| (people[turn % PEOPLE].clone(), CLAIM, json!({ "lead": lead }))).collect();
    let (server, words) = through_a_restart(server, &house.tenant, asked).await?;
    told(&words, &["ALREADY_OWNED"]);
    assert!(words.get("done").is_none_or(|done| *done == 1), "{words:?}");
    let house = house.at(&server);
    let fields = "owner { id } salesOwnerships(orderBy: [{ createdAt: ASC }]) { nodes { how holder { id } endedAt } }";
    let state = house.look(&lead, fields).await?;
    let stretches = &state["salesOwnerships"]["nodes"];
    assert_eq!((stretches.as_array().map(Vec::len), &stretches[1]["holder"]["id"]), (Some(2), &state["owner"]["id"]), "{state}");
    Ok(server)
}

pub(super) async fn a_pool_gives_to_each_what_he_may_hold(server: TestServer, tenant: Tenant) -> anyhow::Result<TestServer> {
    const HELD: usize = 3;
    let house = House::furnish(tenant, "maxHeld: 3").await?;
    let people = people(&house).await?;
    let mut leads = Vec::new();
    for turn in 0..ASKERS {
        leads.push(house.lead(&format!("lead {turn}")).await?);
    }
    // Ten leads for each, three of which he may hold: nobody else wants them.
    let asked = (0..ASKERS).map(|turn| (people[turn % PEOPLE].clone(), CLAIM, json!({ "lead": leads[turn] }))).collect();
    let (server, words) = through_a_restart(server, &house.tenant, asked).await?;
    told(&words, &["HOLD_LIMIT", "ALREADY_OWNED"]);
    let house = house.at(&server);
    let held = "{ leadsAggregate(filter: { owner: { isNull: false } }, groupBy: [{ owner: { record: true } }]) { count } }";
    let held = house.tenant.data(held, json!({})).await?;
    let each: Vec<&Value> = held["leadsAggregate"].as_array().into_iter().flatten().map(|group| &group["count"]).collect();
    assert_eq!(each, vec![&json!(HELD); PEOPLE], "{held} after {words:?}");
    // Each stretch of an owner stands once in the history.
    let kept = "{ salesOwnershipsAggregate(filter: { how: { eq: CLAIMED } }) { count } }";
    let kept = house.tenant.data(kept, json!({})).await?;
    assert_eq!(kept["salesOwnershipsAggregate"][0]["count"], json!(HELD * PEOPLE));
    Ok(server)
}

pub(super) async fn a_lead_is_converted_once(server: TestServer, tenant: Tenant) -> anyhow::Result<TestServer> {
    let house = House::furnish(tenant, "").await?;
    let li = house.rep("li").await?;
    let lead = lead_of(&house, &li.user, "").await?;
    let asked = (0..ASKERS).map(|_| (li.clone(), CONVERT, json!({ "input": { "lead": lead } }))).collect();
    let (server, words) = through_a_restart(server, &house.tenant, asked).await?;
    told(&words, &["ALREADY_CONVERTED"]);
    assert_eq!(count(&house.at(&server)).await?, json!([1, 1, 1]), "{words:?}");
    Ok(server)
}
