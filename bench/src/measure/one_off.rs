//! The rows that are measured once: starts, tenants, models, schema changes, imports, memory, size.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::{Value, json};
use tokio_postgres::NoTls;

use super::Amount;
use super::driver::count;
use super::table::{Table, median};
use crate::databases::Database;
use crate::platform::{Place, Server, empty_folder};
use crate::wire::{Connection, Target};

/// Objects and fields of the model that is loaded.
const OBJECTS: usize = 40;
const FIELDS: usize = 25;

/// How often short things are measured.
const TIMES: usize = 5;

/// Rows of the import, at most.
const IMPORT_ROWS_MAX: usize = 50_000;

/// How long a schema change may take to show before we give up.
const LIVE_MAX: Duration = Duration::from_secs(10);

const MIB: f64 = 1024.0 * 1024.0;

/// Measures them on a data folder of their own.
pub(super) async fn measure(database: &Database, amount: &Amount, tenants: usize, table: &mut Table) -> anyhow::Result<()> {
    let place = database.own("one_off").await?;
    let size = std::fs::metadata(&place.program)?.len();
    table.one_off("binary", format!("{:.0} MB", count(size) / MIB), "≤ 80 MB", Some(count(size) <= 80.0 * MIB));
    let server = place.serve().await?;
    idle_memory(&server, table)?;
    let target = place.create_tenant("model", &server.address).await?;
    new_tenants(&place, &server, tenants, table).await?;
    live_change(&target, table).await?;
    import(&place, &target, amount.accounts.min(IMPORT_ROWS_MAX), table).await?;
    model(&target).await?;
    server.kill().await?;
    starts(&place, &target, tenants, table).await
}

fn idle_memory(server: &Server, table: &mut Table) -> anyhow::Result<()> {
    let mib = count(server.vitals()?.memory_kib()?) / 1024.0;
    table.one_off("idle RSS", format!("{mib:.0} MB"), "≤ 80 MB", Some(mib <= 80.0));
    Ok(())
}

