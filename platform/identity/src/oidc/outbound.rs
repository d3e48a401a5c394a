//! Requests to providers: JSON, asked for or answered to a form. How far they reach is the [`Client`]'s matter.

use std::time::Duration;

use tenon_outbound::{Client, Limits, Method, Reach, Request};
use tenon_value::Json;

/// How long a provider may take to answer, how much it may say, and how many are asked at once.
const PROVIDER: Limits = Limits { time: Duration::from_secs(5), bytes: 512 * 1024, at_once: 16, at_once_per_tenant: 16 };

/// Why a provider gave no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutboundError {
    #[error(transparent)]
    Client(#[from] tenon_outbound::OutboundError),
    #[error("`{0}` answered {1}")]
    Status(String, u16),
    #[error("`{0}` answered with something else than JSON")]
    Shape(String),
}

/// The form of a POST, with the credential of HTTP Basic where one is used.
pub(crate) struct Form {
    pub(crate) basic: Option<String>,
    pub(crate) members: Vec<(&'static str, String)>,
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Outbound {
    client: Client,
}

impl Outbound {
    pub(crate) fn new(reach: Reach) -> Self {
        Self { client: Client::new(reach, PROVIDER) }
    }

    /// Whether this URL may be asked, as far as its text tells.
    pub(crate) fn permits(&self, url: &str) -> bool {
        self.client.permits(url)
    }

    /// The JSON at a URL.
    pub(crate) async fn get(&self, url: &str) -> Result<Json, OutboundError> {
        self.send((Method::Get, url), Vec::new(), Vec::new()).await
    }

    /// The JSON at a URL that wants an access token.
    pub(crate) async fn get_as(&self, url: &str, token: &str) -> Result<Json, OutboundError> {
        self.send((Method::Get, url), vec![("authorization".to_owned(), format!("Bearer {token}"))], Vec::new()).await
    }

    /// The JSON that a form is answered with.
    pub(crate) async fn post(&self, url: &str, Form { basic, members }: Form) -> Result<Json, OutboundError> {
        let mut headers = vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
        headers.extend(basic.map(|basic| ("authorization".to_owned(), format!("Basic {basic}"))));
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(members).finish();
        self.send((Method::Post, url), headers, body.into_bytes()).await
    }

    async fn send(&self, (method, url): (Method, &str), headers: Vec<(String, String)>, body: Vec<u8>) -> Result<Json, OutboundError> {
        let headers = [("accept".to_owned(), "application/json".to_owned())].into_iter().chain(headers).collect();
        let answer = self.client.send(None, Request { method, url: url.to_owned(), headers, body }).await?;
        if !(200..300).contains(&answer.status) {
            return Err(OutboundError::Status(url.to_owned(), answer.status));
        }
        serde_json::from_slice(&answer.body).map_err(|_| OutboundError::Shape(url.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// A server that gives every caller the same answer; its address.
    fn answering(status: &str, body: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _read = stream.read(&mut [0; 4096]);
                let _sent = stream.write_all(answer.as_bytes());
            }
        });
        format!("http://{address}/x")
    }

    #[tokio::test]
    async fn an_answer_is_json_of_a_good_status_or_none() {
        let client = Outbound::new(Reach::Private);
        assert_eq!(client.get(&answering("200 OK", "{\"a\":1}")).await.unwrap()["a"], 1);
        assert!(matches!(client.get(&answering("302 Found", "")).await, Err(OutboundError::Status(_, 302))));
        assert!(matches!(client.get(&answering("200 OK", "<html>")).await, Err(OutboundError::Shape(_))));
    }
}
