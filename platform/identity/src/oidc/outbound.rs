//! Requests to providers: few, bounded in time and bytes, never redirected, never through a proxy, and only to where
//! [`Reach`] lets them.
//!
//! Sign-ins are rare, so a blocking client on the blocking threads is enough; at most [`REQUESTS_MAX`] at once.

use std::sync::Arc;
use std::time::Duration;

use tenon_value::Json;
use tokio::sync::Semaphore;
use ureq::http::Uri;
use ureq::http::header::{ACCEPT, AUTHORIZATION};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use url::Url;

use super::reach::Reach;

/// How long a provider may take to answer.
pub(crate) const PROVIDER_TIME_MAX: Duration = Duration::from_secs(5);
/// Bytes of a provider's answer.
pub(crate) const PROVIDER_BYTES_MAX: u64 = 512 * 1024;
/// Requests to providers at once; further ones wait.
const REQUESTS_MAX: usize = 16;

/// Why a provider gave no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutboundError {
    #[error("`{0}` may not be asked from here")]
    Forbidden(String),
    #[error("`{0}` cannot be reached: {1}")]
    Unreachable(String, String),
    #[error("`{0}` answered {1}")]
    Status(String, u16),
    #[error("`{0}` answered with something else than JSON")]
    Shape(String),
}

/// What is asked of a provider.
enum Question {
    /// Anybody may.
    Get,
    /// With an access token.
    GetAs(String),
    Post(Form),
}

/// The form of a POST, with the credential of HTTP Basic where one is used.
pub(crate) struct Form {
    pub(crate) basic: Option<String>,
    pub(crate) members: Vec<(&'static str, String)>,
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Outbound {
    agent: ureq::Agent,
    reach: Reach,
    places: Arc<Semaphore>,
}

impl Outbound {
    pub(crate) fn new(reach: Reach) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(PROVIDER_TIME_MAX))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .proxy(None)
            .user_agent("Tenon")
            .build();
        let agent = ureq::Agent::with_parts(config, DefaultConnector::default(), Guard { reach, inner: DefaultResolver::default() });
        Self { agent, reach, places: Arc::new(Semaphore::new(REQUESTS_MAX)) }
    }

    /// Whether this URL may be asked, as far as its text tells.
    pub(crate) fn permits(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| self.reach.permits(&url))
    }

    /// The JSON at a URL.
    pub(crate) async fn get(&self, url: &str) -> Result<Json, OutboundError> {
        self.send(url, Question::Get).await
    }

    /// The JSON at a URL that wants an access token.
    pub(crate) async fn get_as(&self, url: &str, token: &str) -> Result<Json, OutboundError> {
        self.send(url, Question::GetAs(token.to_owned())).await
    }

    /// The JSON that a form is answered with.
    pub(crate) async fn post(&self, url: &str, form: Form) -> Result<Json, OutboundError> {
        self.send(url, Question::Post(form)).await
    }

    async fn send(&self, url: &str, question: Question) -> Result<Json, OutboundError> {
        if !self.permits(url) {
            return Err(OutboundError::Forbidden(url.to_owned()));
        }
        let (agent, asked) = (self.agent.clone(), url.to_owned());
        let gone = |why: &str| OutboundError::Unreachable(url.to_owned(), why.to_owned());
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| gone("the server stops"))?;
        let sent = tokio::task::spawn_blocking(move || {
            let answer = exchange(&agent, &asked, question);
            drop(place);
            answer
        });
        sent.await.map_err(|_| gone("the request broke off"))?
    }
}

fn exchange(agent: &ureq::Agent, url: &str, question: Question) -> Result<Json, OutboundError> {
    let answer = match question {
        Question::Get => agent.get(url).header(ACCEPT, "application/json").call(),
        Question::GetAs(token) => agent.get(url).header(ACCEPT, "application/json").header(AUTHORIZATION, format!("Bearer {token}")).call(),
        Question::Post(Form { basic, members }) => {
            let mut request = agent.post(url).header(ACCEPT, "application/json");
            if let Some(basic) = basic {
                request = request.header(AUTHORIZATION, format!("Basic {basic}"));
            }
            request.send_form(members)
        }
    };
    let unreachable = |error: ureq::Error| OutboundError::Unreachable(url.to_owned(), error.to_string());
    let mut answer = answer.map_err(unreachable)?;
    let status = answer.status();
    let bytes = answer.body_mut().with_config().limit(PROVIDER_BYTES_MAX).read_to_vec().map_err(unreachable)?;
    if !status.is_success() {
        return Err(OutboundError::Status(url.to_owned(), status.as_u16()));
    }
    serde_json::from_slice(&bytes).map_err(|_| OutboundError::Shape(url.to_owned()))
}

/// Resolves names, and refuses a host that has an address out of reach.
#[derive(Debug)]
struct Guard {
    reach: Reach,
    inner: DefaultResolver,
}

impl Resolver for Guard {
    fn resolve(&self, uri: &Uri, config: &ureq::config::Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let addresses = self.inner.resolve(uri, config, timeout)?;
        if addresses.iter().all(|address| self.reach.admits(address.ip())) {
            return Ok(addresses);
        }
        let words = "the host is in a network that providers may not be in";
        Err(ureq::Error::Io(std::io::Error::new(std::io::ErrorKind::PermissionDenied, words)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// A server that gives every caller the same answer; its address.
    fn answering(answer: String) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _read = stream.read(&mut [0; 4096]);
                let _sent = stream.write_all(answer.as_bytes());
            }
        });
        format!("http://{address}/x")
    }

    fn with(status: &str, body: &str) -> String {
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nlocation: http://127.0.0.1:1/\r\nconnection: close\r\n\r\n{body}", body.len())
    }

    #[tokio::test]
    async fn an_answer_is_taken_as_it_is_and_redirects_are_not_followed() {
        let client = Outbound::new(Reach::Private);
        assert_eq!(client.get(&answering(with("200 OK", "{\"a\":1}"))).await.unwrap()["a"], 1);
        assert!(matches!(client.get(&answering(with("302 Found", ""))).await, Err(OutboundError::Status(_, 302))));
        assert!(matches!(client.get(&answering(with("200 OK", "<html>"))).await, Err(OutboundError::Shape(_))));
    }

    #[tokio::test]
    async fn an_answer_without_end_is_cut_off() {
        let long = format!("\"{}\"", "a".repeat(usize::try_from(PROVIDER_BYTES_MAX).unwrap()));
        let client = Outbound::new(Reach::Private);
        assert!(matches!(client.get(&answering(with("200 OK", &long))).await, Err(OutboundError::Unreachable(..))));
    }

    #[tokio::test]
    async fn a_host_inside_is_not_connected_to() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = Outbound::new(Reach::Public);
        for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
            let answer = client.get(&format!("https://{host}:{port}/")).await;
            assert!(matches!(answer, Err(OutboundError::Unreachable(..))), "{host}");
        }
        assert!(listener.accept().is_err(), "nobody came");
        assert!(matches!(client.get(&format!("http://127.0.0.1:{port}/")).await, Err(OutboundError::Forbidden(_))));
    }
}
