//! A mail server that keeps what it is given: SMTP as far as a client needs it to hand in a letter (RFC 5321).

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc};

/// How long a letter may take to arrive.
const LETTER_MAX: Duration = Duration::from_secs(60);

/// A letter as it arrived.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Whom it was handed in for.
    pub to: String,
    /// The value of `Subject:`, as sent.
    pub subject: String,
    /// The text, decoded.
    pub text: String,
}

/// A mail server on a free port, until it is dropped.
pub struct SmtpSink {
    address: SocketAddr,
    letters: Mutex<mpsc::UnboundedReceiver<Letter>>,
    task: tokio::task::JoinHandle<()>,
}

impl SmtpSink {
    /// Starts one that first refuses so many letters for the moment.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(refusals: u32) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (sender, letters) = mpsc::unbounded_channel();
        let refusals = Arc::new(AtomicU32::new(refusals));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (sender, refusals) = (sender.clone(), Arc::clone(&refusals));
                // A client that breaks off is no failure of the server.
                tokio::spawn(async move { drop(serve(stream, &sender, &refusals).await) });
            }
        });
        Ok(Self { address, letters: Mutex::new(letters), task })
    }

    /// `smtp://127.0.0.1:…`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// The next letter.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn letter(&self) -> anyhow::Result<Letter> {
        let mut letters = self.letters.lock().await;
        tokio::time::timeout(LETTER_MAX, letters.recv()).await.context("no letter came")?.context("the mail server ended")
    }

    /// Whether a letter lies there.
    pub async fn is_empty(&self) -> bool {
        self.letters.lock().await.is_empty()
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, letters: &mpsc::UnboundedSender<Letter>, refusals: &AtomicU32) -> anyhow::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 sink\r\n").await?;
    let mut to = String::new();
    while let Some(line) = lines.next_line().await? {
        let answer = match line.get(..4).unwrap_or(&line).to_ascii_uppercase().as_str() {
            "RCPT" => {
                line.split(['<', '>']).nth(1).unwrap_or_default().clone_into(&mut to);
                "250 ok\r\n"
            }
            "DATA" if refusals.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() => "451 later\r\n",
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mut raw = Vec::new();
                while let Some(line) = lines.next_line().await? {
                    match line.as_str() {
                        "." => break,
                        line => raw.push(line.strip_prefix('.').unwrap_or(line).to_owned()),
                    }
                }
                letters.send(read_letter(&to, &raw))?;
                "250 taken\r\n"
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 ok\r\n",
        };
        write.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}

fn read_letter(to: &str, raw: &[String]) -> Letter {
    let end = raw.iter().position(String::is_empty).unwrap_or(raw.len());
    let (head, body) = raw.split_at(end);
    let header = |name: &str| head.iter().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
    let body = body.get(1..).unwrap_or_default().join("\n");
    let text = match header("Content-Transfer-Encoding:").to_ascii_lowercase().as_str() {
        "base64" => from_base64(&body),
        "quoted-printable" => from_quoted(&body),
        _ => body,
    };
    Letter { to: to.to_owned(), subject: header("Subject:"), text }
}

fn from_base64(text: &str) -> String {
    let value = |byte: u8| b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".iter().position(|letter| *letter == byte);
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_usize, 0);
    for six in text.bytes().filter_map(value) {
        held = (held << 6) | six;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).unwrap_or_default());
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn from_quoted(text: &str) -> String {
    let text = text.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('=') {
        bytes.extend_from_slice(before.as_bytes());
        match after.get(..2).and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(b'=');
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_decoded() {
        assert_eq!(from_base64("6YKA6K+3IGhp\n"), "邀请 hi");
        assert_eq!(from_quoted("a=3Db=\n c =E9=82=80"), "a=b c 邀");
    }
}
