//! Subscribers who do no good: they do not read, do not answer, or come and go by the hundred.

use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::{Value, json};
use tenon_tests::{Database, Heard, Socket, TOLD_MAX, Tenant, TestServer};

use super::{change, deal};
use crate::both::on_as;

const PROTOCOL: &str = "graphql-transport-ws";
/// Sockets one principal may have open.
const SOCKETS: usize = 100;
/// Opened and dropped here; ten thousand in the soak.
const DROPPED: usize = 150;
/// Letters of a text, of three bytes each, and how often it is told: more than the buffers of a connection hold, and all
/// that waits for it.
const LETTERS: usize = 100_000;
const TOLD: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_is_let_go_and_nobody_else_waits_on_sqlite() {
    run(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_is_let_go_and_nobody_else_waits_on_postgres() {
    run(Database::Postgres).await;
}

async fn run(database: Database) {
    let configure = |config: &mut tenon_server::ServeConfig| config.patience.silence = Duration::from_millis(900);
    on_as(database, configure, all).await;
}

async fn all(server: &TestServer) -> anyhow::Result<()> {
    let ours = server.tenant(None, None, None).await?;
    silent(&ours).await?;
    unread(&ours).await?;
    dropped(&ours).await
}

/// Who does not answer a ping has gone.
async fn silent(ours: &Tenant) -> anyhow::Result<()> {
    let mut socket = ours.socket(PROTOCOL).await?;
    socket.init(&ours.key).await?;
    ensure!(socket.hear().await? == Heard::Closed(1001));
    Ok(())
}

/// Who is told much and reads nothing is let go; what he is not sent does not gather, and others are told meanwhile.
async fn unread(ours: &Tenant) -> anyhow::Result<()> {
    const LONG: &str = "subscription { opportunityChanged { version node { lossReason } } }";
    let id = deal(ours, "Long", None).await?;
    let mut deaf = ours.socket(PROTOCOL).await?;
    deaf.init(&ours.key).await?;
    deaf.say(&json!({ "id": "1", "type": "subscribe", "payload": { "query": LONG } })).await?;
    let mut awake = ours.subscribe("subscription { opportunityChanged { version } }", json!({}), &[]).await?;
    for at in 0..TOLD {
        let letter = if at % 2 == 0 { "短" } else { "长" };
        change(ours, &id, json!({ "lossReason": letter.repeat(LETTERS) })).await?;
        // He is alive, and says so; the server may have let him go already.
        drop(pong(&mut deaf).await);
    }
    let mut told: Value = Value::Null;
    while told != TOLD + 1 {
        let next = awake.told().await?["data"]["opportunityChanged"]["version"].take();
        ensure!(next.as_u64() > told.as_u64(), "{next} after {told}");
        told = next;
    }
    // Let go, he cannot even say that he lives.
    let began = Instant::now();
    while pong(&mut deaf).await.is_ok() {
        ensure!(began.elapsed() < TOLD_MAX, "he is still waited for");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // He reads at last: what had been sent, and then nothing, long before the last of it.
    let mut heard = 0;
    while let Ok(Heard::Json(_)) = deaf.hear().await {
        heard += 1;
    }
    ensure!(heard < TOLD, "all {heard} were kept for somebody who did not read");
    Ok(())
}

/// Sockets that break off leave nothing behind: as many as may be open can be opened afterwards.
async fn dropped(ours: &Tenant) -> anyhow::Result<()> {
    for at in 0..DROPPED {
        let mut socket = ours.socket(PROTOCOL).await?;
        // Some break off before they say who they are, some while they listen.
        if at % 3 > 0 {
            socket.say(&json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {}", ours.key) } })).await?;
        }
        if at % 3 > 1 {
            socket.hear().await?;
            let query = "subscription { opportunityChanged { id } }";
            socket.say(&json!({ "id": "1", "type": "subscribe", "payload": { "query": query } })).await?;
        }
    }
    let mut open = Vec::new();
    let mut tries = 0;
    while open.len() < SOCKETS {
        tries += 1;
        ensure!(tries < SOCKETS * 20, "only {} of {SOCKETS} sockets are free", open.len());
        open.extend(opened(ours).await?);
        answer(&mut open).await?;
    }
    ensure!(opened(ours).await?.is_none(), "one more than may be");
    Ok(())
}

/// A socket, if there is room for one.
async fn opened(ours: &Tenant) -> anyhow::Result<Option<Socket>> {
    let mut socket = ours.socket(PROTOCOL).await?;
    socket.say(&json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {}", ours.key) } })).await?;
    Ok(match socket.hear().await? {
        Heard::Json(_) => Some(socket),
        Heard::Closed(code) => {
            ensure!(code == 4429, "{code}");
            None
        }
    })
}

/// Signs of life.
async fn answer(open: &mut [Socket]) -> anyhow::Result<()> {
    for socket in open {
        pong(socket).await?;
    }
    Ok(())
}

async fn pong(socket: &mut Socket) -> anyhow::Result<()> {
    socket.say(&json!({ "type": "pong" })).await
}
