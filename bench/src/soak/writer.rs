//! A writer: creates and updates its own accounts as fast as it is answered, and writes down every answer.

use serde_json::{Value, json};

use super::journal::{Entry, Journal};
use crate::chance::Chance;
use crate::wire::{Connection, Target};

/// A writer goes over to updating once it has so many records.
const RECORDS_MAX: usize = 60;

/// Rows of one batch.
const BATCH_ROWS: usize = 5;

const CREATE: &str = "mutation($input: CreateAccountInput!) { saved: createAccount(input: $input) { id version } }";
const CREATE_MANY: &str = "mutation($inputs: [CreateAccountInput!]!) { saved: createAccounts(inputs: $inputs) { nodes { id version } } }";
const UPDATE: &str = "mutation($id: ID!, $input: UpdateAccountInput!) { saved: updateAccount(id: $id, input: $input) { id version } }";

/// One writer with its journal.
pub(crate) struct Writer {
    /// Its number, part of every name it gives.
    pub(crate) number: usize,
    /// Where its chances come from.
    pub(crate) chance: Chance,
    /// What it was promised.
    pub(crate) journal: Journal,
    /// It writes the fields whose shape changes meanwhile as well, with the same values; and nobody may send it away.
    pub(crate) shaped: bool,
    serial: i64,
}

impl Writer {
    pub(crate) fn new(number: usize, seed: u64) -> Self {
        let offset = u64::try_from(number).unwrap_or(0) + 1;
        Self { number, chance: Chance::new(seed.wrapping_mul(offset)), journal: Journal::default(), shaped: false, serial: 0 }
    }

    /// Writes until the server is gone. Every other failure is a finding.
    pub(crate) async fn work(&mut self, target: &Target) -> anyhow::Result<()> {
        self.work_until(target, || false).await
    }

    /// The same, until it is told to stop.
    pub(crate) async fn work_until(&mut self, target: &Target, stopped: impl Fn() -> bool) -> anyhow::Result<()> {
        let Ok(mut connection) = Connection::open(target).await else { return Ok(()) };
        while !stopped() {
            let roll = self.chance.below(100);
            let done = match roll {
                _ if self.journal.entries.is_empty() => self.create(&mut connection).await,
                0..20 if self.journal.entries.len() < RECORDS_MAX => self.create(&mut connection).await,
                20..25 if self.journal.entries.len() < RECORDS_MAX => self.create_many(&mut connection).await,
                _ => self.update(&mut connection).await,
            };
            if !done? {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn create(&mut self, connection: &mut Connection) -> anyhow::Result<bool> {
        let (name, value) = self.fresh();
        let input = json!({ "input": self.input(&name, value) });
        let Some(data) = ask(connection, CREATE, &input, self.shaped).await? else {
            self.journal.unanswered.push((name, value));
            return Ok(false);
        };
        self.note_created(data.get("saved"), value)?;
        Ok(true)
    }

    async fn create_many(&mut self, connection: &mut Connection) -> anyhow::Result<bool> {
        let rows: Vec<(String, i64)> = (0..BATCH_ROWS).map(|_| self.fresh()).collect();
        let inputs: Vec<Value> = rows.iter().map(|(name, value)| self.input(name, *value)).collect();
        let Some(data) = ask(connection, CREATE_MANY, &json!({ "inputs": inputs }), self.shaped).await? else {
            self.journal.unanswered.extend(rows);
            return Ok(false);
        };
        for (place, (_, value)) in rows.iter().enumerate() {
            self.note_created(data.pointer(&format!("/saved/nodes/{place}")), *value)?;
        }
        Ok(true)
    }

    async fn update(&mut self, connection: &mut Connection) -> anyhow::Result<bool> {
        let (_, value) = self.fresh();
        let place = self.chance.below(self.journal.entries.len());
        let mut input = json!({ "employeeCount": value });
        if let (true, Some(input)) = (self.shaped, input.as_object_mut()) {
            input.insert("soakSize".to_owned(), json!(value));
        }
        let Some(entry) = self.journal.entries.get_mut(place) else { return Ok(true) };
        entry.pending = Some(value);
        let Some(data) = ask(connection, UPDATE, &json!({ "id": entry.id, "input": input }), self.shaped).await? else {
            return Ok(false);
        };
        entry.pending = None;
        entry.values.push(value);
        self.journal.saves += 1;
        let version = data.pointer("/saved/version").and_then(Value::as_u64);
        anyhow::ensure!(
            version == u64::try_from(entry.version()).ok(),
            "{}: expected version {}, was answered {version:?}",
            entry.id,
            entry.version()
        );
        Ok(true)
    }

    fn note_created(&mut self, node: Option<&Value>, value: i64) -> anyhow::Result<()> {
        let id = node.and_then(|node| node.get("id")?.as_str());
        let version = node.and_then(|node| node.get("version")?.as_u64());
        let (Some(id), Some(1)) = (id, version) else { anyhow::bail!("a creation was answered by {node:?}") };
        self.journal.entries.push(Entry { id: id.to_owned(), values: vec![value], pending: None });
        self.journal.saves += 1;
        Ok(())
    }

    /// What a new record holds.
    fn input(&self, name: &str, value: i64) -> Value {
        if self.shaped {
            json!({ "name": name, "employeeCount": value, "soakSize": value, "soakCode": name })
        } else {
            json!({ "name": name, "employeeCount": value })
        }
    }

    /// A name and a value nobody used before.
    fn fresh(&mut self) -> (String, i64) {
        self.serial += 1;
        (format!("soak {} {}", self.number, self.serial), self.serial)
    }
}

/// The data, or nothing when the connection broke; an answer with errors is a finding.
async fn ask(connection: &mut Connection, document: &str, variables: &Value, is_owed: bool) -> anyhow::Result<Option<Value>> {
    let body = json!({ "query": document, "variables": variables }).to_string();
    let Ok(status) = connection.post(body.as_bytes()).await else { return Ok(None) };
    let mut answer: Value = serde_json::from_slice(&connection.body)?;
    // A server that is going away may say so instead of saying nothing; then nothing was promised.
    if !is_owed && answer.pointer("/errors/0/extensions/code").is_some_and(|code| code == "UNAVAILABLE") {
        return Ok(None);
    }
    match answer.get_mut("data").map(Value::take) {
        Some(data) if answer.get("errors").is_none() => Ok(Some(data)),
        _ => anyhow::bail!("status {status}: {answer}"),
    }
}
