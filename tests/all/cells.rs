//! A tenant moves between cells while people work in it, through two nodes: they read all the while, are told when they cannot
//! write, lose nothing that was acknowledged, and go on with their sessions, cursors, subscriptions and files.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tenon_server::Command;
use tenon_tests::{Bystander, Setting, Tenant, TestServer};

/// Accounts that lie there before, so that the move has something to do.
const BEFORE: usize = 400;
/// Writers at each node.
const WRITERS: usize = 3;

const CREATE: &str = "mutation ($name: String!) { createAccount(input: { name: $name }) { id } }";

/// Runs a test on two nodes that know a cell beside `main`; nothing where there is no PostgreSQL, which is said.
async fn in_cells(test: impl AsyncFnOnce(&TestServer, &TestServer) -> anyhow::Result<()>) {
    let Some(server) = TestServer::start_in_cells(&Setting::read(), &["north"]).await.unwrap() else { return };
    let other = server.another_node().await.unwrap().unwrap();
    let result = Box::pin(test(&server, &other)).await;
    other.stop().await.unwrap();
    server.stop().await.unwrap();
    if let Err(error) = result {
        panic!("{error:#}");
    }
}

/// Moves it by one of the nodes; the first knows all databases.
async fn moved((server, node): (&TestServer, &TestServer), tenant: &Tenant, cell: &str) -> anyhow::Result<Value> {
    let moved = node.command(&Command::TenantMove { name: tenant.name.clone(), cell: cell.to_owned() }).await;
    let moved = moved.with_context(|| format!("it does not move to `{cell}`"))?;
    ensure!(server.homes(&tenant.name).await? == [cell], "it lies in {:?}", server.homes(&tenant.name).await?);
    Ok(moved)
}

/// All changes of accounts after a cursor, by the ids of the accounts.
async fn told(tenant: &Tenant, after: &str) -> anyhow::Result<BTreeSet<String>> {
    let (mut ids, mut cursor) = (BTreeSet::new(), after.to_owned());
    loop {
        let (lines, next) = tenant.changes(&format!("objects=account&limit=500&after={cursor}")).await?;
        if lines.is_empty() {
            return Ok(ids);
        }
        ids.extend(lines.iter().filter_map(|line| line["id"].as_str().map(str::to_owned)));
        cursor = next;
    }
}

/// What one who works meanwhile has seen.
#[derive(Default)]
struct Seen {
    /// Accounts whose creation was acknowledged.
    made: BTreeSet<String>,
    /// How often he was told to try again.
    refused: usize,
}

/// Makes accounts until it is over.
async fn write(tenant: &Tenant, name: &str, over: &AtomicBool) -> anyhow::Result<Seen> {
    let mut seen = Seen::default();
    for nth in 0_u32.. {
        if over.load(Ordering::Acquire) {
            break;
        }
        let body = json!({ "query": CREATE, "variables": { "name": format!("{name} {nth}") } });
        let answer = tenant.post("graphql", &body, &[]).await?.json()?;
        match answer["data"]["createAccount"]["id"].as_str() {
            Some(id) => ensure!(seen.made.insert(id.to_owned())),
            None => {
                let error = &answer["errors"][0]["extensions"];
                ensure!(error["code"] == "UNAVAILABLE" && error["rule"] == "moving", "another refusal than that of a move: {answer}");
                seen.refused += 1;
            }
        }
    }
    Ok(seen)
}

