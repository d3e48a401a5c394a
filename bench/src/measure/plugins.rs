//! What plugins cost a save: the same save beside each other without any, with one and with five; one that never comes back; and a
//! start with a hundred.
//!
//! Servers of their own over databases of their own take turns, so that what else the machine does meets all of them.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use serde_json::{Value, json};

use super::table::{Table, median};
use crate::databases::Database;
use crate::platform::{Server, component, empty_folder};
use crate::wire::{Connection, Target};

/// Fields of the record that is saved, beside its name.
const FIELDS: usize = 20;
/// Saves of one turn, and turns.
const SAVES: usize = 200;
const TURNS: usize = 15;
/// Plugins of a house with many, and of the start with more.
const FIVE: usize = 5;
const HUNDRED: usize = 100;
/// How often the runaway is met, and a start made.
const RUNAWAYS: usize = 40;
const STARTS: usize = 5;
const CREATE: &str = "mutation($input: CreateOpportunityInput!) { createOpportunity(input: $input) { id } }";

/// A server with so many plugins.
struct House {
    server: Server,
    connection: Connection,
    saved: usize,
}

/// Measures all of it.
pub(super) async fn measure(database: &Database, table: &mut Table) -> anyhow::Result<()> {
    let hello = component("hello")?;
    let many = copies(&hello, HUNDRED)?;
    let mut houses = Vec::new();
    for count in [0, 1, FIVE] {
        houses.push(House::open(database, count, many.get(..count).unwrap_or_default()).await?);
    }
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); houses.len()];
    for _ in 0..TURNS {
        for (house, times) in houses.iter_mut().zip(&mut times) {
            times.push(house.turn().await?);
        }
    }
    for house in houses {
        house.server.kill().await?;
    }
    let medians: Vec<f64> = times.into_iter().map(median).collect();
    let [none, one, five] = medians.as_slice() else { anyhow::bail!("three houses were measured") };
    let hook = (one - none) * 1_000.0;
    table.one_off(
        &format!("hook in Rust, record of {FIELDS} fields, p50 over p50"),
        format!("{hook:.0} µs"),
        "≤ 40 µs",
        Some(hook <= 40.0),
    );
    for (what, with, budget) in [("one hook", one, 5.0), ("five hooks", five, 15.0)] {
        let share = (with - none) / none * 100.0;
        table.one_off(
            &format!("{what}, of a save"),
            format!("{share:.1} % of {none:.2} ms"),
            &format!("≤ {budget} %"),
            Some(share <= budget),
        );
    }
    runaway(database, table).await?;
    hundred(database, &many, table).await
}

impl House {
    async fn open(database: &Database, count: usize, plugins: &[PathBuf]) -> anyhow::Result<Self> {
        let place = database.own(&format!("plugins_{count}")).await?;
        let server = place.serve_plugins(plugins).await?;
        let target = place.create_tenant("bench", &server.address).await?;
        let door = Target { path: target.path.replace("/graphql", "/metadata"), ..target.clone() };
        let mut metadata = Connection::open(&door).await?;
        for name in (0..FIELDS).map(name) {
            let add = format!("mutation {{ addField(object: \"opportunity\", input: {{ name: \"{name}\", type: text }}) {{ name }} }}");
            metadata.run(&add, &json!({})).await?;
        }
        let mut house = Self { server, connection: Connection::open(&target).await?, saved: 0 };
        // Plans, pages and connections warm up.
        house.turn().await?;
        Ok(house)
    }

    /// The median of some saves, in milliseconds.
    async fn turn(&mut self) -> anyhow::Result<f64> {
        let mut times = Vec::new();
        for _ in 0..SAVES {
            self.saved += 1;
            let named = [("name".to_owned(), json!(format!("Deal {}", self.saved)))];
            let words = (0..FIELDS).map(|number| (api_name(number), json!("some words of it")));
            let input: Value = named.into_iter().chain(words).collect();
            let begun = Instant::now();
            self.connection.run(CREATE, &json!({ "input": input })).await?;
            times.push(begun.elapsed().as_secs_f64() * 1_000.0);
        }
        Ok(median(times))
    }
}

/// A loop that never ends is ended.
async fn runaway(database: &Database, table: &mut Table) -> anyhow::Result<()> {
    let place = database.own("plugins_runaway").await?;
    let server = place.serve_plugins(&[component("looping")?]).await?;
    let target = place.create_tenant("bench", &server.address).await?;
    let mut connection = Connection::open(&target).await?;
    let body = json!({ "query": CREATE, "variables": { "input": { "name": "Deal" } } }).to_string();
    let mut times = Vec::new();
    for _ in 0..RUNAWAYS {
        let begun = Instant::now();
        connection.post(body.as_bytes()).await?;
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
        let answer: Value = serde_json::from_slice(&connection.body)?;
        let code = answer.pointer("/errors/0/extensions/code").and_then(Value::as_str);
        anyhow::ensure!(code == Some("PLUGIN_FAULT"), "a loop was answered by {answer}");
    }
    let longest = times.iter().copied().fold(0.0, f64::max);
    let figure = format!("{:.0} ms, at most {longest:.0} ms of {RUNAWAYS}", median(times));
    table.one_off("a loop that never ends, answered after", figure, "≤ 150 ms", Some(longest <= 150.0));
    server.kill().await
}

/// From the start of the process until it listens; what was compiled before is kept.
async fn hundred(database: &Database, plugins: &[PathBuf], table: &mut Table) -> anyhow::Result<()> {
    let place = database.own("plugins_hundred").await?;
    place.serve_plugins(plugins).await?.kill().await?;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let begun = Instant::now();
        let server = place.serve_plugins(plugins).await?;
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
        server.kill().await?;
    }
    let ms = median(times);
    table.one_off(&format!("cold start, {HUNDRED} plugins"), format!("{ms:.0} ms"), "≤ 1,000 ms", Some(ms <= 1_000.0));
    Ok(())
}

/// So many plugins out of one, each under a name of its own: a component's own words are plain bytes in it.
fn copies(hello: &Path, count: usize) -> anyhow::Result<Vec<PathBuf>> {
    let component = std::fs::read(hello).with_context(|| hello.display().to_string())?;
    let folder = empty_folder("plugins-hundred")?;
    let old = b"\"package\":\"hello\"";
    let at = component.windows(old.len()).position(|window| window == old).context("`hello` says its name")?;
    let mut files = Vec::new();
    for number in 0..count {
        let new = format!("\"package\":\"h{number:04}\"");
        let mut copy = component.clone();
        copy.get_mut(at..at + new.len()).context("a name of the same length")?.copy_from_slice(new.as_bytes());
        let file = folder.join(format!("h{number:04}.wasm"));
        std::fs::write(&file, copy)?;
        files.push(file);
    }
    Ok(files)
}

/// The name of a field.
fn name(number: usize) -> String {
    format!("bench_{}", letter(number))
}

/// The same in the data API.
fn api_name(number: usize) -> String {
    format!("bench{}", letter(number).to_ascii_uppercase())
}

fn letter(number: usize) -> char {
    char::from(b'a' + u8::try_from(number % 26).unwrap_or_default())
}
