//! How long the server waits for those who send: heads of requests, pieces of bodies, whole uploads.
//!
//! Who sends a byte now and then would otherwise hold a connection for ever.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use http_body::Frame;
use tenon_diagnostics::{Kind, Message, Problem};
use tenon_value::Json;
use tokio::time::{Instant, Sleep};

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
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(60),
            idle: Duration::from_secs(30),
            body: Duration::from_secs(60),
            upload: Duration::from_secs(30 * 60),
        }
    }
}

/// What became of waiting: nothing yet, no piece in time, not all of it in time.
const WAITING: u8 = 0;
const NO_PIECE: u8 = 1;
const NOT_ALL: u8 = 2;

/// A body that is not waited for for ever.
pub(crate) struct Waited {
    inner: Body,
    idle: Duration,
    until: Instant,
    sleep: Pin<Box<Sleep>>,
    lost: Lost,
}

/// Whether a body was given up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lost(Arc<AtomicU8>);

impl Lost {
    /// The limit that was passed, as it is told.
    pub(crate) fn problem(&self, patience: Patience) -> Option<Problem> {
        match self.0.load(Ordering::Relaxed) {
            NO_PIECE => Some(too_slow("body_idle", patience.idle)),
            NOT_ALL => Some(too_slow("body_time", patience.body)),
            _ => None,
        }
    }
}

impl Waited {
    /// Waits for pieces of a body, and for all of it until then.
    pub(crate) fn new(inner: Body, patience: Patience, whole: Duration) -> (Body, Lost) {
        let (now, lost) = (Instant::now(), Lost::default());
        let until = now + whole;
        let sleep = Box::pin(tokio::time::sleep_until(until.min(now + patience.idle)));
        (Body::new(Self { inner, idle: patience.idle, until, sleep, lost: lost.clone() }), lost)
    }
}

impl HttpBody for Waited {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            let next = self.until.min(Instant::now() + self.idle);
            self.sleep.as_mut().reset(next);
            return Poll::Ready(frame);
        }
        if self.sleep.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        let which = if Instant::now() >= self.until { NOT_ALL } else { NO_PIECE };
        // The first word counts; there is only one sleep.
        drop(self.lost.0.compare_exchange(WAITING, which, Ordering::Relaxed, Ordering::Relaxed));
        Poll::Ready(Some(Err(axum::Error::new(std::io::Error::from(std::io::ErrorKind::TimedOut)))))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.inner.size_hint()
    }
}

/// Who sends too slowly.
pub(crate) fn too_slow(limit: &'static str, patience: Duration) -> Problem {
    let seconds = patience.as_secs_f64();
    let message = Message::new(
        format!("nothing came within limit `{limit}`: {seconds} seconds"),
        format!("等待数据超时:限制 `{limit}` 为 {seconds} 秒"),
    );
    Problem { limit: Some(limit), message, details: vec![("max", Json::from(seconds))], ..Problem::of_kind(Kind::Exhausted) }
}
