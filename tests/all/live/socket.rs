//! Subscriptions over a WebSocket.

use anyhow::ensure;
use serde_json::{Value, json};
use tenon_tests::{Database, Heard, Setting, TestServer};

use super::{OPEN, deal, short};
use crate::both::on;

const PROTOCOL: &str = "graphql-transport-ws";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_speaks_its_protocol() {
    on(Database::Sqlite, Vec::new(), spoken).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_speaks_its_protocol_on_postgres() {
    on(Database::Postgres, Vec::new(), spoken).await;
}

fn subscribe(id: &str, query: &str) -> Value {
    json!({ "id": id, "type": "subscribe", "payload": { "query": query, "variables": {} } })
}

async fn spoken(server: &TestServer, _: &Setting) -> anyhow::Result<()> {
    let ours = server.tenant(None, None, None).await?;
    let others = server.tenant(None, None, None).await?;
    let mut socket = ours.socket(PROTOCOL).await?;
    socket.init(&ours.key).await?;
    socket.say(&json!({ "type": "ping", "payload": { "a": 1 } })).await?;
    ensure!(socket.hear().await? == Heard::Json(json!({ "type": "pong", "payload": { "a": 1 } })));
    socket.say(&subscribe("1", OPEN)).await?;
    // A query over the same socket shows that the subscription before it was taken.
    socket.say(&subscribe("2", "{ me { kind } }")).await?;
    let answer = socket.next("2").await?;
    ensure!(answer["data"]["me"]["kind"] == "API_KEY", "{answer}");
    ensure!(socket.hear().await? == Heard::Json(json!({ "id": "2", "type": "complete" })));
    settled(&ours).await?;
    let id = deal(&ours, "By socket", None).await?;
    ensure!(short(&socket.next("1").await?) == json!(["CREATED", id, 1]));
    socket.say(&json!({ "id": "1", "type": "complete" })).await?;
    socket.say(&subscribe("3", "subscription { nope }")).await?;
    match socket.hear().await? {
        Heard::Json(message) => {
            ensure!(message["type"] == "error" && message["payload"][0]["extensions"]["rule"] == "graphql/validation", "{message}");
        }
        other => anyhow::bail!("{other:?}"),
    }
    closed(&ours, &others).await?;
    revoked(&ours).await
}

/// The subscription stands: it is taken in its own task.
async fn settled(_: &tenon_tests::Tenant) -> anyhow::Result<()> {
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    Ok(())
}

async fn closed(ours: &tenon_tests::Tenant, others: &tenon_tests::Tenant) -> anyhow::Result<()> {
    let unknown = json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {}", others.key) } });
    for (said, code) in [
        (vec![json!({ "type": "nonsense" })], 4400),
        (vec![subscribe("1", "{ me { id } }")], 4401),
        (vec![unknown], 4403),
        (vec![json!({ "type": "connection_init" })], 4403),
    ] {
        let mut socket = ours.socket(PROTOCOL).await?;
        for message in &said {
            socket.say(message).await?;
        }
        let heard = socket.hear().await?;
        ensure!(heard == Heard::Closed(code), "{said:?}: {heard:?}");
    }
    let mut socket = ours.socket(PROTOCOL).await?;
    socket.init(&ours.key).await?;
    socket.say(&subscribe("1", OPEN)).await?;
    socket.say(&subscribe("1", OPEN)).await?;
    ensure!(socket.hear().await? == Heard::Closed(4409));
    let mut socket = ours.socket(PROTOCOL).await?;
    socket.init(&ours.key).await?;
    socket.say(&json!({ "type": "connection_init" })).await?;
    ensure!(socket.hear().await? == Heard::Closed(4429));
    let mut socket = ours.socket(PROTOCOL).await?;
    socket.init(&ours.key).await?;
    socket.say_text("{").await?;
    ensure!(socket.hear().await? == Heard::Closed(4400));
    Ok(())
}

/// Whose key is revoked is shown the door, though nothing happens.
async fn revoked(ours: &tenon_tests::Tenant) -> anyhow::Result<()> {
    let made = ours.by_key("POST", "keys", &json!({ "display": "short", "roles": ["sales_rep"] })).await?.json()?;
    let mut socket = ours.socket(PROTOCOL).await?;
    socket.init(made["apiKey"].as_str().unwrap_or_default()).await?;
    socket.say(&subscribe("1", OPEN)).await?;
    let id = made["id"].as_str().or_else(|| made["key"]["id"].as_str()).unwrap_or_default();
    let gone = ours.by_key("DELETE", &format!("keys/{id}"), &Value::Null).await?;
    ensure!(gone.status < 300, "{made}: {}", gone.status);
    ensure!(socket.hear().await? == Heard::Closed(4403));
    Ok(())
}
