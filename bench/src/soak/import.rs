//! `soak import`: files (CSV, JSONL, workbooks; rows that create, change, are passed over and are wrong) are imported as jobs, rest,
//! go on, are cancelled and taken back, and records are exported, while `kill -9` ends either node (one on SQLite) again and again.
//!
//! Afterwards every row was worked exactly once (the versions of the records tell), the counts of each job are right to the row,
//! errors.csv names exactly the wrong lines, an export is the world of one moment, and what was taken back is as it was before.

mod check;
mod nodes;
mod plan;
mod run;
mod sheet;
mod world;

use std::time::Instant;

use self::nodes::Nodes;
use self::plan::Planner;
use self::run::Run;
use self::world::World;
use super::Wish;
use crate::chance::Chance;
use crate::databases::Database;
use crate::say;

/// A run on one database; what it found.
pub(super) async fn run(wish: &Wish, seed: u64, database: &Database) -> anyhow::Result<Vec<String>> {
    let mut run = Run::new(Nodes::start(database).await?, Chance::new(seed), wish.kills);
    let (mut world, mut planner) = (World::default(), Planner::default());
    let begun = Instant::now();
    while run.nodes.kills < wish.kills && begun.elapsed() < wish.length() && run.findings.is_empty() {
        let plan = planner.next(&world, &mut run.chance)?;
        run.import(plan, &mut world).await?;
        say::step(&format!("{}: {}", database.name, run.told));
    }
    say::result(&format!("{}: {} in {} s", database.name, run.told, begun.elapsed().as_secs()));
    run.nodes.end().await?;
    Ok(run.findings)
}
