//! The client: few requests at once, bounded in time and bytes, never redirected, and only to where [`Reach`] lets them.
//!
//! A blocking client on the blocking threads; whoever asks waits for a place, and no longer than for an answer.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tenon_value::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use url::Url;

use crate::stand_in::StandIns;
use crate::{OutboundError, Reach, StandIn};

/// How much is asked for, and how long is waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `http_time`: from the first look at the name to the last byte.
    pub time: Duration,
    /// `http_response_bytes`: of an answer.
    pub bytes: u64,
    /// `http_at_once`: requests at once; further ones wait as long as for an answer.
    pub at_once: usize,
    /// Of one tenant, so that slow hosts of one leave room for the others.
    pub at_once_per_tenant: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_secs(10), bytes: 1 << 20, at_once: 64, at_once_per_tenant: 8 }
    }
}

/// What is done at a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Looks.
    Get,
    /// Looks at the head.
    Head,
    /// Does.
    Post,
    /// Puts in place.
    Put,
    /// Changes a part.
    Patch,
    /// Takes away.
    Delete,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Get, Self::Head, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// As HTTP writes it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    const fn has_body(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Patch)
    }
}

/// A request.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// What is done.
    pub method: Method,
    /// Where.
    pub url: String,
    /// Headers, in their order.
    pub headers: Vec<(String, String)>,
    /// The body; only `POST`, `PUT` and `PATCH` have one.
    pub body: Vec<u8>,
}

/// An answer, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers whose values are text, by lower-case name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    agent: ureq::Agent,
    reach: Reach,
    limits: Limits,
    places: Arc<Semaphore>,
    tenants: Mutex<HashMap<TenantId, Arc<Semaphore>>>,
    stand_ins: StandIns,
}

impl Client {
    /// A client that reaches so far.
    #[must_use]
    pub fn new(reach: Reach, limits: Limits) -> Self {
        Self::resolving(reach, limits, DefaultResolver::default())
    }

    fn resolving(reach: Reach, limits: Limits, resolver: impl Resolver) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(limits.time))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // A connection that is kept would be to an address that was judged for another request.
            .max_idle_connections(0)
            .proxy(None)
            .user_agent("Tenon")
            .build();
        let agent = ureq::Agent::with_parts(config, DefaultConnector::default(), Guard { reach, inner: resolver });
        let places = Arc::new(Semaphore::new(limits.at_once));
        Self { inner: Arc::new(Inner { agent, reach, limits, places, tenants: Mutex::default(), stand_ins: StandIns::default() }) }
    }

    /// Whether this URL may be asked, as far as its text tells.
    #[must_use]
    pub fn permits(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| self.inner.reach.permits(&url))
    }

    /// From here on nothing goes out for a tenant: these answers are given instead, and what was asked is noted.
    pub fn stand_in(&self, tenant: TenantId, answers: Vec<StandIn>) {
        self.inner.stand_ins.put(tenant, answers);
    }

    /// What a tenant that is stood in for has asked since it was last told: method and URL without its query.
    #[must_use]
    pub fn stood_in_for(&self, tenant: TenantId) -> Vec<(Method, String)> {
        self.inner.stand_ins.take(tenant)
    }

    /// Nobody stands in any more: what a tenant asks goes out again.
    pub fn stand_down(&self, tenant: TenantId) {
        self.inner.stand_ins.forget(tenant);
    }

    /// Sends a request for a tenant and waits for its answer.
    ///
    /// # Errors
    /// See [`OutboundError`]. A status is no error.
    pub async fn send(&self, tenant: Option<TenantId>, request: Request) -> Result<Answer, OutboundError> {
        if let Some(answer) = tenant.and_then(|tenant| self.inner.stand_ins.answer(tenant, &request)) {
            return answer.ok_or_else(|| OutboundError::Unreachable(host(&request.url), "the test has no answer for this call".to_owned()));
        }
        if !self.permits(&request.url) {
            return Err(OutboundError::Forbidden(host(&request.url)));
        }
        let places = tokio::time::timeout(self.inner.limits.time, self.places(tenant)).await;
        let places = places.ok().flatten().ok_or(OutboundError::Busy)?;
        let (inner, named) = (Arc::clone(&self.inner), host(&request.url));
        let sent = tokio::task::spawn_blocking(move || {
            let answer = exchange(&inner, &request);
            drop(places);
            answer
        });
        sent.await.map_err(|_| OutboundError::Unreachable(named, "the request broke off".to_owned()))?
    }

    /// A place of the tenant's own first, so that who waits for his own takes none of the others'.
    async fn places(&self, tenant: Option<TenantId>) -> Option<Vec<OwnedSemaphorePermit>> {
        let own = tenant.map(|tenant| {
            let mut tenants = self.inner.tenants.lock().unwrap_or_else(PoisonError::into_inner);
            let most = self.inner.limits.at_once_per_tenant;
            // Who waits for nothing is not remembered.
            tenants.retain(|other, places| *other == tenant || places.available_permits() < most);
            Arc::clone(tenants.entry(tenant).or_insert_with(|| Arc::new(Semaphore::new(most))))
        });
        let mut held = Vec::new();
        for semaphore in own.into_iter().chain([Arc::clone(&self.inner.places)]) {
            held.push(semaphore.acquire_owned().await.ok()?);
        }
        Some(held)
    }
}

