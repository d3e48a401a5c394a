//! `bench`: the platform beside its floor, on the same machine, in the same run. One table, ratios first.

mod crowd;
mod driver;
mod fill;
mod live;
mod lowest;
mod one_off;
mod peer;
mod plugins;
mod search;
mod table;
pub(crate) mod workload;

use clap::{Args, ValueEnum};

use crate::databases::{self, Database, On};
use crate::platform::{Server, serve_program};
use crate::wire::Target;
use crate::{chance::Chance, floor, say};
use workload::{Ids, LOADS, Load};

/// Rows at scale 1 on PostgreSQL; SQLite gets a tenth.
const ACCOUNTS: usize = 100_000;
const CONTACTS: usize = 300_000;
const OPPORTUNITIES: usize = 500_000;
const SQLITE_SHARE: f64 = 0.1;

/// Connections the loads come over.
const CONNECTIONS: [usize; 2] = [1, 32];

/// The tenant that is measured.
const TENANT: &str = "bench";

/// What to measure.
#[derive(Args)]
pub(crate) struct Wish {
    /// Share of the full data (100k accounts, 300k contacts, 500k opportunities on PostgreSQL; a tenth of it on SQLite)
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// Seconds per figure
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Rounds; the table shows medians
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// On which database
    #[arg(long, value_enum, default_value = "both")]
    on: On,
    /// Only these loads, such as `w1,w4`; `w2low` is W2 as the lowest role
    #[arg(long, value_delimiter = ',')]
    loads: Vec<String>,
    /// Which rows of the table
    #[arg(long, value_enum, default_value = "all")]
    rows: Rows,
    /// Tenants of the cold start, and of `--rows crowd`
    #[arg(long, default_value_t = 100)]
    tenants: usize,
    /// Subscriptions of `--rows live`
    #[arg(long, default_value_t = 10_000)]
    sockets: usize,
    /// Records of `--rows search`
    #[arg(long, default_value_t = 1_000_000)]
    records: usize,
}

/// The parts of the table.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Rows {
    /// Everything
    All,
    /// W1 to W6
    Loads,
    /// W1 to W6 of the floor and of pgbench, without the platform
    Floor,
    /// Starts, tenants, schema changes, imports
    OneOff,
    /// What plugins cost
    Plugins,
    /// What many tenants cost
    Crowd,
    /// How soon those who listen are told
    Live,
    /// How long search takes
    Search,
}

/// How much there is.
pub(crate) struct Amount {
    accounts: usize,
    contacts: usize,
    opportunities: usize,
}

impl Amount {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "counts of rows, rounded")]
    fn scaled(scale: f64) -> Self {
        let of = |full: usize| ((full as f64 * scale) as usize).max(200);
        Self { accounts: of(ACCOUNTS), contacts: of(CONTACTS), opportunities: of(OPPORTUNITIES) }
    }
}

/// Measures on every database asked for, and prints the table of each.
pub(crate) async fn run(wish: Wish) -> anyhow::Result<()> {
    for database in databases::prepare(wish.on, "bench").await? {
        let share = if database.place.database.is_some() { 1.0 } else { SQLITE_SHARE };
        let amount = Amount::scaled(wish.scale * share);
        let mut table = table::Table::new(database.name, &amount);
        let wanted = |part: Rows| matches!(wish.rows, Rows::All) || wish.rows == part;
        if wanted(Rows::Loads) || wish.rows == Rows::Floor {
            loads(&wish, &database, &amount, &mut table).await?;
        }
        if wanted(Rows::OneOff) {
            one_off::measure(&database, &amount, wish.tenants, &mut table).await?;
        }
        if wanted(Rows::Plugins) {
            plugins::measure(&database, &mut table).await?;
        }
        if wanted(Rows::Crowd) {
            crowd::measure(&database, wish.tenants, wish.seconds, &mut table).await?;
        }
        if wanted(Rows::Live) {
            live::measure(&database, wish.sockets, wish.seconds, &mut table).await?;
        }
        if wanted(Rows::Search) {
            search::measure(&database, wish.records, wish.seconds, &mut table).await?;
        }
        table.print();
    }
    Ok(())
}

