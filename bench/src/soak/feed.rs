//! `soak feed`: writers on two nodes (one on SQLite), `kill -9` of either, while the feed and a subscription are read: every
//! change is told, in the order of each record; by the feed exactly once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::follower::Told;
use super::writer::Writer;
use super::{Wish, verify};
use crate::chance::Chance;
use crate::databases::Database;
use crate::platform::{Place, Server, empty_folder};
use crate::say;
use crate::wire::{Connection, Target};

const WRITERS: usize = 6;
const LIFE_MIN_MS: usize = 100;
const LIFE_MAX_MS: usize = 1_500;
const TENANT: &str = "soak";
/// How long a reader rests when nobody answers.
const REST: Duration = Duration::from_millis(50);

/// The nodes: two on PostgreSQL.
fn places(database: &Database) -> anyhow::Result<Vec<Place>> {
    let mut places = vec![database.place.clone()];
    if database.place.database.is_some() {
        places.push(Place { data: empty_folder("feed-second-node")?, ..database.place.clone() });
    }
    Ok(places)
}

/// A run on one database; what it found.
pub(super) async fn run(wish: &Wish, seed: u64, database: &Database) -> anyhow::Result<Vec<String>> {
    let mut chance = Chance::new(seed);
    let places = places(database)?;
    let mut servers: Vec<Server> = Vec::new();
    for place in &places {
        servers.push(place.serve().await?);
    }
    let first = servers.first().map(|server| server.address.clone()).unwrap_or_default();
    let target = database.place.create_tenant(TENANT, &first).await?;
    let addresses = |servers: &[Server]| servers.iter().map(|server| server.address.clone()).collect::<Vec<_>>();
    let (tell, nodes) = watch::channel(addresses(&servers));
    let ended = Arc::new(AtomicBool::new(false));
    let feed = tokio::spawn(follow(target.clone(), nodes.clone(), Arc::clone(&ended), true, None));
    let start = beginning(&target).await?;
    let listener = tokio::spawn(follow(target.clone(), nodes.clone(), Arc::clone(&ended), false, start));

    let mut writers: Vec<Writer> = (0..WRITERS).map(|number| Writer::new(number, seed)).collect();
    let mut findings = Vec::new();
    let begun = Instant::now();
    let mut kills = 0;
    while kills < wish.kills && begun.elapsed() < wish.length() && findings.is_empty() {
        let working = begin(writers, &target, &nodes.borrow());
        tokio::time::sleep(Duration::from_millis(u64::try_from(LIFE_MIN_MS + chance.below(LIFE_MAX_MS - LIFE_MIN_MS))?)).await;
        let victim = chance.below(servers.len());
        servers.swap_remove(victim).kill().await?;
        // Writers of the other node go on for a while, then it is killed as well every other time, else told to stop.
        if chance.below(2) == 0 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        for server in servers.drain(..) {
            server.kill().await?;
        }
        writers = Vec::new();
        for task in working {
            let (writer, done) = task.await?;
            if let Err(finding) = done {
                findings.push(format!("writer {}: {finding:#}", writer.number));
            }
            writers.push(writer);
        }
        kills += 1;
        for place in &places {
            servers.push(place.serve().await?);
        }
        tell.send_replace(addresses(&servers));
        let target = Target { address: nodes.borrow().first().cloned().unwrap_or_default(), ..target.clone() };
        let mut connection = Connection::open(&target).await?;
        for writer in &mut writers {
            verify::settle(&mut connection, &mut writer.journal, &mut findings).await?;
        }
    }
    // Both have the time to hear of the last change.
    tokio::time::sleep(Duration::from_secs(3)).await;
    ended.store(true, Ordering::Release);
    let (feed, listener) = (feed.await?, listener.await?);
    for (who, told) in [("feed", &feed), ("subscription", &listener)] {
        compare(who, told, &writers, &mut findings)?;
    }
    for server in servers {
        server.kill().await?;
    }
    let saves: u64 = writers.iter().map(|writer| writer.journal.saves).sum();
    say::result(&format!(
        "{}: {kills} kills in {} s, {saves} acknowledged saves; the feed told {} changes, the subscription {} ({} of them again), {} findings",
        database.name,
        begun.elapsed().as_secs(),
        feed.changes,
        listener.changes,
        listener.again,
        findings.len()
    ));
    Ok(findings)
}

/// Every writer at work, on the nodes in turn.
fn begin(writers: Vec<Writer>, target: &Target, known: &[String]) -> Vec<tokio::task::JoinHandle<(Writer, anyhow::Result<()>)>> {
    let task = |writer: Writer| {
        let address = known.get(writer.number % known.len().max(1)).cloned().unwrap_or_default();
        tokio::spawn(work(writer, Target { address, ..target.clone() }))
    };
    writers.into_iter().map(task).collect()
}

/// Whether somebody was told everything that was acknowledged.
fn compare(who: &str, told: &Told, writers: &[Writer], findings: &mut Vec<String>) -> anyhow::Result<()> {
    findings.extend(told.findings.iter().map(|finding| format!("{who}: {finding}")));
    for entry in writers.iter().flat_map(|writer| &writer.journal.entries) {
        let known = told.versions.get(&entry.id).copied().unwrap_or_default();
        if known < u64::try_from(entry.version())? {
            findings.push(format!("{who}: {} was told up to version {known} of {}", entry.id, entry.version()));
        }
    }
    Ok(())
}

async fn work(mut writer: Writer, target: Target) -> (Writer, anyhow::Result<()>) {
    let done = writer.work(&target).await;
    (writer, done)
}

/// The place before everything.
async fn beginning(target: &Target) -> anyhow::Result<Option<String>> {
    let mut connection = Connection::open(target).await?;
    connection.get(&format!("{}?after=now", target.path.replace("/graphql", "/changes"))).await?;
    anyhow::ensure!(!connection.cursor.is_empty(), "the feed told no cursor");
    Ok(Some(connection.cursor))
}

/// Follows from node to node until the end.
async fn follow(
    target: Target,
    nodes: watch::Receiver<Vec<String>>,
    ended: Arc<AtomicBool>,
    by_feed: bool,
    cursor: Option<String>,
) -> Told {
    let mut told = Told { cursor, ..Told::default() };
    let mut turn = 0_usize;
    while !ended.load(Ordering::Acquire) {
        let known = nodes.borrow().clone();
        turn += 1;
        let address = known.get(turn % known.len().max(1)).cloned().unwrap_or_default();
        let target = Target { address, ..target.clone() };
        // A dead node answers nobody: the next one is asked.
        let followed = if by_feed {
            told.read_feed(&target).await
        } else {
            tokio::time::timeout(Duration::from_secs(2), told.listen(&target)).await.unwrap_or(Ok(()))
        };
        if followed.is_err() {
            tokio::time::sleep(REST).await;
        }
    }
    told
}