/// The host of a URL, for messages: the rest of it may hold a secret.
fn host(url: &str) -> String {
    Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

fn exchange(inner: &Inner, request: &Request) -> Result<Answer, OutboundError> {
    let named = || host(&request.url);
    let failed = |error: ureq::Error| match error {
        ureq::Error::Timeout(_) => OutboundError::Late(named()),
        ureq::Error::BodyExceedsLimit(_) => OutboundError::TooMuch(named(), inner.limits.bytes),
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => OutboundError::Forbidden(named()),
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => OutboundError::Late(named()),
        // The words of the client may hold the URL.
        ureq::Error::Io(error) => OutboundError::Unreachable(named(), error.kind().to_string()),
        ureq::Error::HostNotFound => OutboundError::Unreachable(named(), "there is no such host".to_owned()),
        ureq::Error::ConnectionFailed => OutboundError::Unreachable(named(), "nobody answers there".to_owned()),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => OutboundError::Unreachable(named(), "its certificate is not trusted".to_owned()),
        _ => OutboundError::Unreachable(named(), "it does not speak HTTP as it should".to_owned()),
    };
    let mut head = ureq::http::Request::builder().method(request.method.word()).uri(&request.url);
    for (name, value) in &request.headers {
        head = head.header(name, value);
    }
    let wrong = |_| OutboundError::Unreachable(named(), "the request is none".to_owned());
    let answer = if request.method.has_body() {
        inner.agent.run(head.body(request.body.as_slice()).map_err(wrong)?)
    } else {
        inner.agent.run(head.body(()).map_err(wrong)?)
    };
    let mut answer = answer.map_err(failed)?;
    let headers = answer.headers().iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
    let (status, headers) = (answer.status().as_u16(), headers.collect());
    let body = answer.body_mut().with_config().limit(inner.limits.bytes).read_to_vec().map_err(failed)?;
    Ok(Answer { status, headers, body })
}

/// Resolves names, and refuses a host that has an address out of reach. What it gives is what is connected to: nobody asks again.
#[derive(Debug)]
struct Guard<R> {
    reach: Reach,
    inner: R,
}

impl<R: Resolver> Resolver for Guard<R> {
    fn resolve(&self, uri: &Uri, config: &ureq::config::Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let addresses = self.inner.resolve(uri, config, timeout)?;
        if addresses.iter().all(|address| self.reach.admits(address.ip())) {
            return Ok(addresses);
        }
        let words = "the host is in a network that may not be asked from here";
        Err(ureq::Error::Io(io::Error::new(io::ErrorKind::PermissionDenied, words)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener};
    use std::sync::atomic::{AtomicUsize, Ordering};

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

    fn get(url: &str) -> Request {
        Request { method: Method::Get, url: url.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    fn private() -> Client {
        Client::new(Reach::Private, Limits { bytes: 100, ..Limits::default() })
    }

    #[tokio::test]
    async fn an_answer_is_taken_as_it_is_and_redirects_are_not_followed() {
        let answer = private().send(None, get(&answering(with("200 OK", "{\"a\":1}")))).await.unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"{\"a\":1}".as_slice()));
        let moved = private().send(None, get(&answering(with("302 Found", "")))).await.unwrap();
        assert_eq!(moved.status, 302);
        assert!(moved.headers.contains(&("location".to_owned(), "http://127.0.0.1:1/".to_owned())));
    }

    #[tokio::test]
    async fn an_answer_without_end_is_cut_off() {
        let told = private().send(None, get(&answering(with("200 OK", &"a".repeat(101))))).await;
        assert_eq!(told, Err(OutboundError::TooMuch("127.0.0.1".to_owned(), 100)));
    }

    #[tokio::test]
    async fn who_says_nothing_is_not_waited_for() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", silent.local_addr().unwrap());
        let client = Client::new(Reach::Private, Limits { time: Duration::from_millis(50), ..Limits::default() });
        assert_eq!(client.send(None, get(&url)).await, Err(OutboundError::Late("127.0.0.1".to_owned())));
    }

    #[tokio::test]
    async fn a_host_inside_is_not_connected_to() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = Client::new(Reach::Public, Limits::default());
        for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
            let answer = client.send(None, get(&format!("https://{host}:{port}/"))).await;
            assert!(matches!(answer, Err(OutboundError::Forbidden(_))), "{host}: {answer:?}");
        }
        assert!(listener.accept().is_err(), "nobody came");
        assert!(matches!(client.send(None, get(&format!("http://127.0.0.1:{port}/"))).await, Err(OutboundError::Forbidden(_))));
    }

    /// A name that is public when it is looked at first, and this machine ever after.
    #[derive(Debug)]
    struct Rebinding(Arc<AtomicUsize>, SocketAddr);

    impl Resolver for Rebinding {
        fn resolve(&self, _: &Uri, _: &ureq::config::Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
            let first = self.0.fetch_add(1, Ordering::Relaxed) == 0;
            let mut addresses = self.empty();
            // An address for documents: nobody answers there.
            addresses.push(if first { SocketAddr::from(([1, 0, 0, 0], 9)) } else { self.1 });
            Ok(addresses)
        }
    }

    #[tokio::test]
    async fn a_name_that_resolves_otherwise_later_leads_nowhere_inside() {
        let inside = TcpListener::bind("127.0.0.1:0").unwrap();
        inside.set_nonblocking(true).unwrap();
        let looked = Arc::new(AtomicUsize::new(0));
        let limits = Limits { time: Duration::from_millis(50), ..Limits::default() };
        let client = Client::resolving(Reach::Public, limits, Rebinding(Arc::clone(&looked), inside.local_addr().unwrap()));
        // The first request goes to the address that was judged, whatever the name says by then; the second is judged anew.
        assert!(client.send(None, get("https://rebinding.example/")).await.is_err());
        assert_eq!(looked.load(Ordering::Relaxed), 1, "one look for one request");
        assert_eq!(
            client.send(None, get("https://rebinding.example/")).await,
            Err(OutboundError::Forbidden("rebinding.example".to_owned()))
        );
        assert!(inside.accept().is_err(), "nobody came");
    }

    #[tokio::test]
    async fn who_is_stood_in_for_asks_nobody_outside() {
        let client = Client::new(Reach::Public, Limits::default());
        let (tenant, url) = (TenantId::generate(), "https://api.acme.com/v1/deals");
        let answer = |status: u16| Answer { status, headers: Vec::new(), body: Vec::new() };
        let one = |status| StandIn { method: Method::Get, url: url.to_owned(), answer: answer(status) };
        client.stand_in(tenant, vec![one(503), one(200)]);
        let mut statuses = Vec::new();
        for query in ["", "?q=1", "?q=2"] {
            statuses.push(client.send(Some(tenant), get(&format!("{url}{query}"))).await.unwrap().status);
        }
        assert_eq!(statuses, [503, 200, 200], "each once, the last again and again");
        let other = client.send(Some(tenant), get("https://api.acme.com/v2")).await;
        assert!(matches!(other, Err(OutboundError::Unreachable(..))), "{other:?}");
        let asked: Vec<String> = client.stood_in_for(tenant).into_iter().map(|(_, url)| url).collect();
        assert_eq!(asked, [url, url, url, "https://api.acme.com/v2"]);
        assert!(client.stood_in_for(tenant).is_empty());
        client.stand_down(tenant);
        let refused = client.send(Some(tenant), get("http://127.0.0.1:9/")).await;
        assert!(matches!(refused, Err(OutboundError::Forbidden(_))), "it is judged like any other again");
    }

    #[tokio::test]
    async fn slow_hosts_of_one_tenant_leave_room_for_another() {
        let limits = Limits { time: Duration::from_millis(200), at_once: 4, at_once_per_tenant: 1, ..Limits::default() };
        let client = Client::new(Reach::Private, limits);
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let slow = format!("http://{}/", silent.local_addr().unwrap());
        let (one, two) = (TenantId::generate(), TenantId::generate());
        let held = client.places(Some(one)).await.unwrap();
        assert_eq!(client.send(Some(one), get(&slow)).await, Err(OutboundError::Busy), "the tenant's one place is taken");
        let url = answering(with("200 OK", "here"));
        assert_eq!(client.send(Some(two), get(&url)).await.unwrap().status, 200);
        drop(held);
        assert_eq!(client.send(Some(one), get(&url)).await.unwrap().status, 200);
    }
}
