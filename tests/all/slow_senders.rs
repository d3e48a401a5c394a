//! Who sends too slowly is let go: heads that never end, bodies that stop, bodies that trickle.
//!
//! A raw socket each, which waits for the server's word; the limits are set short.

use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};
use tenon_server::Patience;
use tenon_tests::{Database, Setting, Tenant, TestServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long the tests' servers wait.
const SHORT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(3_600);

async fn server(patience: Patience) -> anyhow::Result<(TestServer, Tenant)> {
    let setting = Setting::read();
    let server = TestServer::start_as(Database::Sqlite, &setting, |config| config.patience = patience).await?;
    let server = server.context("SQLite is always there")?;
    let tenant = server.tenant(None, None, None).await?;
    Ok((server, tenant))
}

/// A POST that says it has a long body, and brings none of it.
async fn begun(tenant: &Tenant, door: &str, media: &str) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(tenant.address).await?;
    let (name, key) = (&tenant.name, &tenant.key);
    let head = format!(
        "POST /t/{name}/{door} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: {media}\r\ncontent-length: 1000000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    Ok(stream)
}

/// Everything the server says until it closes.
async fn said(stream: &mut (impl AsyncReadExt + Unpin)) -> anyhow::Result<(u16, Value)> {
    let mut bytes = Vec::new();
    // A peer that still sends may see the connection reset after the answer.
    drop(stream.read_to_end(&mut bytes).await);
    let text = String::from_utf8(bytes)?;
    let (head, body) = text.split_once("\r\n\r\n").context("no answer")?;
    let status = head.split(' ').nth(1).context("no status")?.parse()?;
    Ok((status, serde_json::from_str(body)?))
}

#[tokio::test]
async fn a_head_that_never_ends_is_given_up() -> anyhow::Result<()> {
    let (server, tenant) = server(Patience { head: SHORT, idle: LONG, body: LONG, upload: LONG, silence: LONG }).await?;
    for begin in ["", "GET /healthz HTTP/1.1\r\nhost:"] {
        let mut stream = TcpStream::connect(tenant.address).await?;
        stream.write_all(begin.as_bytes()).await?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await?;
        assert_eq!(String::from_utf8_lossy(&bytes), "", "{begin}");
    }
    server.stop().await
}

#[tokio::test]
async fn a_body_that_stops_is_given_up_in_the_shape_of_its_door() -> anyhow::Result<()> {
    let (server, tenant) = server(Patience { head: LONG, idle: SHORT, body: LONG, upload: LONG, silence: LONG }).await?;
    let expected = json!({ "code": "EXHAUSTED", "limit": "body_idle", "max": 0.2 });
    for door in ["graphql", "metadata"] {
        let mut stream = begun(&tenant, door, "application/json").await?;
        stream.write_all(b"{\"query\":").await?;
        let (status, answer) = said(&mut stream).await?;
        assert_eq!(status, 408, "{door}");
        for (key, value) in expected.as_object().context("an object")? {
            assert_eq!(answer["errors"][0]["extensions"][key], *value, "{door}: {answer}");
        }
    }
    for (door, media) in [("exports", "application/json"), ("imports?object=account", "multipart/form-data; boundary=x")] {
        let mut stream = begun(&tenant, door, media).await?;
        stream.write_all(b"--x\r\n").await?;
        let (status, answer) = said(&mut stream).await?;
        assert_eq!((status, &answer["limit"]), (408, &json!("body_idle")), "{door}: {answer}");
    }
    server.stop().await
}

#[tokio::test]
async fn a_body_that_trickles_is_given_up() -> anyhow::Result<()> {
    let (server, tenant) = server(Patience { head: LONG, idle: LONG, body: SHORT, upload: SHORT, silence: LONG }).await?;
    for (door, media, limit) in
        [("graphql", "application/json", "body_time"), ("imports?object=account", "multipart/form-data; boundary=x", "upload_time")]
    {
        let (mut reader, mut writer) = begun(&tenant, door, media).await?.into_split();
        if door != "graphql" {
            writer.write_all(b"--x\r\ncontent-disposition: form-data; name=\"mapping\"\r\n\r\n").await?;
        }
        let trickle = tokio::spawn(async move {
            let mut pace = tokio::time::interval(SHORT / 20);
            while writer.write_all(b" ").await.is_ok() {
                pace.tick().await;
            }
        });
        let (status, answer) = said(&mut reader).await?;
        trickle.abort();
        let told = if door == "graphql" { &answer["errors"][0]["extensions"]["limit"] } else { &answer["limit"] };
        assert_eq!((status, told), (408, &json!(limit)), "{door}: {answer}");
    }
    server.stop().await
}

#[tokio::test]
async fn the_limits_are_listed() -> anyhow::Result<()> {
    let (server, tenant) = server(Patience::default()).await?;
    let limits = tenant.request("GET", "limits").send(tenant.address).await?.json()?;
    for (name, seconds) in [("head_time", 60), ("body_idle", 30), ("body_time", 60), ("upload_time", 1_800)] {
        assert_eq!(limits["limits"][name], json!(seconds), "{name}");
    }
    server.stop().await
}
