//! Calls to hosts outside, of those `grants.http` in `package.yaml` names. In event handlers, jobs and endpoints only.
//!
//! No transaction is open while an answer is waited for: your call ends, what it wrote so far is undone, and it begins again from its
//! beginning with the answer at hand. So call out first and write afterwards, and do not count your calls. What you send twice for the
//! same work carries the same `Idempotency-Key`. Natively [`testing::answer_http`](crate::testing::answer_http) answers.

use crate::{Json, JsonError, Problem};

/// A piece of a value: a text, bytes of a body, or a secret by its name.
///
/// ```
/// use tenon_sdk::http::Piece;
/// assert_eq!(Piece::from("a"), Piece::Text("a".to_owned()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A text.
    Text(String),
    /// Bytes, only in a body.
    Bytes(Vec<u8>),
    /// A secret by its name, put in by the host where its grant says: which header, which parameter, or the body.
    Secret(String),
}

impl From<&str> for Piece {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Piece {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for Piece {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

/// A secret by its name, as a piece of a value.
///
/// ```
/// use tenon_sdk::http::{self, Piece};
/// assert_eq!(http::secret("billing_key"), Piece::Secret("billing_key".to_owned()));
/// ```
#[must_use]
pub fn secret(name: &str) -> Piece {
    Piece::Secret(name.to_owned())
}

/// A request in the making.
///
/// ```
/// use tenon_sdk::{http, testing};
///
/// testing::answer_http(|request| {
///     assert_eq!((request.grant.as_str(), request.path.as_str()), ("billing", "/v1/deals"));
///     http::Response::new(201)
/// });
/// let answer = http::Request::post("billing", "/v1/deals")
///     .header("authorization", ["Bearer ".into(), http::secret("billing_key")])
///     .body(["{}".into()])
///     .send()
///     .unwrap();
/// assert!(answer.is_good());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The name under `grants.http`, or the address of such a host.
    pub grant: String,
    /// `GET`, `POST` …
    pub method: String,
    /// `/v1/deals`.
    pub path: String,
    /// Parameters of the query, as they are meant.
    pub query: Vec<(String, Vec<Piece>)>,
    /// Headers.
    pub headers: Vec<(String, Vec<Piece>)>,
    /// The body.
    pub body: Vec<Piece>,
}

impl Request {
    /// A request by a method, to a path of a granted host.
    ///
    /// ```
    /// assert_eq!(tenon_sdk::http::Request::new("billing", "PUT", "/v1/deals/7").method, "PUT");
    /// ```
    #[must_use]
    pub fn new(grant: &str, method: &str, path: &str) -> Self {
        let (query, headers, body) = (Vec::new(), Vec::new(), Vec::new());
        Self { grant: grant.to_owned(), method: method.to_owned(), path: path.to_owned(), query, headers, body }
    }

    /// A request that looks.
    ///
    /// ```
    /// assert_eq!(tenon_sdk::http::Request::get("billing", "/v1/deals").method, "GET");
    /// ```
    #[must_use]
    pub fn get(grant: &str, path: &str) -> Self {
        Self::new(grant, "GET", path)
    }

    /// A request that does something.
    ///
    /// ```
    /// assert_eq!(tenon_sdk::http::Request::post("billing", "/v1/deals").method, "POST");
    /// ```
    #[must_use]
    pub fn post(grant: &str, path: &str) -> Self {
        Self::new(grant, "POST", path)
    }

    /// With a parameter in its query.
    ///
    /// ```
    /// let request = tenon_sdk::http::Request::get("billing", "/v1/deals").query("since", ["2026-01-01".into()]);
    /// assert_eq!(request.query.len(), 1);
    /// ```
    #[must_use]
    pub fn query(mut self, name: &str, value: impl IntoIterator<Item = Piece>) -> Self {
        self.query.push((name.to_owned(), value.into_iter().collect()));
        self
    }

    /// With a header.
    ///
    /// ```
    /// let request = tenon_sdk::http::Request::get("billing", "/v1/deals").header("accept", ["text/plain".into()]);
    /// assert_eq!(request.headers[0].0, "accept");
    /// ```
    #[must_use]
    pub fn header(mut self, name: &str, value: impl IntoIterator<Item = Piece>) -> Self {
        self.headers.push((name.to_owned(), value.into_iter().collect()));
        self
    }

    /// With a body.
    ///
    /// ```
    /// let request = tenon_sdk::http::Request::post("billing", "/v1/deals").body([vec![0, 1].into()]);
    /// assert_eq!(request.body.len(), 1);
    /// ```
    #[must_use]
    pub fn body(mut self, body: impl IntoIterator<Item = Piece>) -> Self {
        self.body = body.into_iter().collect();
        self
    }

