//! PostgreSQL itself: `pgbench -M prepared` on the floor's statements shows what the floor leaves on the table.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, bail};
use tokio::process::Command;
use tokio_postgres::NoTls;

use super::Amount;
use crate::floor::postgres::{STATEMENTS, fill as fill_sql};
use crate::platform::{empty_folder, required};

/// Fills the floor's database.
pub(super) async fn fill(url: &str, amount: &Amount) -> anyhow::Result<()> {
    batch(url, &fill_sql(amount.accounts, amount.contacts, amount.opportunities)).await
}

/// Brings the planner's statistics up to date, as autovacuum would in a while.
pub(super) async fn analyze(url: &str) -> anyhow::Result<()> {
    batch(url, "vacuum analyze").await
}

/// Runs statements.
pub(super) async fn batch(url: &str, sql: &str) -> anyhow::Result<()> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let driver = tokio::spawn(connection);
    client.batch_execute(sql).await?;
    drop(client);
    Ok(driver.await??)
}

/// Transactions per second of one load; the database is the floor's.
pub(super) async fn run(url: &str, load: &str, amount: &Amount, connections: usize, seconds: u64) -> anyhow::Result<f64> {
    let (server, _) = url.rsplit_once('/').context("the address names no database")?;
    let script = empty_folder("pgbench")?.join(format!("{load}.sql"));
    std::fs::write(&script, text(load, amount)?)?;
    let mut command = Command::new(PathBuf::from(required("TENON_POSTGRES_PROGRAMS")?).join("pgbench"));
    command.args(["--no-vacuum", "--protocol=prepared", "--jobs=1", "--client"]).arg(connections.to_string());
    command.arg("--time").arg(seconds.to_string()).arg("--file").arg(&script).arg(format!("{server}/tenon_floor"));
    let out = command.stdin(Stdio::null()).output().await.context("cannot run pgbench")?;
    let said = String::from_utf8_lossy(&out.stdout);
    let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    match rate {
        Some(rate) if out.status.success() => Ok(rate),
        _ => bail!("pgbench: {}", String::from_utf8_lossy(&out.stderr).trim()),
    }
}

/// The floor's statement with chance in the place of its parameters.
fn text(load: &str, amount: &Amount) -> anyhow::Result<String> {
    let (_, statement) = STATEMENTS.iter().find(|(name, _)| *name == load).context("no such load")?;
    let id = |table: u8, name: &str| format!("('{table:08}-0000-7000-8000-' || lpad(to_hex((:{name})::int), 12, '0'))::uuid");
    let mut sets = vec![("deal".to_owned(), amount.opportunities), ("account".to_owned(), amount.accounts), ("number".to_owned(), 50_000)];
    sets.extend([("stage".to_owned(), 6), ("day".to_owned(), 640)]);
    sets.extend((0..20).map(|place| (format!("a{place}"), amount.accounts)));
    let many: Vec<String> = (0..20).map(|place| id(2, &format!("a{place}"))).collect();
    let stage = "(array['PROSPECTING', 'NEEDS_CONFIRMED', 'PROPOSAL', 'NEGOTIATION', 'WON', 'LOST'])[1 + (:stage)::int]";
    let values: Vec<(&str, String)> = match load {
        "w1" => vec![("$1::text::uuid", id(4, "deal"))],
        "w2" => vec![("$1::text", stage.to_owned()), ("$2::text::numeric", "(:number)::numeric + 0.5".to_owned())],
        "w3" => vec![("$1::text[]::uuid[]", format!("array[{}]", many.join(", ")))],
        "w4" => {
            vec![
                ("$1::text::date", "date '2025-01-01' + (:day)::int".to_owned()),
                ("$2::text::date", "date '2025-01-01' + (:day)::int + 89".to_owned()),
            ]
        }
        "w5" => vec![
            ("$1::text", "'Bench ' || (:number)::int".to_owned()),
            ("$2::text::numeric", "(:number)::numeric + 0.25".to_owned()),
            ("$3::text::uuid", id(2, "account")),
        ],
        _ => vec![("$2::text", "'Step ' || (:number)::int".to_owned()), ("$1::text::uuid", id(4, "deal"))],
    };
    let used = values.into_iter().fold((*statement).to_owned(), |sql, (place, value)| sql.replace(place, &value));
    let sets = sets.iter().filter(|(name, _)| used.contains(&format!(":{name}")));
    let sets: String = sets.map(|(name, limit)| format!("\\set {name} random(0, {limit} - 1)\n")).collect();
    Ok(format!("{sets}{used};\n"))
}
