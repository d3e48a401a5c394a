//! A call to a host outside as it goes from a plugin to the desk, and its answer. Secrets are in it by name.

/// A call to a host outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAsk {
    /// The host, with a port where it is not the usual one.
    pub host: String,
    /// `POST`.
    pub method: String,
    /// The path, as it goes out.
    pub path: String,
    /// Parameters of the query.
    pub query: Vec<(String, Vec<Piece>)>,
    /// Headers.
    pub headers: Vec<(String, Vec<Piece>)>,
    /// The body.
    pub body: Vec<Piece>,
}

/// A piece of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// As it is.
    Plain(Vec<u8>),
    /// The secret of this name.
    Secret(String),
}

impl HttpAsk {
    /// The names of its secrets, each once.
    #[must_use]
    pub fn secrets(&self) -> Vec<&str> {
        let values = self.query.iter().chain(&self.headers).map(|(_, pieces)| pieces).chain([&self.body]);
        let mut names: Vec<&str> = values
            .flatten()
            .filter_map(|piece| match piece {
                Piece::Secret(name) => Some(name.as_str()),
                Piece::Plain(_) => None,
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpReply {
    /// The status.
    pub status: u16,
    /// Headers, by lower-case name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}
