//! A connection kept alive: HTTP/1.1 as plain as it gets, so that the load generator costs little.

use anyhow::{Context, bail};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// The longest header line that is read, and the largest body that is believed.
const LINE_MAX: usize = 64 * 1024;
const BODY_MAX: usize = 256 * 1024 * 1024;

/// Where requests go, and the key that opens the door.
#[derive(Clone)]
pub(crate) struct Target {
    /// `127.0.0.1:8080`.
    pub(crate) address: String,
    /// `/t/soak/graphql`.
    pub(crate) path: String,
    /// The API key, or `tenon_session=…` of a member; empty for a server without doors.
    pub(crate) key: String,
}

/// One open connection.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    target: Target,
    line: Vec<u8>,
    request: Vec<u8>,
    /// The body of the last answer.
    pub(crate) body: Vec<u8>,
    /// The cookie of the last answer that set one.
    pub(crate) cookie: String,
    /// The place in the changes of the last answer that told one.
    pub(crate) cursor: String,
}

/// A JSON body to a REST door: the answer, and the cookie it set.
pub(crate) async fn ask(target: &Target, body: &Value) -> anyhow::Result<(Value, String)> {
    let mut connection = Connection::open(target).await?;
    let status = connection.post(body.to_string().as_bytes()).await?;
    let answer: Value = serde_json::from_slice(&connection.body).unwrap_or_default();
    anyhow::ensure!(status < 300, "{} answers {status}: {answer}", target.path);
    Ok((answer, connection.cookie))
}

impl Connection {
    /// Opens it.
    pub(crate) async fn open(target: &Target) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(&target.address).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            target: target.clone(),
            line: Vec::new(),
            request: Vec::new(),
            body: Vec::new(),
            cookie: String::new(),
            cursor: String::new(),
        })
    }

    /// Asks somebody else at the same server from now on.
    pub(crate) fn turn_to(&mut self, target: &Target) {
        self.target.clone_from(target);
    }

    /// Runs a document; errors in the answer are an error here.
    pub(crate) async fn run(&mut self, document: &str, variables: &Value) -> anyhow::Result<Value> {
        let body = json!({ "query": document, "variables": variables }).to_string();
        let status = self.post(body.as_bytes()).await?;
        let mut answer: Value = serde_json::from_slice(&self.body).with_context(|| format!("status {status} without JSON"))?;
        if let Some(errors) = answer.get("errors") {
            bail!("status {status}: {errors}");
        }
        answer.get_mut("data").map(Value::take).with_context(|| format!("status {status} without data"))
    }

    /// Sends a body, and leaves the answer in `body`; the answer here is the status.
    pub(crate) async fn post(&mut self, body: &[u8]) -> anyhow::Result<u16> {
        let path = self.target.path.clone();
        self.post_to(&path, "application/json", body).await
    }

    /// Sends a body of a type to a door, and leaves the answer in `body`; the answer here is the status.
    pub(crate) async fn post_to(&mut self, path: &str, kind: &str, body: &[u8]) -> anyhow::Result<u16> {
        let Target { address, key, .. } = &self.target;
        let credential = match key.as_str() {
            session if session.starts_with("tenon_session=") => format!("cookie: {session}\r\norigin: http://{address}"),
            key => format!("authorization: Bearer {key}"),
        };
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\n{credential}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.request.clear();
        self.request.extend_from_slice(head.as_bytes());
        self.request.extend_from_slice(body);
        self.stream.get_mut().write_all(&self.request).await?;
        self.answer().await
    }

    /// Asks by GET, and leaves the answer in `body`; the answer here is the status.
    pub(crate) async fn get(&mut self, path: &str) -> anyhow::Result<u16> {
        let Target { address, key, .. } = &self.target;
        let head = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\r\n");
        self.stream.get_mut().write_all(head.as_bytes()).await?;
        self.answer().await
    }

    /// Begins an event stream; the answer here is the status.
    pub(crate) async fn stream(&mut self, body: &[u8]) -> anyhow::Result<u16> {
        let Target { address, path, key } = &self.target;
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\naccept: text/event-stream\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.stream.get_mut().write_all(head.as_bytes()).await?;
        self.stream.get_mut().write_all(body).await?;
        self.read_line().await?;
        let status = std::str::from_utf8(&self.line)?.split(' ').nth(1).and_then(|word| word.parse().ok()).context("no HTTP answer")?;
        while !self.line.is_empty() {
            self.read_line().await?;
        }
        Ok(status)
    }

    /// The next line of a stream that begins with these words.
    pub(crate) async fn line_of(&mut self, beginning: &str) -> anyhow::Result<String> {
        loop {
            self.read_line().await?;
            if let Some(rest) = std::str::from_utf8(&self.line)?.strip_prefix(beginning) {
                return Ok(rest.to_owned());
            }
        }
    }

    async fn answer(&mut self) -> anyhow::Result<u16> {
        self.read_line().await?;
        let status = std::str::from_utf8(&self.line)?.split(' ').nth(1).and_then(|word| word.parse().ok());
        let status = status.context("no HTTP answer")?;
        let mut length = None;
        let mut chunked = false;
        loop {
            self.read_line().await?;
            if self.line.is_empty() {
                break;
            }
            if let Some(value) = self.line.get(..11).filter(|name| name.eq_ignore_ascii_case(b"set-cookie:")).and(self.line.get(11..)) {
                let cookie = std::str::from_utf8(value)?.split(';').next().unwrap_or_default();
                cookie.trim().clone_into(&mut self.cookie);
            }
            if let Some(value) = self.line.get(..13).filter(|name| name.eq_ignore_ascii_case(b"tenon-cursor:")).and(self.line.get(13..)) {
                std::str::from_utf8(value)?.trim().clone_into(&mut self.cursor);
            }
            self.line.make_ascii_lowercase();
            if let Some(value) = self.line.strip_prefix(b"content-length:") {
                length = Some(std::str::from_utf8(value)?.trim().parse::<usize>()?);
            } else if self.line.starts_with(b"transfer-encoding:") {
                chunked = true;
            }
        }
        self.body.clear();
        if chunked {
            while self.read_chunk().await? {}
        } else {
            self.read_body(length.unwrap_or(0)).await?;
        }
        Ok(status)
    }

    async fn read_chunk(&mut self) -> anyhow::Result<bool> {
        self.read_line().await?;
        let size = usize::from_str_radix(std::str::from_utf8(&self.line)?.split(';').next().unwrap_or_default().trim(), 16)?;
        self.read_body(size).await?;
        self.read_line().await?;
        Ok(size > 0)
    }

    async fn read_body(&mut self, size: usize) -> anyhow::Result<()> {
        let old = self.body.len();
        if old + size > BODY_MAX {
            bail!("an answer of more than {BODY_MAX} bytes");
        }
        self.body.resize(old + size, 0);
        let (_, fresh) = self.body.split_at_mut(old);
        self.stream.read_exact(fresh).await?;
        Ok(())
    }

    async fn read_line(&mut self) -> anyhow::Result<()> {
        self.line.clear();
        let read = self.stream.read_until(b'\n', &mut self.line).await?;
        if read == 0 {
            bail!("the server closed the connection");
        }
        if self.line.len() > LINE_MAX {
            bail!("a header line of more than {LINE_MAX} bytes");
        }
        while self.line.last().is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
            self.line.pop();
        }
        Ok(())
    }
}
