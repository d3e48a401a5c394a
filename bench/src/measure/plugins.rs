//! What plugins cost a save: the same save beside each other without any, with one and with five; one that never comes back; and a
//! start with a hundred.
//!
//! One tenant takes turns with its packages switched on and off: two tenants, each with a file or tables of its own, differ by more
//! than a hook costs.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use serde_json::{Value, json};

use super::table::{Table, median};
use crate::databases::Database;
use crate::platform::{Place, Server, component, empty_folder};
use crate::wire::{Connection, Target};

/// Fields of the record that is saved, beside its name.
const FIELDS: usize = 20;
/// Saves of one turn, those before them that do not count, and turns.
const SAVES: usize = 150;
const WARMING: usize = 50;
const TURNS: usize = 25;
/// Plugins of a house with many, and of the start with more.
const FIVE: usize = 5;
const HUNDRED: usize = 100;
/// How often the runaway is met, and a start made.
const RUNAWAYS: usize = 40;
const STARTS: usize = 5;
const CREATE: &str = "mutation($input: CreateOpportunityInput!) { createOpportunity(input: $input) { id } }";

/// One tenant with packages that are switched on and off.
struct House {
    server: Server,
    records: Connection,
    metadata: Connection,
    packages: Vec<String>,
    saved: usize,
}

/// Measures all of it.
pub(super) async fn measure(database: &Database, table: &mut Table) -> anyhow::Result<()> {
    let hello = component("hello")?;
    let mut house = House::open(database, &hello).await?;
    let (mut none, mut one, mut five) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        for (count, times) in [(0, &mut none), (1, &mut one), (FIVE, &mut five)] {
            times.push(house.turn(count).await?);
        }
    }
    house.server.kill().await?;
    // Of each turn by itself, so that what else the machine does meets all three.
    let more = |with: &[f64]| median(with.iter().zip(&none).map(|(with, none)| with - none).collect());
    let (one, five) = (more(&one), more(&five));
    let none = median(none.clone());
    let hook = one * 1_000.0;
    table.one_off(
        &format!("hook in Rust, record of {FIELDS} fields, p50 over p50"),
        format!("{hook:.0} µs"),
        "≤ 40 µs",
        Some(hook <= 40.0),
    );
    for (what, more, budget) in [("one hook", one, 5.0), ("five hooks", five, 15.0)] {
        let share = more / none * 100.0;
        table.one_off(
            &format!("{what}, of a save"),
            format!("{share:.1} % of {none:.2} ms"),
            &format!("≤ {budget} %"),
            Some(share <= budget),
        );
    }
    runaway(database, table).await?;
    hundred(database, &copies(&hello, HUNDRED)?, table).await
}

impl House {
    async fn open(database: &Database, hello: &Path) -> anyhow::Result<Self> {
        let place = database.own("plugins").await?;
        let server = place.serve_unsigned().await?;
        let target = place.create_tenant("bench", &server.address).await?;
        let door = Target { path: target.path.replace("/graphql", "/metadata"), ..target.clone() };
        let mut metadata = Connection::open(&door).await?;
        for name in (0..FIELDS).map(name) {
            let add = format!("mutation {{ addField(object: \"opportunity\", input: {{ name: \"{name}\", type: text }}) {{ name }} }}");
            metadata.run(&add, &json!({})).await?;
        }
        let mut packages = Vec::new();
        for component in copies(hello, FIVE)? {
            let package = component.file_stem().context("a copy has a name")?.to_string_lossy().into_owned();
            let file = packed(&place, &package, &component).await?;
            let (url, file) = (format!("http://{}", target.address), file.to_string_lossy().into_owned());
            let server = ["--url", &url, "--tenant", "bench", "--key", &target.key];
            place.run(&[&["package", "install", &file, "--grant-all"][..], &server].concat()).await?;
            packages.push(package);
        }
        let mut house = Self { server, records: Connection::open(&target).await?, metadata, packages, saved: 0 };
        // Plans, pages and connections warm up.
        house.turn(FIVE).await?;
        Ok(house)
    }

    /// The median of some saves with so many hooks, in milliseconds.
    async fn turn(&mut self, hooks: usize) -> anyhow::Result<f64> {
        for (place, package) in self.packages.iter().enumerate() {
            let verb = if place < hooks { "enablePackage" } else { "disablePackage" };
            let change = format!("mutation {{ {verb}(package: \"{package}\") {{ package }} }}");
            self.metadata.run(&change, &json!({})).await?;
        }
        // What offers other plugins is planned anew.
        for _ in 0..WARMING {
            self.save().await?;
        }
        let mut times = Vec::new();
        for _ in 0..SAVES {
            times.push(self.save().await?);
        }
        Ok(median(times))
    }

    /// How long one save takes, in milliseconds.
    async fn save(&mut self) -> anyhow::Result<f64> {
        self.saved += 1;
        let named = [("name".to_owned(), json!(format!("Deal {}", self.saved)))];
        let words = (0..FIELDS).map(|number| (api_name(number), json!("some words of it")));
        let input: Value = named.into_iter().chain(words).collect();
        let begun = Instant::now();
        self.records.run(CREATE, &json!({ "input": input })).await?;
        Ok(begun.elapsed().as_secs_f64() * 1_000.0)
    }
}

/// A package of a component that reads all fields of the record.
async fn packed(place: &Place, package: &str, component: &Path) -> anyhow::Result<PathBuf> {
    let folder = component.with_extension("");
    std::fs::create_dir_all(&folder)?;
    std::fs::copy(component, folder.join("plugin.wasm"))?;
    let fields: Vec<String> = (0..FIELDS).map(name).collect();
    let manifest = format!(
        "format: tenon/v1\npackage: {package}\npublisher: bench\nversion: 1.0.0\nlabel: {{ en: Hello, zh: 你好 }}\n\
         plugin: {{ component: plugin.wasm }}\n\
         grants: {{ records: {{ opportunity: {{ read: [stage, close_date, {}], write: [next_step] }} }} }}\n",
        fields.join(", ")
    );
    std::fs::write(folder.join("package.yaml"), manifest)?;
    let file = component.with_extension("tenon");
    let (folder, out) = (folder.to_string_lossy().into_owned(), file.to_string_lossy().into_owned());
    place.run(&["plugin", "pack", &folder, "--out", &out]).await?;
    Ok(file)
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
    // In its code, and in the section that is read before it is compiled.
    let places: Vec<usize> = component.windows(old.len()).enumerate().filter(|(_, window)| window == old).map(|(at, _)| at).collect();
    anyhow::ensure!(!places.is_empty(), "`hello` does not say its name");
    let mut files = Vec::new();
    for number in 0..count {
        let new = format!("\"package\":\"h{number:04}\"");
        let mut copy = component.clone();
        for at in &places {
            copy.get_mut(*at..at + new.len()).context("a name of the same length")?.copy_from_slice(new.as_bytes());
        }
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
