//! Search over many records: words that many have, words that few have, two together, and Chinese. Names are made of words by
//! chance, so that each is found in a known share of them.

use anyhow::Context;
use serde_json::{Value, json};

use super::driver;
use super::fill;
use super::table::Table;
use crate::chance::Chance;
use crate::databases::Database;
use crate::say;
use crate::wire::Target;

/// Words a name is made of; each is in one of fifty names, and each number in one of all.
const FIRST: usize = 50;
const SECOND: usize = 1_000;
const SYLLABLES: [&str; 10] = ["ba", "ke", "lo", "mi", "nu", "ra", "se", "to", "vi", "zu"];
const SIGNS: [&str; 20] =
    ["北", "京", "上", "海", "深", "圳", "科", "技", "贸", "易", "华", "东", "南", "西", "中", "天", "河", "江", "山", "云"];
/// Connections that search.
const CONNECTIONS: [usize; 2] = [1, 8];

const SEARCH: &str = "query ($text: String!) { search(text: $text, first: 20) { object score record { id } } }";

/// What is looked for.
#[derive(Clone, Copy)]
enum Looked {
    /// A word in one of a thousand names.
    Rare,
    /// One in fifty, and one in a thousand.
    Both,
    /// The beginning of a word in one of fifty.
    Beginning,
    /// Two Chinese signs side by side.
    Signs,
}

/// Measures it.
pub(super) async fn measure(database: &Database, records: usize, seconds: u64, table: &mut Table) -> anyhow::Result<()> {
    let place = database.own("search").await?;
    let server = place.serve().await?;
    let target: Target = place.create_tenant("search", &server.address).await?;
    say::step(&format!("{}: {records} records to search", database.name));
    fill::create(&target, ("Account", "Accounts"), records, |number| json!({ "name": name(number) })).await?;
    if let Some(url) = &place.database {
        super::peer::settle(url).await?;
    }
    for (looked, about) in [
        (Looked::Rare, "a word of one in 1,000"),
        (Looked::Both, "two words, of one in 50 and one in 1,000"),
        (Looked::Beginning, "the beginning of a word of one in 50"),
        (Looked::Signs, "two Chinese signs"),
    ] {
        for connections in CONNECTIONS {
            let make = move |chance: &mut Chance| json!({ "query": SEARCH, "variables": { "text": text(looked, chance) } });
            let one = driver::run(std::slice::from_ref(&target), server.vitals()?, make, 1, connections, seconds).await?;
            let figure = format!("p50 {:.1} ms, p99 {:.1} ms, {:.0} req/s", one.p50_ms, one.p99_ms, one.rate);
            table.one_off(&format!("search of {records} records, {about} /{connections}"), figure, "", None);
        }
    }
    let found = found(&target).await?;
    anyhow::ensure!(found > 0, "nothing was found");
    server.kill().await
}

/// A name by its number: two words, two signs, the number.
fn name(number: usize) -> String {
    let mut chance = Chance::new(u64::try_from(number).unwrap_or_default());
    let signs: String = (0..4).filter_map(|_| chance.pick(&SIGNS)).copied().collect();
    format!("{} {} {signs} {number}", word(chance.below(FIRST), 2), word(chance.below(SECOND), 3))
}

/// A word of so many syllables.
fn word(mut number: usize, syllables: usize) -> String {
    let mut word = String::new();
    for _ in 0..syllables {
        word.push_str(SYLLABLES.get(number % SYLLABLES.len()).copied().unwrap_or_default());
        number /= SYLLABLES.len();
    }
    word
}

fn text(looked: Looked, chance: &mut Chance) -> String {
    match looked {
        Looked::Rare => word(chance.below(SECOND), 3),
        Looked::Both => format!("{} {}", word(chance.below(FIRST), 2), word(chance.below(SECOND), 3)),
        Looked::Beginning => word(chance.below(FIRST), 2).chars().take(3).collect(),
        Looked::Signs => (0..2).filter_map(|_| chance.pick(&SIGNS)).copied().collect(),
    }
}

/// How many the first name's number finds: it is there once.
async fn found(target: &Target) -> anyhow::Result<usize> {
    let mut connection = crate::wire::Connection::open(target).await?;
    let data = connection.run(SEARCH, &json!({ "text": name(7) })).await?;
    Ok(data.get("search").and_then(Value::as_array).context("hits")?.len())
}
