//! What stays open: an event stream, and a WebSocket that speaks `graphql-transport-ws`; the least that a client needs.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use base64::Engine;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::http::Request;
use crate::tenant::Tenant;

/// How long something may take to be told on a busy machine.
pub const TOLD_MAX: Duration = Duration::from_secs(120);

/// One event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEvent {
    /// `next`, `complete`, `change`.
    pub name: String,
    /// Its id, the cursor.
    pub id: Option<String>,
    /// What it says.
    pub data: String,
}

/// An event stream that is read.
#[derive(Debug)]
pub struct EventStream {
    stream: TcpStream,
    /// Bytes of chunks not yet whole.
    raw: Vec<u8>,
    /// Text of events not yet whole.
    text: String,
}

async fn head(stream: &mut TcpStream) -> anyhow::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return Ok((String::from_utf8(bytes)?, rest));
        }
        ensure!(stream.read_buf(&mut bytes).await? > 0, "the connection ended in the headers");
    }
}

impl EventStream {
    /// Sends a request and reads the answer's head; what is no event stream is an error that says what it is.
    ///
    /// # Errors
    /// When the answer is another one.
    pub async fn open(address: SocketAddr, request: &Request) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        let mut text = format!("{} {} HTTP/1.1\r\nhost: {address}\r\n", request.method, request.path);
        for (name, value) in &request.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("content-length: {}\r\n\r\n", request.body.len()));
        stream.write_all(text.as_bytes()).await?;
        stream.write_all(&request.body).await?;
        let (head, mut raw) = tokio::time::timeout(TOLD_MAX, head(&mut stream)).await??;
        if !head.starts_with("HTTP/1.1 200") || !head.contains("text/event-stream") {
            let length = |line: &str| line.strip_prefix("content-length: ").and_then(|length| length.trim().parse().ok());
            let length: usize = head.lines().find_map(length).unwrap_or_default();
            while raw.len() < length && tokio::time::timeout(TOLD_MAX, stream.read_buf(&mut raw)).await?? > 0 {}
            bail!("{head}{}", String::from_utf8_lossy(&raw));
        }
        Ok(Self { stream, raw, text: String::new() })
    }

    /// The next event, signs of life left out; none at the end.
    ///
    /// # Errors
    /// When nothing comes in time.
    pub async fn next(&mut self) -> anyhow::Result<Option<StreamEvent>> {
        tokio::time::timeout(TOLD_MAX, self.read()).await.context("nothing was told in time")?
    }

    /// The next event's JSON.
    ///
    /// # Errors
    /// When it is another event, or none.
    pub async fn told(&mut self) -> anyhow::Result<Value> {
        let event = self.next().await?.context("the stream has ended")?;
        ensure!(matches!(event.name.as_str(), "next" | "change"), "{event:?}");
        Ok(serde_json::from_str(&event.data)?)
    }

    /// Whether nothing is told for a while.
    ///
    /// # Errors
    /// When something is: what.
    pub async fn silent(&mut self, time: Duration) -> anyhow::Result<()> {
        match tokio::time::timeout(time, self.read()).await {
            Err(_) => Ok(()),
            Ok(event) => bail!("told {:?}", event?),
        }
    }

    async fn read(&mut self) -> anyhow::Result<Option<StreamEvent>> {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                let line = |key: &str| block.lines().find_map(|line| Some(line.strip_prefix(key)?.trim_start().to_owned()));
                if let Some(name) = line("event:") {
                    return Ok(Some(StreamEvent { name, id: line("id:"), data: line("data:").unwrap_or_default() }));
                }
            }
            if !self.chunk()? && self.stream.read_buf(&mut self.raw).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Takes one whole chunk.
    fn chunk(&mut self) -> anyhow::Result<bool> {
        let Some(end) = self.raw.windows(2).position(|two| two == b"\r\n") else { return Ok(false) };
        let size = usize::from_str_radix(std::str::from_utf8(self.raw.get(..end).unwrap_or_default())?.trim(), 16)?;
        let Some(chunk) = self.raw.get(end + 2..end + 2 + size) else { return Ok(false) };
        if self.raw.len() < end + 4 + size {
            return Ok(false);
        }
        self.text.push_str(std::str::from_utf8(chunk)?);
        self.raw.drain(..end + 4 + size);
        Ok(true)
    }
}

impl Tenant {
    /// Subscribes by an event stream.
    ///
    /// # Errors
    /// When the server refuses: the error says what it answered.
    pub async fn subscribe(&self, document: &str, variables: Value, headers: &[(&str, &str)]) -> anyhow::Result<EventStream> {
        let mut request = self.request("POST", "graphql").header("content-type", "application/json");
        request.headers.retain(|(name, _)| name != "accept");
        request = request.header("accept", "text/event-stream");
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        EventStream::open(self.address, &request.body(json!({ "query": document, "variables": variables }).to_string())).await
    }

