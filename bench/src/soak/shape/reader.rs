//! Somebody who reads and filters the fields whose shape changes: each of his requests is answered.

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::wire::{Connection, Target};

const READ: &str =
    "{ accounts(filter: { soakSize: { isNull: false } }, orderBy: { soakSize: DESC }, first: 5) { nodes { id soakSize soakCode } } }";

/// Reads until told to stop, or the server is gone; how often, and what was wrong.
pub(super) async fn read(target: Target, stopped: watch::Receiver<bool>) -> (u64, anyhow::Result<()>) {
    let mut reads = 0;
    let Ok(mut connection) = Connection::open(&target).await else { return (reads, Ok(())) };
    let body = json!({ "query": READ }).to_string();
    while !*stopped.borrow() {
        let Ok(status) = connection.post(body.as_bytes()).await else { return (reads, Ok(())) };
        if let Err(finding) = check(status, &connection.body) {
            return (reads, Err(finding));
        }
        reads += 1;
    }
    (reads, Ok(()))
}

fn check(status: u16, body: &[u8]) -> anyhow::Result<()> {
    let answer: Value = serde_json::from_slice(body)?;
    anyhow::ensure!(status == 200 && answer.get("errors").is_none(), "status {status}: {answer}");
    let nodes = answer.pointer("/data/accounts/nodes").and_then(Value::as_array).map_or(0, Vec::len);
    anyhow::ensure!(nodes == 5, "{nodes} records of 5: {answer}");
    Ok(())
}
