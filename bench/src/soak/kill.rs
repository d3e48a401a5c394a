//! `soak kill`: writers, `kill -9` at a random moment, restart, count — again and again.

use std::time::{Duration, Instant};

use super::writer::Writer;
use super::{Wish, outbox, verify};
use crate::chance::Chance;
use crate::databases::Database;
use crate::say;
use crate::wire::{Connection, Target};

/// Writers at work at the same time.
const WRITERS: usize = 8;

/// The shortest and the longest life of a server, in milliseconds.
const LIFE_MIN_MS: usize = 20;
const LIFE_MAX_MS: usize = 1_500;

/// Histories are followed to the end after every so many kills, and after the last.
const HISTORY_EVERY: u32 = 50;

/// The tenant the writers work in.
const TENANT: &str = "soak";

/// A run on one database; what it found.
pub(super) async fn run(wish: &Wish, seed: u64, database: &Database) -> anyhow::Result<Vec<String>> {
    let mut chance = Chance::new(seed);
    let mut writers: Vec<Writer> = (0..WRITERS).map(|number| Writer::new(number, seed)).collect();
    let mut server = database.place.serve().await?;
    let mut target = database.place.create_tenant(TENANT, &server.address).await?;
    let mut findings = Vec::new();
    let begun = Instant::now();
    let mut kills = 0;
    while kills < wish.kills && begun.elapsed() < wish.length() && findings.is_empty() {
        let working: Vec<_> = writers.into_iter().map(|writer| tokio::spawn(work(writer, target.clone()))).collect();
        let life = LIFE_MIN_MS + chance.below(LIFE_MAX_MS - LIFE_MIN_MS);
        tokio::time::sleep(Duration::from_millis(u64::try_from(life)?)).await;
        server.kill().await?;
        writers = Vec::new();
        for task in working {
            let (writer, done) = task.await?;
            if let Err(finding) = done {
                findings.push(format!("writer {}: {finding:#}", writer.number));
            }
            writers.push(writer);
        }
        kills += 1;
        server = database.place.serve().await?;
        target.address.clone_from(&server.address);
        let mut connection = Connection::open(&target).await?;
        for writer in &mut writers {
            verify::settle(&mut connection, &mut writer.journal, &mut findings).await?;
        }
        if kills % HISTORY_EVERY == 0 {
            histories(&mut connection, &writers, &mut findings).await?;
            say::step(&format!("{}: {kills} kills, {} findings", database.name, findings.len()));
        }
    }
    let mut connection = Connection::open(&target).await?;
    histories(&mut connection, &writers, &mut findings).await?;
    server.kill().await?;
    outbox::check(database, &writers, &mut findings).await?;
    let saves: u64 = writers.iter().map(|writer| writer.journal.saves).sum();
    let records: usize = writers.iter().map(|writer| writer.journal.entries.len()).sum();
    say::result(&format!(
        "{}: {kills} kills in {} s, {saves} acknowledged saves of {records} records, {} findings",
        database.name,
        begun.elapsed().as_secs(),
        findings.len()
    ));
    Ok(findings)
}

async fn work(mut writer: Writer, target: Target) -> (Writer, anyhow::Result<()>) {
    let done = writer.work(&target).await;
    (writer, done)
}

async fn histories(connection: &mut Connection, writers: &[Writer], findings: &mut Vec<String>) -> anyhow::Result<()> {
    for entry in writers.iter().flat_map(|writer| &writer.journal.entries) {
        verify::undo(connection, entry, findings).await?;
    }
    Ok(())
}
