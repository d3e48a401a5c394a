//! The least HTTP that speaks with a server on this machine: one request, one connection.
//!
//! The answer is read to its end, so a server that forgets to finish one is found out by the time limit.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long one answer may take; a debug build on a busy machine stays far below.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// One request.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`, `POST`.
    pub method: &'static str,
    /// `/t/acme/graphql`.
    pub path: String,
    /// Header lines beyond `host`, `connection` and `content-length`.
    pub headers: Vec<(String, String)>,
    /// The body, possibly empty.
    pub body: Vec<u8>,
    /// How long the answer may take, where that is not a minute.
    pub patience: Option<Duration>,
}

impl Request {
    /// A request without headers or body.
    #[must_use]
    pub fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: Vec::new(), patience: None }
    }

    /// The same with one header more.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same with this body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The same, and its answer may take so long.
    #[must_use]
    pub const fn waiting(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Sends it and waits for the whole answer.
    ///
    /// # Errors
    /// When nobody answers in time, or what answers does not speak HTTP.
    pub async fn send(&self, address: SocketAddr) -> anyhow::Result<Answer> {
        let patience = self.patience.unwrap_or(ANSWER_MAX);
        let all = tokio::time::timeout(patience, self.exchange(address));
        let bytes = all.await.with_context(|| format!("no answer to {} {} within {patience:?}", self.method, self.path))??;
        Answer::read(&bytes).with_context(|| format!("the answer to {} {}", self.method, self.path))
    }

    async fn exchange(&self, address: SocketAddr) -> anyhow::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(address).await.with_context(|| format!("nobody listens at {address}"))?;
        let mut head = format!("{} {} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !self.body.is_empty() || self.method == "POST" {
            head.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).await?;
        // Who is refused early is answered before he has sent everything.
        let sent = stream.write_all(&self.body).await;
        let mut bytes = Vec::new();
        let read = stream.read_to_end(&mut bytes).await;
        if bytes.is_empty() {
            sent?;
            read?;
        }
        Ok(bytes)
    }
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names in lower case, values as sent.
    pub headers: Vec<(String, String)>,
    /// The body, chunks put together.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let name = name.to_ascii_lowercase();
        self.headers.iter().find(|(own, _)| *own == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is something else.
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("status {}, and the body is not JSON: {}", self.status, String::from_utf8_lossy(&self.body)))
    }

    fn read(bytes: &[u8]) -> anyhow::Result<Self> {
        let split = bytes.windows(4).position(|four| four == b"\r\n\r\n").context("no end of the headers")?;
        let (head, rest) = bytes.split_at(split);
        let rest = rest.get(4..).unwrap_or_default();
        let head = std::str::from_utf8(head).context("the headers are no text")?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok()).context("no status line")?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value.contains("chunked"));
        let body = if chunked { unchunk(rest)? } else { rest.to_vec() };
        Ok(Self { status, headers, body })
    }
}

fn unchunk(mut rest: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n").context("a chunk without a size")?;
        let (size, after) = rest.split_at(end);
        let size = std::str::from_utf8(size)?.split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size, 16).context("a chunk's size")?;
        let after = after.get(2..).unwrap_or_default();
        if size == 0 {
            return Ok(body);
        }
        let Some((chunk, next)) = after.split_at_checked(size) else { bail!("a chunk cut short") };
        body.extend_from_slice(chunk);
        rest = next.get(2..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::Answer;

    #[test]
    fn chunks_are_put_together_and_header_names_are_met_in_any_case() {
        let bytes = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n4\r\n{\"da\r\n6\r\nta\":1}\r\n0\r\n\r\n";
        let answer = Answer::read(bytes).unwrap();
        assert_eq!((answer.status, answer.body.as_slice(), answer.header("x-a")), (201, b"{\"data\":1}".as_slice(), Some("b")));
    }
}
