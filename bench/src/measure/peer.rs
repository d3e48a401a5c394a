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

/// Share of the pages whose rows everybody sees, from which on a table counts as settled.
const SETTLED: f64 = 0.9;

/// How often a database is vacuumed until it is settled, a second apart.
const VACUUMS_MAX: usize = 30;

/// Brings a database to the state in which autovacuum would leave it in a while: statistics, and pages known to be seen by
/// everybody, without which no index is read alone. A transaction that is older than the rows (the sealer of the audit
/// trail is at work right after filling) keeps pages from that, so it is done until it has worked.
pub(super) async fn settle(url: &str) -> anyhow::Result<()> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let driver = tokio::spawn(connection);
    for _ in 0..VACUUMS_MAX {
        client.batch_execute("vacuum analyze").await?;
        let share = "select coalesce(sum(c.relallvisible)::float8 / nullif(sum(c.relpages), 0)::float8, 1) from pg_catalog.pg_class as c \
            join pg_catalog.pg_namespace as n on n.oid = c.relnamespace \
            where c.relkind = 'r' and c.relpages > 100 and (n.nspname like 't\\_%' or n.nspname = 'floor')";
        if client.query_one(share, &[]).await?.try_get::<_, f64>(0)? >= SETTLED {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    drop(client);
    Ok(driver.await??)
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
