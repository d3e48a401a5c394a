//! Soak runs: `kill` ends the server at random moments and counts what was promised; `feed` does so to either of two nodes
//! while the feed is read; `shape` does so while jobs change the shape of what is written, `import` while files come in and are taken back; `plugins` has bad plugins break; `fuzz` throws rubbish at it.

mod behind;
mod feed;
mod follower;
mod fuzz;
mod import;
mod journal;
mod kill;
mod outbox;
mod plugins;
mod shape;
mod verify;
mod writer;

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::databases::{self, On};
use crate::say;

/// What the caller asked for.
#[derive(Args)]
pub(crate) struct Wish {
    /// Which run
    kind: Kind,
    /// How long, per database or front
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// How many seconds instead
    #[arg(long)]
    seconds: Option<u64>,
    /// How often the server is killed, per database
    #[arg(long, default_value_t = 200)]
    kills: u32,
    /// The number chance begins with; a failing run names its own
    #[arg(long)]
    seed: Option<u64>,
    /// How many records there are before the first change of shape
    #[arg(long, default_value_t = 20_000)]
    records: usize,
    /// How often a plugin breaks in each way; at most 100 times where that takes long
    #[arg(long, default_value_t = 10_000)]
    times: u32,
    /// On which database
    #[arg(long, value_enum, default_value = "both")]
    on: On,
}

impl Wish {
    /// How long to work on one database or front.
    fn length(&self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(self.minutes.saturating_mul(60)))
    }
}

/// The runs there are.
#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// `kill -9` at random moments under write load
    Kill,
    /// `kill -9` of either node, while the feed and a subscription are read
    Feed,
    /// `kill -9` while jobs make fields required, unique, and of other types
    Shape,
    /// `kill -9` of either node while files are imported, paused, cancelled and taken back, and records are exported
    Import,
    /// Bad plugins, again and again, with another tenant beside
    Plugins,
    /// Malformed documents and metadata
    Fuzz,
}

/// Runs it on every database asked for; the findings of all are told at the end.
pub(crate) async fn run(wish: Wish) -> anyhow::Result<()> {
    let seed = wish.seed.unwrap_or_else(|| u64::from(std::process::id()));
    say::step(&format!("seed {seed}"));
    // The fronts lie before the database: what is thrown at them meets the same on either.
    let on = if matches!((wish.kind, wish.on), (Kind::Fuzz, On::Both)) { On::Sqlite } else { wish.on };
    let name = wish.kind.to_possible_value().map(|kind| kind.get_name().to_owned()).unwrap_or_default();
    let mut findings = Vec::new();
    for database in databases::prepare(on, &name).await? {
        let found = match wish.kind {
            Kind::Kill => kill::run(&wish, seed, &database).await?,
            Kind::Feed => feed::run(&wish, seed, &database).await?,
            Kind::Shape => shape::run(&wish, seed, &database).await?,
            Kind::Import => import::run(&wish, seed, &database).await?,
            Kind::Plugins => plugins::run(&wish, &database).await?,
            Kind::Fuzz => fuzz::run(&wish, seed, &database).await?,
        };
        findings.extend(found.into_iter().map(|finding| format!("{}: {finding}", database.name)));
    }
    findings.iter().for_each(|finding| say::result(finding));
    anyhow::ensure!(findings.is_empty(), "{} findings; seed {seed}", findings.len());
    Ok(())
}
