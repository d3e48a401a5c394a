//! Those who follow while nodes die: what they were told, and what is wrong with it.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::wire::{Connection, Target};

/// What somebody was told, and where he goes on.
#[derive(Default)]
pub(crate) struct Told {
    /// The newest version of each record.
    pub(crate) versions: HashMap<String, u64>,
    /// The cursor after it.
    pub(crate) cursor: Option<String>,
    /// Changes that he was told.
    pub(crate) changes: u64,
    /// Changes that he was told again.
    pub(crate) again: u64,
    pub(crate) findings: Vec<String>,
}

impl Told {
    /// One change. `exact`: each version, one after the other, none twice; else never an older one.
    fn note(&mut self, line: &Value, exact: bool) {
        let (Some(id), Some(version)) = (line["id"].as_str(), line["version"].as_u64()) else {
            return self.findings.push(format!("no change: {line}"));
        };
        let known = self.versions.get(id).copied().unwrap_or_default();
        self.changes += 1;
        match (exact, version) {
            (_, version) if version == known + 1 => {}
            (false, version) if version > known => {}
            (false, version) if version == known => self.again += 1,
            _ => self.findings.push(format!("{id}: told version {version} after {known}")),
        }
        self.versions.insert(id.to_owned(), version.max(known));
        self.cursor = line["cursor"].as_str().map(str::to_owned);
    }

    /// Reads the feed until nothing more comes; what breaks is asked again by the caller.
    pub(crate) async fn read_feed(&mut self, target: &Target) -> anyhow::Result<()> {
        let mut connection = Connection::open(target).await?;
        let path = target.path.replace("/graphql", "/changes");
        loop {
            let after = self.cursor.clone().unwrap_or_default();
            let status = connection.get(&format!("{path}?objects=account&limit=50&wait=1&after={after}")).await?;
            let text = String::from_utf8_lossy(&connection.body).into_owned();
            if status == 503 {
                anyhow::bail!("away");
            }
            if status != 200 {
                self.findings.push(format!("the feed answered {status}: {text}"));
                return Ok(());
            }
            let before = self.changes;
            for line in text.lines() {
                match serde_json::from_str(line) {
                    Ok(line) => self.note(&line, true),
                    Err(_) => self.findings.push(format!("no line: {line}")),
                }
            }
            if self.changes == before {
                return Ok(());
            }
        }
    }

    /// Listens until the connection breaks.
    pub(crate) async fn listen(&mut self, target: &Target) -> anyhow::Result<()> {
        let mut connection = Connection::open(target).await?;
        let document = "subscription ($after: String) { changed: accountChanged(after: $after) { id version cursor } }";
        let body = json!({ "query": document, "variables": { "after": self.cursor } }).to_string();
        let status = connection.stream(body.as_bytes()).await?;
        if status == 503 {
            anyhow::bail!("away");
        }
        if status != 200 {
            self.findings.push(format!("the subscription was answered {status}"));
            anyhow::bail!("refused");
        }
        loop {
            let line = connection.line_of("data: ").await?;
            let told: Value = serde_json::from_str(&line)?;
            match told.pointer("/data/changed") {
                Some(change) => self.note(change, false),
                // A server that goes away may say so.
                None => anyhow::bail!("{told}"),
            }
        }
    }
}
