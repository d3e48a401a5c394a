//! The tenant while it is being filled: chance, today, and one batch mutation for everything.

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::chance::{Chance, SEED};
use super::day::Day;
use super::{activities, companies, deals, leads, organisation, people, products};
use crate::client::Client;
use crate::terminal;

/// Rows per mutation: well below the limit of a batch, and enough that the round trip does not matter.
const BATCH_ROWS: usize = 250;

/// An object by its names in GraphQL.
pub(super) struct Kind {
    /// `Account`.
    pub(super) single: &'static str,
    /// `Accounts`.
    pub(super) plural: &'static str,
}

/// Shorthand for the list of objects in the callers.
pub(super) const fn kind(single: &'static str, plural: &'static str) -> Kind {
    Kind { single, plural }
}

/// What the generators share.
pub(super) struct World {
    send: Send,
    created: usize,
    /// Where everything random comes from.
    pub(super) chance: Chance,
    /// The day the demo is made for.
    pub(super) today: Day,
}

/// Runs a document with variables; the answer is its data.
pub(super) type Send = Box<dyn Fn(&str, &Value) -> anyhow::Result<Value>>;

/// Fills the tenant; the answer is the number of records.
pub(super) fn fill(client: Client) -> anyhow::Result<usize> {
    fill_by(Box::new(move |document, variables| client.run(document, variables)), Day::today())
}

/// The same with any way of sending, as on any day.
pub(super) fn fill_by(send: Send, today: Day) -> anyhow::Result<usize> {
    let mut world = World { send, created: 0, chance: Chance::new(SEED), today };
    let staff = organisation::fill(&mut world)?;
    let goods = products::fill(&mut world)?;
    let accounts = companies::fill(&mut world, &staff)?;
    let contacts = people::fill(&mut world, &staff, &accounts)?;
    let campaigns = deals::campaigns(&mut world, &staff)?;
    let sales = deals::Sales { goods: &goods, accounts: &accounts, contacts: &contacts, campaigns: &campaigns };
    let opportunities = deals::fill(&mut world, &sales)?;
    leads::fill(&mut world, &staff, &campaigns)?;
    activities::fill(&mut world, &sales, &opportunities)?;
    terminal::step(&format!("{} records", world.created));
    Ok(world.created)
}

impl World {
    /// Creates rows of one object; the answer is their ids in order.
    pub(super) fn create(&mut self, kind: &Kind, rows: &[Value]) -> anyhow::Result<Vec<String>> {
        let Kind { single, plural } = kind;
        let document =
            format!("mutation Fill($rows: [Create{single}Input!]!) {{ batch: create{plural}(inputs: $rows) {{ nodes {{ id }} }} }}");
        let mut ids = Vec::with_capacity(rows.len());
        for chunk in rows.chunks(BATCH_ROWS) {
            let answer = (self.send)(&document, &json!({ "rows": chunk }));
            let answer = answer.with_context(|| format!("creating {plural}"))?;
            let nodes = answer.pointer("/batch/nodes").and_then(Value::as_array).context("a batch has nodes")?;
            ids.extend(nodes.iter().filter_map(|node| node.get("id")?.as_str()).map(str::to_owned));
        }
        if ids.len() != rows.len() {
            bail!("{} {plural} were sent and {} came back", rows.len(), ids.len());
        }
        self.created += ids.len();
        terminal::step(&format!("{:>5} {}", ids.len(), plural));
        Ok(ids)
    }
}

/// A relation to a record there is.
pub(super) fn connect(id: impl AsRef<str>) -> Value {
    json!({ "connect": { "id": id.as_ref() } })
}

/// Relations to several.
pub(super) fn connect_all(ids: &[&String]) -> Value {
    json!({ "connect": ids.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>() })
}

/// Whole units of a currency.
pub(super) fn money(amount: i64, currency: &str) -> Value {
    json!({ "amount": format!("{amount}.00"), "currency": currency })
}