    /// A piece of the feed: its lines, and the cursor after it.
    ///
    /// # Errors
    /// When the server refuses: the error says what it answered.
    pub async fn changes(&self, query: &str) -> anyhow::Result<(Vec<Value>, String)> {
        let answer = self.request("GET", &format!("changes?{query}")).send(self.address).await?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        ensure!(answer.status == 200, "status {}: {text}", answer.status);
        let lines = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok((lines, answer.header("tenon-cursor").context("a cursor")?.to_owned()))
    }

    /// Opens a socket to the data API; `headers` beyond those of the handshake.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn socket(&self, protocol: &str) -> anyhow::Result<Socket> {
        Socket::open(self.address, &format!("/t/{}/graphql", self.name), protocol).await
    }
}

/// What comes out of a socket.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// A message.
    Json(Value),
    /// The end, with its code.
    Closed(u16),
}

/// A WebSocket.
#[derive(Debug)]
pub struct Socket {
    stream: TcpStream,
    raw: Vec<u8>,
}

impl Socket {
    async fn open(address: SocketAddr, path: &str, protocol: &str) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        let key = base64::engine::general_purpose::STANDARD.encode(b"sixteen bytes ok");
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: {key}\r\nsec-websocket-protocol: {protocol}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let (head, raw) = tokio::time::timeout(TOLD_MAX, head(&mut stream)).await??;
        ensure!(head.starts_with("HTTP/1.1 101"), "{head}");
        Ok(Self { stream, raw })
    }

    /// Says something.
    ///
    /// # Errors
    /// When nobody is there.
    pub async fn say(&mut self, message: &Value) -> anyhow::Result<()> {
        self.say_text(&message.to_string()).await
    }

    /// The same, whatever the text.
    ///
    /// # Errors
    /// When nobody is there.
    pub async fn say_text(&mut self, text: &str) -> anyhow::Result<()> {
        let mut frame = vec![0x81];
        match u16::try_from(text.len()) {
            Ok(length) if length < 126 => frame.push(0x80 | u8::try_from(length)?),
            Ok(length) => {
                frame.push(0x80 | 126);
                frame.extend_from_slice(&length.to_be_bytes());
            }
            Err(_) => {
                frame.push(0x80 | 127);
                frame.extend_from_slice(&u64::try_from(text.len())?.to_be_bytes());
            }
        }
        // A mask of zeros leaves the text as it is.
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(text.as_bytes());
        self.stream.write_all(&frame).await?;
        Ok(())
    }

    /// What comes next; pings of either kind are left out.
    ///
    /// # Errors
    /// When nothing comes in time.
    pub async fn hear(&mut self) -> anyhow::Result<Heard> {
        loop {
            let heard = tokio::time::timeout(TOLD_MAX, self.frame()).await.context("nothing was heard in time")??;
            let is_ping = |heard: &Heard| matches!(heard, Heard::Json(message) if message["type"] == "ping");
            if let Some(heard) = heard.filter(|heard| !is_ping(heard)) {
                return Ok(heard);
            }
        }
    }

    async fn frame(&mut self) -> anyhow::Result<Option<Heard>> {
        let head = self.bytes(2).await?;
        let (kind, short) = (head.first().copied().unwrap_or_default() & 0x0f, head.get(1).copied().unwrap_or_default() & 0x7f);
        let length = match short {
            126 => self.bytes(2).await?.iter().fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte)),
            127 => self.bytes(8).await?.iter().fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte)),
            short => usize::from(short),
        };
        let body = self.bytes(length).await?;
        Ok(match kind {
            1 => Some(Heard::Json(serde_json::from_slice(&body)?)),
            8 => Some(Heard::Closed(body.iter().take(2).fold(0, |sum, byte| (sum << 8) | u16::from(*byte)))),
            _ => None,
        })
    }

    async fn bytes(&mut self, count: usize) -> anyhow::Result<Vec<u8>> {
        while self.raw.len() < count {
            if self.stream.read_buf(&mut self.raw).await? == 0 {
                bail!("the socket ended without a word");
            }
        }
        Ok(self.raw.drain(..count).collect())
    }

    /// Says who it is and waits to be let in.
    ///
    /// # Errors
    /// When it is not.
    pub async fn init(&mut self, key: &str) -> anyhow::Result<()> {
        self.say(&json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {key}") } })).await?;
        let heard = self.hear().await?;
        ensure!(heard == Heard::Json(json!({ "type": "connection_ack" })), "{heard:?}");
        Ok(())
    }

    /// The payload of the next answer to an operation.
    ///
    /// # Errors
    /// When something else comes.
    pub async fn next(&mut self, id: &str) -> anyhow::Result<Value> {
        match self.hear().await? {
            Heard::Json(mut message) if message["type"] == "next" && message["id"] == id => Ok(message["payload"].take()),
            other => bail!("{other:?}"),
        }
    }
}
