//! The least HTTP that speaks GraphQL with a server on this machine: one request, one connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};

/// How long one answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(120);

/// A tenant's data API and the key that opens it.
pub(crate) struct Client {
    /// `127.0.0.1:8080`.
    pub(crate) address: String,
    /// `/t/demo/graphql`.
    pub(crate) path: String,
    /// The API key.
    pub(crate) key: String,
}

impl Client {
    /// Runs a document; errors in the answer are an error here, with the server's words.
    pub(crate) fn run(&self, document: &str, variables: &Value) -> anyhow::Result<Value> {
        let body = json!({ "query": document, "variables": variables }).to_string();
        let (status, answer) = self.post(&body)?;
        let mut answer: Value = serde_json::from_slice(&answer).with_context(|| format!("status {status}, and the body is not JSON"))?;
        if let Some(errors) = answer.get("errors") {
            bail!("status {status}: {errors:#}");
        }
        answer.get_mut("data").map(Value::take).with_context(|| format!("status {status} without data"))
    }

    fn post(&self, body: &str) -> anyhow::Result<(u16, Vec<u8>)> {
        let mut stream = TcpStream::connect(&self.address).with_context(|| format!("nobody answers at {}", self.address))?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             accept: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            self.path,
            self.address,
            self.key,
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        read_answer(&mut BufReader::new(stream))
    }
}

fn read_answer(reader: &mut impl BufRead) -> anyhow::Result<(u16, Vec<u8>)> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split_whitespace().nth(1).and_then(|text| text.parse().ok());
    let status = status.with_context(|| format!("no HTTP answer: `{}`", line.trim_end()))?;
    let mut chunked = false;
    let mut length = None;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = Some(value.trim().parse::<u64>()?);
        }
        chunked |= header.starts_with("transfer-encoding:") && header.contains("chunked");
    }
    let mut body = Vec::new();
    if chunked {
        read_chunks(reader, &mut body)?;
    } else {
        reader.take(length.unwrap_or(u64::MAX)).read_to_end(&mut body)?;
    }
    Ok((status, body))
}

fn read_chunks(reader: &mut impl BufRead, body: &mut Vec<u8>) -> anyhow::Result<()> {
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim_end().split(';').next().unwrap_or_default(), 16)?;
        if size == 0 {
            return Ok(());
        }
        reader.by_ref().take(size).read_to_end(body)?;
        line.clear();
        reader.read_line(&mut line)?;
    }
}

#[cfg(test)]
mod tests {
    use super::read_answer;

    #[test]
    fn an_answer_in_chunks_is_put_together() {
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"da\r\n6\r\nta\":1}\r\n0\r\n\r\n";
        let (status, body) = read_answer(&mut text.as_bytes()).unwrap();
        assert_eq!((status, body.as_slice()), (200, b"{\"data\":1}".as_slice()));
    }

    #[test]
    fn an_answer_with_a_length_ends_there() {
        let text = "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}trailing";
        let (status, body) = read_answer(&mut text.as_bytes()).unwrap();
        assert_eq!((status, body.as_slice()), (400, b"{}".as_slice()));
    }
}
