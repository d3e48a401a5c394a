//! How long the server waits for those who send: heads of requests, pieces of bodies, whole bodies, whole uploads; and for those
//! who are told things and do not listen.
//!
//! Who sends a byte now and then would otherwise hold a connection for ever. Heads are waited for by who serves the
//! connections (`server`); bodies here, before a door reads them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http_body::Frame;
use tenon_diagnostics::{Kind, Message, Problem};
use tenon_value::Json;
use tokio::time::{Instant, Sleep};

use crate::app::App;
use crate::facts::Arrival;
use crate::negotiate::{Media, accepted};
use crate::respond;

/// How long is waited; each is a limit with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For the head of a request, from its connection or the answer before (`head_time`).
    pub head: Duration,
    /// For the next piece of a body (`body_idle`).
    pub idle: Duration,
    /// For a whole body, uploads apart (`body_time`).
    pub body: Duration,
    /// For a whole upload (`upload_time`).
    pub upload: Duration,
    /// For a sign of life of a socket, and for it to take what it is sent (`socket_silence`).
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(60),
            idle: Duration::from_secs(30),
            body: Duration::from_secs(60),
            upload: Duration::from_secs(30 * 60),
            silence: Duration::from_secs(60),
        }
    }
}

/// Doors that take files, by the end of their paths: these may take long.
const UPLOADS: [&str; 3] = ["/imports", "/imports/suggest", "/files"];

/// Gives up bodies that do not come in time, and says so, whatever the door made of it.
pub(crate) async fn wait(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let patience = app.patience;
    let path = request.uri().path();
    let (limit, whole) =
        if UPLOADS.iter().any(|door| path.ends_with(door)) { ("upload_time", patience.upload) } else { ("body_time", patience.body) };
    let is_graphql = path.ends_with("/graphql") || path.ends_with("/metadata");
    let media = is_graphql.then(|| accepted(request.headers()).unwrap_or(Media::Json));
    let arrival = request.extensions().get::<Arrival>().cloned().unwrap_or_else(Arrival::unannounced);
    let given_up = GivenUp::default();
    let waited = |body| {
        Body::new(Waited { inner: body, idle: patience.idle, until: Instant::now() + whole, sleep: None, given_up: given_up.clone() })
    };
    let response = next.run(request.map(waited)).await;
    let problem = match given_up.0.load(Ordering::Relaxed) {
        NO_PIECE => too_slow("body_idle", patience.idle),
        NOT_ALL => too_slow(limit, whole),
        _ => return response,
    };
    respond::too_slow(&problem, media, &arrival)
}

/// What became of waiting, beside nothing: no piece in time, not all of it in time.
const NO_PIECE: u8 = 1;
const NOT_ALL: u8 = 2;

/// Whether a body was given up, and why.
#[derive(Clone, Debug, Default)]
struct GivenUp(Arc<AtomicU8>);

/// A body that is not waited for for ever.
struct Waited {
    inner: Body,
    idle: Duration,
    until: Instant,
    /// Made when a piece is waited for: most bodies are there with their heads.
    sleep: Option<Pin<Box<Sleep>>>,
    given_up: GivenUp,
}

impl HttpBody for Waited {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) {
            this.sleep = None;
            // Who sends without a pause is not waited for, and yet has to come to an end.
            return if Instant::now() < this.until || this.inner.is_end_stream() { Poll::Ready(frame) } else { this.give_up(NOT_ALL) };
        }
        let (idle, until) = (this.idle, this.until);
        let sleep = this.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until.min(Instant::now() + idle))));
        if sleep.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        this.give_up(if Instant::now() >= until { NOT_ALL } else { NO_PIECE })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.inner.size_hint()
    }
}

impl Waited {
    fn give_up(&self, why: u8) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.given_up.0.store(why, Ordering::Relaxed);
        Poll::Ready(Some(Err(axum::Error::new(std::io::Error::from(std::io::ErrorKind::TimedOut)))))
    }
}

/// Who sends too slowly.
pub(crate) fn too_slow(limit: &'static str, patience: Duration) -> Problem {
    let seconds = patience.as_secs_f64();
    let message = Message::new(
        format!("the body did not come within limit `{limit}`: {seconds} seconds"),
        format!("等待请求体超时:限制 `{limit}` 为 {seconds} 秒"),
    );
    Problem { limit: Some(limit), message, details: vec![("max", Json::from(seconds))], ..Problem::of_kind(Kind::Exhausted) }
}