/// Reads until it is over; a read is never refused.
async fn read(tenant: &Tenant, over: &AtomicBool, reads: &AtomicUsize) -> anyhow::Result<()> {
    while !over.load(Ordering::Acquire) {
        let found = tenant.data("{ accounts(first: 5) { nodes { id name } totalCount { value } } me { id } }", json!({})).await?;
        let count = found["accounts"]["totalCount"]["value"].as_u64().unwrap_or_default();
        ensure!(count >= BEFORE as u64, "once there were {count} accounts");
        reads.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_moves_while_people_work_in_it_through_two_nodes() {
    in_cells(async |server, other| {
        let ours = server.tenant(None, None, None).await?;
        let bystander = Bystander::create(server).await?;
        let before = bystander.look(server).await?;
        let inputs: Vec<Value> = (0..BEFORE).map(|nth| json!({ "name": format!("Before {nth}") })).collect();
        for inputs in inputs.chunks(200) {
            ours.data(
                "mutation ($inputs: [CreateAccountInput!]!) { createAccounts(inputs: $inputs) { nodes { id } } }",
                json!({ "inputs": inputs }),
            )
            .await?;
        }
        let ann = ours.member("ann@example.com", &["sales_rep"]).await?;
        let (_, cursor) = ours.changes("after=now").await?;
        let mut stream = ours.subscribe("subscription { accountChanged { id } }", json!({}), &[]).await?;
        let (over, reads) = (AtomicBool::new(false), AtomicUsize::new(0));
        let nodes: Vec<Tenant> = [server, other].iter().map(|node| node.serve(&ours)).collect();
        let names: Vec<(String, &Tenant)> =
            nodes.iter().enumerate().flat_map(|(at, node)| (0..WRITERS).map(move |nth| (format!("Writer {at}.{nth}"), node))).collect();
        let writers = futures::future::try_join_all(names.iter().map(|(name, node)| write(node, name, &over)));
        let readers = futures::future::try_join_all(nodes.iter().map(|node| read(node, &over, &reads)));
        let mover = async {
            let mut moves = Vec::new();
            for cell in ["north", "main", "north"] {
                let read = reads.load(Ordering::Relaxed);
                moves.push(moved((server, server), &ours, cell).await);
                ensure!(reads.load(Ordering::Relaxed) > read, "nobody read meanwhile");
            }
            over.store(true, Ordering::Release);
            moves.into_iter().collect::<anyhow::Result<Vec<Value>>>()
        };
        let ended = tokio::try_join!(async { mover.await.inspect_err(|_| over.store(true, Ordering::Release)) }, writers, readers);
        let (moves, seen, _) = ended?;
        let made: BTreeSet<String> = seen.iter().flat_map(|one| one.made.iter().cloned()).collect();
        let refused: usize = seen.iter().map(|one| one.refused).sum();
        ensure!(!made.is_empty() && refused > 0, "{} made, {refused} refused: nobody wrote while it moved", made.len());
        ensure!(moves.iter().all(|moved| moved["oldHomeLeft"] == false && moved["rows"].as_u64() > Some(BEFORE as u64)), "{moves:?}");

        for node in &nodes {
            let count = node.data("{ accounts { totalCount { value } } }", json!({})).await?;
            ensure!(count["accounts"]["totalCount"]["value"] == BEFORE + made.len(), "{count} of {} acknowledged", made.len());
            ensure!(told(node, &cursor).await? == made, "the feed tells something else than was made");
        }
        let mut streamed = BTreeSet::new();
        while streamed.len() < made.len() {
            let event = stream.told().await?;
            let id = event["data"]["accountChanged"]["id"].as_str().context("an id")?.to_owned();
            ensure!(made.contains(&id), "{event}");
            streamed.insert(id);
        }
        ann.data("{ me { id } }", json!({})).await?;
        let chain = server.command(&Command::AuditVerify { tenant: ours.name.clone(), head: None }).await.context("a chain")?;
        ensure!(chain["broken"].is_null(), "{chain}");
        let doctor = server.command(&Command::Doctor { tenant: Some(ours.name.clone()), fix: false }).await.context("a doctor")?;
        ensure!(doctor[0]["findings"] == json!([]), "{doctor}");
        let after = bystander.look(server).await?;
        ensure!(before == after, "the second tenant noticed: {}", before.difference(&after));
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_made_and_fields_added_between_moves_are_there_and_the_tenant_can_be_removed() {
    in_cells(async |server, other| {
        let ours = server.tenant(None, None, None).await?;
        let there = other.serve(&ours);
        ours.metadata("mutation { createObject(input: { name: \"pet\", label: { en: \"Pet\" }, fields: [{ name: \"name\", type: text }, { name: \"chip\", type: secret }] }) { name } }", json!({})).await?;
        moved((server, server), &ours, "north").await?;
        // Its table is made in the new cell, through the node that did not move it.
        there.data("mutation { createPet(input: { name: \"Rex\", chip: \"4711\" }) { id } }", json!({})).await?;
        ours.metadata("mutation { addField(object: \"pet\", input: { name: \"age\", type: integer }) { name } }", json!({})).await?;
        there.data("mutation { createPet(input: { name: \"Tom\", age: 3 }) { id } }", json!({})).await?;
        moved((server, other), &ours, "main").await?;
        let pets = ours.data("{ pets(orderBy: [{ name: ASC }]) { nodes { name age chip { isSet } } } }", json!({})).await?;
        let wanted = json!([{ "name": "Rex", "age": null, "chip": { "isSet": true } }, { "name": "Tom", "age": 3, "chip": { "isSet": false } }]);
        ensure!(pets["pets"]["nodes"] == wanted, "{pets}");
        moved((server, server), &ours, "north").await?;
        ensure!(server.command(&Command::TenantDelete { name: ours.name.clone() }).await.is_some());
        Ok(())
    })
    .await;
}