async fn loads(wish: &Wish, database: &Database, amount: &Amount, table: &mut table::Table) -> anyhow::Result<()> {
    say::step(&format!("{}: filling the floor and the platform", database.name));
    let (floor, floor_target) = start_floor(database, amount).await?;
    let floor_ids = fill::floor_ids(amount);
    let platform = if wish.rows == Rows::Floor { None } else { Some(start_platform(database, amount).await?) };
    let chosen = |load: &&Load| wish.loads.is_empty() || wish.loads.iter().any(|name| name == load.name);
    for load in LOADS.iter().filter(chosen) {
        for connections in CONNECTIONS {
            say::step(&format!("{}: {} at {connections}", database.name, load.name));
            let floor_target = Target { path: format!("/{}", load.name), ..floor_target.clone() };
            let mut figures = table::Row::new(load, connections, database.place.database.is_some());
            for round in 0..wish.rounds {
                let seed = u64::try_from(round)? + 1;
                figures.floor.push(drive((&floor, &floor_target), load, &floor_ids, Side::Floor, seed, (connections, wish.seconds)).await?);
                if let Some((server, target, ids)) = &platform {
                    figures.platform.push(drive((server, target), load, ids, Side::Platform, seed, (connections, wish.seconds)).await?);
                }
                if let Some(url) = &database.place.database {
                    figures.peer.push(peer::run(url, load.name, amount, connections, wish.seconds).await?);
                }
            }
            table.rows.push(figures);
        }
    }
    if let Some((server, target, ids)) = platform {
        if wish.loads.is_empty() || wish.loads.iter().any(|name| name == "w2low") {
            lowest::measure((&server, &target), &ids, &database.place, (CONNECTIONS[1], wish.rounds, wish.seconds), table).await?;
        }
        server.kill().await?;
    }
    floor.kill().await
}

/// Who is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Floor,
    Platform,
}

/// One run against a server: so many connections, so many seconds.
async fn drive(
    (server, target): (&Server, &Target),
    load: &'static Load,
    ids: &Ids,
    side: Side,
    seed: u64,
    (connections, seconds): (usize, u64),
) -> anyhow::Result<driver::Figures> {
    let ids = ids.clone();
    let make = move |chance: &mut Chance| {
        let parameters = load.next(&ids, chance);
        if side == Side::Platform { load.body(&parameters) } else { parameters }
    };
    driver::run(std::slice::from_ref(target), server.vitals()?, make, seed, connections, seconds).await
}

/// Starts the platform, and fills a tenant by its public API.
async fn start_platform(database: &Database, amount: &Amount) -> anyhow::Result<(Server, Target, Ids)> {
    let server = database.place.serve().await?;
    let target = database.place.create_tenant(TENANT, &server.address).await?;
    let ids = fill::platform(&target, amount).await?;
    if let Some(url) = &database.place.database {
        peer::settle(url).await?;
    }
    Ok((server, target, ids))
}

/// Fills the floor's tables and starts its server in a process of its own.
async fn start_floor(database: &Database, amount: &Amount) -> anyhow::Result<(Server, Target)> {
    let listen = format!("127.0.0.1:{}", databases::free_port()?);
    let mut words = vec!["floor".to_owned(), "--listen".to_owned(), listen];
    if database.place.database.is_some() {
        // The floor has a database of its own, so that neither is in the other's cache by accident.
        let url = databases::fresh_database("tenon_floor").await?;
        peer::fill(&url, amount).await?;
        peer::settle(&url).await?;
        words.extend(["--database".to_owned(), url]);
    } else {
        let file = crate::platform::empty_folder("bench-floor")?.join("floor.sqlite");
        floor::sqlite::fill(&file, amount.accounts, amount.contacts, amount.opportunities)?;
        words.extend(["--file".to_owned(), file.display().to_string()]);
    }
    let server = serve_program(&std::env::current_exe()?, &words).await?;
    let target = Target { address: server.address.clone(), path: String::new(), key: String::new() };
    Ok((server, target))
}