    /// With JSON for a body.
    ///
    /// ```
    /// use tenon_sdk::{Json, http};
    /// let request = http::Request::post("billing", "/v1/deals").json(&Json::object([("amount", 7.into())]));
    /// assert_eq!(request.body, [http::Piece::Text(r#"{"amount":7}"#.to_owned())]);
    /// ```
    #[must_use]
    pub fn json(self, json: &Json) -> Self {
        self.header("content-type", ["application/json".into()]).body([json.to_string().into()])
    }

    /// Sends it, and waits for the answer: whatever its status.
    ///
    /// ```
    /// use tenon_sdk::{http, testing};
    /// testing::answer_http(|_| http::Response::new(404));
    /// assert_eq!(http::Request::get("billing", "/v1/deals/7").send().unwrap().status, 404);
    /// ```
    ///
    /// # Errors
    /// `FORBIDDEN` what was not granted; `UNAVAILABLE` a host that cannot be reached, or not in time.
    pub fn send(self) -> Result<Response, Problem> {
        #[cfg(target_arch = "wasm32")]
        return crate::bindings::tenon::plugin::http::send(&crate::wire::request(self))
            .map(|answer| Response { status: answer.status, headers: answer.headers, body: answer.body })
            .map_err(crate::wire::problem);
        #[cfg(not(target_arch = "wasm32"))]
        return crate::testing::outward::send(self);
    }
}

/// An answer: of a host outside, or yours to somebody who calls one of your endpoints.
///
/// ```
/// use tenon_sdk::http::Response;
/// assert!(Response::new(204).is_good());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Headers, by lower-case name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer without a body.
    ///
    /// ```
    /// assert_eq!(tenon_sdk::http::Response::new(204).body, []);
    /// ```
    #[must_use]
    pub const fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// The same with JSON for a body.
    ///
    /// ```
    /// use tenon_sdk::{Json, http::Response};
    /// let answer = Response::new(200).with_json(&Json::object([("ok", true.into())]));
    /// assert_eq!(answer.json().unwrap().at("ok").boolean(), Some(true));
    /// ```
    #[must_use]
    pub fn with_json(mut self, json: &Json) -> Self {
        self.headers.push(("content-type".to_owned(), "application/json".to_owned()));
        self.body = json.to_string().into_bytes();
        self
    }

    /// Whether it went well: 200 to 299.
    ///
    /// ```
    /// assert!(!tenon_sdk::http::Response::new(302).is_good());
    /// ```
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// A header by its lower-case name.
    ///
    /// ```
    /// use tenon_sdk::{Json, http::Response};
    /// assert_eq!(Response::new(200).with_json(&Json::Null).header("content-type"), Some("application/json"));
    /// ```
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }

    /// The body as text; what is none is replaced.
    ///
    /// ```
    /// assert_eq!(tenon_sdk::http::Response::new(204).text(), "");
    /// ```
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// ```
    /// assert!(tenon_sdk::http::Response::new(204).json().is_err());
    /// ```
    ///
    /// # Errors
    /// Where it is none.
    pub fn json(&self) -> Result<Json, JsonError> {
        self.text().parse()
    }
}

/// A request that came in at one of your endpoints, and was let in.
///
/// ```
/// use tenon_sdk::http::Incoming;
/// let request = Incoming { method: "POST".into(), path: "/orders".into(), query: vec![], headers: vec![], body: b"{}".to_vec() };
/// assert!(request.json().is_ok());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Incoming {
    /// `POST`.
    pub method: String,
    /// Below your package: `/orders`.
    pub path: String,
    /// Parameters of the query.
    pub query: Vec<(String, String)>,
    /// Headers, by lower-case name; without what let the caller in.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Incoming {
    /// A header by its lower-case name.
    ///
    /// ```
    /// assert_eq!(tenon_sdk::http::Incoming::default().header("x-topic"), None);
    /// ```
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }

    /// A parameter of the query.
    ///
    /// ```
    /// assert_eq!(tenon_sdk::http::Incoming::default().parameter("page"), None);
    /// ```
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// ```
    /// assert!(tenon_sdk::http::Incoming::default().json().is_err());
    /// ```
    ///
    /// # Errors
    /// Where it is none.
    pub fn json(&self) -> Result<Json, JsonError> {
        String::from_utf8_lossy(&self.body).parse()
    }
}
