//! A host outside, on this machine: it remembers what it was asked, and answers as its path says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) line: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(one, _)| one == name).map_or("", |(_, value)| value)
    }
}

/// The host.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Shop {
    /// Opens; it is there as long as the test.
    pub(crate) fn open() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let shop = Self { address: listener.local_addr()?, seen: Arc::default() };
        let seen = Arc::clone(&shop.seen);
        std::thread::spawn(move || {
            // Who is never answered is held, or the connection would be closed.
            let mut held = Vec::new();
            for stream in listener.incoming().flatten() {
                let Ok(request) = read(&stream) else { continue };
                let answer = answer(&request);
                seen.lock().unwrap().push(request);
                match answer {
                    Some(answer) => drop((&stream).write_all(answer.as_bytes())),
                    None => held.push(stream),
                }
            }
        });
        Ok(shop)
    }

    /// What came since this was last asked.
    pub(super) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

fn read(stream: &TcpStream) -> std::io::Result<Seen> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Seen { line: line.trim().to_owned(), headers, body: String::from_utf8_lossy(&body).into_owned() })
}

/// The bytes of an answer; none where nothing is ever said.
fn answer(request: &Seen) -> Option<String> {
    let path = request.line.split(' ').nth(1).unwrap_or_default();
    let with = |status: &str, body: &str| {
        let location = "location: http://127.0.0.1:9/inside\r\n";
        Some(format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{location}connection: close\r\n\r\n{body}", body.len()))
    };
    match path.split('?').next().unwrap_or_default() {
        "/v1/slow" => None,
        "/v1/moved" => with("302 Found", ""),
        "/v1/much" => with("200 OK", &"x".repeat(3 << 20)),
        "/v1/echo" => with("200 OK", &format!("{} {} {}", request.line, request.header("authorization"), request.body)),
        "/v1/orders/W-3/confirm" => with("503 Service Unavailable", "later"),
        path if path.ends_with("/confirm") => with("200 OK", r#"{"receipt":"R-7"}"#),
        _ => with("200 OK", &request.body),
    }
}
