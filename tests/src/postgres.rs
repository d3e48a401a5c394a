//! A database of its own for a test run, in the cluster that `TENON_TEST_POSTGRES` names.
//!
//! Speaks just enough of PostgreSQL's protocol to create and drop a database in a cluster that trusts this machine, and
//! to read what the product wrote there, so that no driver needs to be known outside the store.

use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::{Context, bail};

/// A database that is dropped with this value.
#[derive(Debug)]
pub(crate) struct OwnDatabase {
    cluster: String,
    name: String,
    /// `postgres://…/name`.
    pub(crate) url: String,
}

impl OwnDatabase {
    /// Creates a database in the cluster.
    ///
    /// # Errors
    /// When the cluster cannot be reached or refuses.
    pub(crate) fn create(cluster: &str) -> anyhow::Result<Self> {
        let mut random = [0_u8; 8];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut random)?;
        let name = format!("tenon_test_{:x}", u64::from_be_bytes(random));
        statement(cluster, &format!("create database {name} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'"))?;
        let (before, _) = cluster.rsplit_once('/').context("a PostgreSQL address ends in a database")?;
        Ok(Self { cluster: cluster.to_owned(), url: format!("{before}/{name}"), name })
    }
}

/// One row of an answer.
pub(crate) type Row = Vec<Option<String>>;

impl Drop for OwnDatabase {
    fn drop(&mut self) {
        // A throw-away cluster takes it along; somebody's own cluster keeps it, which does no harm.
        drop(statement(&self.cluster, &format!("drop database if exists {} with (force)", self.name)));
    }
}

fn statement(url: &str, sql: &str) -> anyhow::Result<()> {
    rows(url, sql).map(drop)
}

/// The rows of one statement, each value as PostgreSQL writes it in text; null is `None`.
pub(crate) fn rows(url: &str, sql: &str) -> anyhow::Result<Vec<Row>> {
    let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://")).context("not a postgres:// address")?;
    let (authority, database) = rest.split_once('/').context("a PostgreSQL address ends in a database")?;
    let (user, host) = authority.rsplit_once('@').unwrap_or(("postgres", authority));
    let user = user.split(':').next().unwrap_or(user);
    let host = if host.contains(':') { host.to_owned() } else { format!("{host}:5432") };
    let mut stream = TcpStream::connect(&host).with_context(|| format!("no PostgreSQL at {host}"))?;
    let database = database.split('?').next().unwrap_or(database);
    let mut hello = 196_608_i32.to_be_bytes().to_vec();
    for part in ["user", user, "database", database] {
        hello.extend_from_slice(part.as_bytes());
        hello.push(0);
    }
    hello.push(0);
    send(&mut stream, None, &hello)?;
    until_ready(&mut stream).context("the greeting")?;
    let mut query = sql.as_bytes().to_vec();
    query.push(0);
    send(&mut stream, Some(b'Q'), &query)?;
    until_ready(&mut stream).with_context(|| format!("`{sql}`"))
}

fn send(stream: &mut TcpStream, kind: Option<u8>, body: &[u8]) -> anyhow::Result<()> {
    let mut message: Vec<u8> = kind.into_iter().collect();
    message.extend_from_slice(&i32::try_from(body.len() + 4)?.to_be_bytes());
    message.extend_from_slice(body);
    stream.write_all(&message).context("PostgreSQL hung up")
}

/// Reads messages up to `ReadyForQuery`; an error message becomes an error.
fn until_ready(stream: &mut TcpStream) -> anyhow::Result<Vec<Row>> {
    let mut error = None;
    let mut rows = Vec::new();
    loop {
        let mut head = [0_u8; 5];
        stream.read_exact(&mut head).context("PostgreSQL hung up")?;
        let [kind, length @ ..] = head;
        let mut body = vec![0_u8; usize::try_from(i32::from_be_bytes(length))?.saturating_sub(4)];
        stream.read_exact(&mut body)?;
        match kind {
            b'Z' => return error.map_or(Ok(rows), |text| bail!("PostgreSQL says: {text}")),
            b'D' => rows.push(row(&body).context("a row is cut short")?),
            b'R' if body != [0; 4] => bail!("the cluster of the tests must trust this machine (it asks for a password)"),
            b'E' => {
                let text = String::from_utf8_lossy(&body).replace('\0', " ");
                if stream.peer_addr().is_ok() && text.contains("FATAL") {
                    bail!("PostgreSQL says: {text}");
                }
                error = Some(text);
            }
            _ => {}
        }
    }
}

/// The values of a `DataRow`: a count, then each with its length; a negative length is null.
fn row(body: &[u8]) -> Option<Row> {
    let (count, mut rest) = body.split_first_chunk::<2>()?;
    let mut values = Vec::new();
    for _ in 0..u16::from_be_bytes(*count) {
        let (length, after) = rest.split_first_chunk::<4>()?;
        match usize::try_from(i32::from_be_bytes(*length)) {
            Ok(length) => {
                let (value, next) = after.split_at_checked(length)?;
                values.push(Some(String::from_utf8_lossy(value).into_owned()));
                rest = next;
            }
            Err(_) => {
                values.push(None);
                rest = after;
            }
        }
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::row;

    #[test]
    fn a_row_is_read_value_by_value_and_null_is_none() {
        assert_eq!(row(b"\0\x02\0\0\0\x02ab\xff\xff\xff\xff"), Some(vec![Some("ab".to_owned()), None]));
        assert_eq!(row(b"\0\x02\0\0\0\x02ab"), None);
    }
}