/// Makes tenants, then asks each of them once: what does one cost in time, and what in memory?
async fn new_tenants(place: &Place, server: &Server, tenants: usize, table: &mut Table) -> anyhow::Result<()> {
    let mut times = Vec::new();
    let mut targets = Vec::new();
    for number in 0..tenants.max(TIMES) {
        let begun = Instant::now();
        targets.push(place.create_tenant(&format!("many{number}"), &server.address).await?);
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    let ms = median(times);
    table.one_off("new tenant (command included)", format!("{ms:.0} ms"), "≤ 150 ms", Some(ms <= 150.0));
    let before = server.vitals()?.memory_kib()?;
    for target in &targets {
        Connection::open(target).await?.run("{ accounts(first: 1) { nodes { id } } }", &json!({})).await?;
    }
    let grown = count(server.vitals()?.memory_kib()?.saturating_sub(before)) / count(u64::try_from(targets.len())?);
    table.one_off("memory per tenant touched", format!("{grown:.0} KB"), "≤ 300 KB", Some(grown <= 300.0));
    Ok(())
}

/// From the call that makes an object to the first answer that knows it.
async fn live_change(target: &Target, table: &mut Table) -> anyhow::Result<()> {
    let mut times = Vec::new();
    for number in 0..TIMES {
        let begun = Instant::now();
        create_object(target, &format!("live_{}", letters(number)), 3).await?;
        let mut data = Connection::open(target).await?;
        let query = format!("{{ live{}s(first: 1) {{ nodes {{ id }} }} }}", capital(&letters(number)));
        while let Err(error) = data.run(&query, &json!({})).await {
            if begun.elapsed() > LIVE_MAX {
                bail!("a new object is not queryable after {} s: {error:#}", LIVE_MAX.as_secs());
            }
        }
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    let ms = median(times);
    table.one_off("schema change live", format!("{ms:.0} ms"), "≤ 1,000 ms", Some(ms <= 1_000.0));
    Ok(())
}

async fn import(place: &Place, target: &Target, rows: usize, table: &mut Table) -> anyhow::Result<()> {
    let folder = empty_folder("import")?;
    let mut csv = String::from("name,employees\r\n");
    for number in 0..rows {
        write!(csv, "Imported {number},{}\r\n", number % 9_000)?;
    }
    let (data, mapping) = (folder.join("accounts.csv"), folder.join("mapping.yaml"));
    std::fs::write(&data, &csv)?;
    std::fs::write(&mapping, "format: tenon/v1\nmapping: account\ncolumns: { name: name, employees: employee_count }\n")?;
    let begun = Instant::now();
    let answer = tokio::process::Command::new(&place.program)
        .args([
            "import",
            "--url",
            &format!("http://{}", target.address),
            "--tenant",
            "model",
            "--key",
            &target.key,
            "--object",
            "account",
            "--json",
        ])
        .arg("--mapping")
        .arg(&mapping)
        .arg(&data)
        .output()
        .await?;
    let seconds = begun.elapsed().as_secs_f64();
    let counts: Value = serde_json::from_slice(&answer.stdout).with_context(|| String::from_utf8_lossy(&answer.stderr).into_owned())?;
    anyhow::ensure!(counts.get("created").and_then(Value::as_u64) == Some(u64::try_from(rows)?), "the import answered {counts}");
    let rate = count(u64::try_from(rows)?) / seconds;
    let Some(url) = &place.database else {
        table.one_off("CSV import", format!("{rate:.0} records/s"), "", None);
        return Ok(());
    };
    let copied = copy(url, &csv, rows).await?;
    let budget = f64::min(20_000.0, 0.4 * copied);
    table.one_off("CSV import", format!("{rate:.0} records/s; COPY {copied:.0}"), &format!("≥ {budget:.0}"), Some(rate >= budget));
    Ok(())
}

/// Rows per second of `COPY` into a table of the same columns with a primary key.
async fn copy(url: &str, csv: &str, rows: usize) -> anyhow::Result<f64> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let driver = tokio::spawn(connection);
    client.batch_execute("create table public.copied (id uuid primary key default gen_random_uuid(), name text, employees int)").await?;
    let begun = Instant::now();
    let sink = client.copy_in::<_, bytes::Bytes>("copy public.copied (name, employees) from stdin (format csv, header)").await?;
    let mut sink = std::pin::pin!(sink);
    futures::SinkExt::send(&mut sink, bytes::Bytes::from(csv.to_owned())).await?;
    let copied = sink.finish().await?;
    let seconds = begun.elapsed().as_secs_f64();
    anyhow::ensure!(copied == u64::try_from(rows)?, "COPY took {copied} rows");
    client.batch_execute("drop table public.copied").await?;
    drop(client);
    driver.await??;
    Ok(count(copied) / seconds)
}

async fn model(target: &Target) -> anyhow::Result<()> {
    for number in 0..OBJECTS {
        create_object(target, &format!("model_{}", letters(number)), FIELDS).await?;
    }
    Ok(())
}

/// Ready after a start with many tenants; and what the first answer of a tenant costs over the second.
async fn starts(place: &Place, target: &Target, tenants: usize, table: &mut Table) -> anyhow::Result<()> {
    let (mut ready, mut loads) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let begun = Instant::now();
        let server = place.serve().await?;
        ready.push(begun.elapsed().as_secs_f64() * 1_000.0);
        let target = Target { address: server.address.clone(), ..target.clone() };
        let mut connection = Connection::open(&target).await?;
        let mut times = Vec::new();
        for _ in 0..2 {
            let asked = Instant::now();
            connection.run("{ accounts(first: 1) { nodes { id } } }", &json!({})).await?;
            times.push(asked.elapsed().as_secs_f64() * 1_000.0);
        }
        if let [first, second] = times.as_slice() {
            loads.push(first - second);
        }
        server.kill().await?;
    }
    let ms = median(ready);
    table.one_off(&format!("cold start, {tenants} tenants"), format!("{ms:.0} ms"), "≤ 1,000 ms", Some(ms <= 1_000.0));
    let load = median(loads);
    let what = format!("first answer over second ({OBJECTS} objects × {FIELDS} fields and the base; key, connection, model)");
    table.one_off(&what, format!("{load:.1} ms"), "model alone ≤ 5 ms", None);
    Ok(())
}

async fn create_object(target: &Target, name: &str, fields: usize) -> anyhow::Result<()> {
    let door = Target { path: target.path.replace("/graphql", "/metadata"), ..target.clone() };
    let types = ["text", "integer", "date", "boolean", "money"];
    let field = |number: usize| {
        let name = format!("field_{}", letters(number));
        json!({ "name": name, "type": types.get(number % types.len()), "label": { "en": name, "zh": name }, "about": { "en": name, "zh": name } })
    };
    let fields: Vec<Value> = (0..fields).map(field).collect();
    let label = json!({ "en": name, "zh": name });
    let input = json!({ "name": name, "label": label, "pluralLabel": label, "about": label, "fields": fields });
    let document = "mutation($input: CreateObjectInput!) { createObject(input: $input) { name } }";
    Connection::open(&door).await?.run(document, &json!({ "input": input })).await?;
    Ok(())
}

/// A number in letters: names with digits would need an underscore of their own.
fn letters(number: usize) -> String {
    let letter = |place: usize| char::from(b'a' + u8::try_from(place % 26).unwrap_or(0));
    [letter(number / 26), letter(number)].iter().collect()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
