//! `GET /t/{tenant}/changes`: what changed, line by line, each with the cursor after it; waits where nothing has, or goes on
//! as an event stream.

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use futures::stream::unfold;
use tenon_context::Via;
use tenon_diagnostics::Problem;
use tenon_graphql::{Feed, FeedLine, FeedQuery, problem_json};
use tokio::time::{Instant, Interval, timeout_at};

use super::slots::Slot;
use super::stream::{ALIVE_EVERY, LOOK_EVERY, event, last_event, streamed, ticking, wants_stream};
use super::who::Who;
use crate::call::Call;
use crate::respond::problem;

/// Lines of one answer (`changes`).
pub(crate) const FEED_LINES_MAX: usize = 1_000;
/// Lines of an answer that does not say.
const FEED_LINES: usize = 100;
/// Seconds that an answer may be waited for (`wait`).
pub(crate) const FEED_WAIT_MAX: u64 = 60;

const CURSOR: HeaderName = HeaderName::from_static("tenon-cursor");

/// Answers with what changed.
pub(crate) async fn changes(call: Call) -> Response {
    match Box::pin(answer(&call)).await {
        Ok(response) => response,
        Err(wrong) => problem(&wrong, &call.arrival),
    }
}

fn number(call: &Call, name: &'static str, usual: u64, max: u64) -> Result<u64, Problem> {
    let Some(text) = call.parameter(name).filter(|text| !text.is_empty()) else { return Ok(usual) };
    let wrong = || Problem::invalid("type", format!("`{name}` is a whole number"), format!("`{name}` 应为整数"));
    let number: u64 = text.parse().map_err(|_| wrong())?;
    if number > max {
        return Err(Problem::exhausted(if name == "wait" { "wait" } else { "changes" }, max, number));
    }
    Ok(number)
}

async fn answer(call: &Call) -> Result<Response, Problem> {
    let context = call.context(Via::Graphql).await?;
    let lines = number(call, "limit", FEED_LINES as u64, FEED_LINES_MAX as u64)?;
    let lines = usize::try_from(lines).unwrap_or(FEED_LINES).max(1);
    let wait = Duration::from_secs(number(call, "wait", 0, FEED_WAIT_MAX)?);
    let after = call.parameter("after").filter(|after| !after.is_empty());
    let objects = call.parameter("objects").unwrap_or_default();
    let objects = objects.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let query = FeedQuery { after: after.or_else(|| last_event(call).map(str::to_owned)), objects };
    let slot = call.app.subscriptions.take(context.principal.id)?;
    let who = Who::of(call);
    let feed = call.app.data.feed(&call.app.relay, &context, query).await?;
    if wants_stream(&call.headers) {
        let (alive, look) = (ticking(ALIVE_EVERY), ticking(LOOK_EVERY));
        let live = Live { who, feed, waiting: VecDeque::new(), alive, look, ended: false, _slot: slot };
        return Ok(streamed(unfold(live, async |mut live| {
            let event = Box::pin(live.next()).await?;
            Some((Ok(event), live))
        })));
    }
    page(&who, feed, lines, Instant::now() + wait).await
}

/// The lines there are, once there is one, or the time is over.
async fn page(who: &Who, mut feed: Feed, max: usize, until: Instant) -> Result<Response, Problem> {
    let context = who.context().await?;
    let (mut lines, mut cursor): (Vec<FeedLine>, String) = (Vec::new(), feed.cursor(&context));
    while lines.len() < max {
        if !feed.ready().await? {
            // Whoever has a line is not kept waiting for another.
            if !lines.is_empty() {
                break;
            }
            let waited = tokio::select! {
                waited = timeout_at(until, feed.wait()) => waited,
                () = who.app.status.drained() => break,
            };
            match waited {
                Ok(waited) => waited?,
                Err(_) => {
                    cursor = feed.cursor(&context);
                    break;
                }
            }
        }
        // Whoever waited long is looked at anew.
        let context = who.context().await?;
        let page = feed.page(&context, max - lines.len()).await?;
        lines.extend(page.lines);
        cursor = page.cursor;
    }
    let mut body = String::new();
    for line in &lines {
        body.push_str(&line.json.to_string());
        body.push('\n');
    }
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/jsonl; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(cursor) = HeaderValue::from_str(&cursor) {
        headers.insert(CURSOR, cursor);
    }
    Ok(response)
}

/// A feed that is read.
struct Live {
    who: Who,
    feed: Feed,
    waiting: VecDeque<Bytes>,
    alive: Interval,
    look: Interval,
    ended: bool,
    _slot: Slot,
}

impl Live {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.ended {
                return None;
            }
            tokio::select! {
                waited = self.feed.wait() => {
                    if let Err(problem) = self.read(waited).await {
                        self.refuse(&problem);
                    }
                }
                _ = self.alive.tick() => return Some(Bytes::from_static(b":\n\n")),
                _ = self.look.tick() => {
                    if let Err(problem) = self.who.context().await
                        && problem.kind == tenon_diagnostics::Kind::Unauthenticated
                    {
                        self.refuse(&problem);
                    }
                }
                () = self.who.app.status.drained() => self.ended = true,
            }
        }
    }

    async fn read(&mut self, waited: Result<(), Problem>) -> Result<(), Problem> {
        waited?;
        let context = self.who.context().await?;
        let page = Box::pin(self.feed.page(&context, FEED_LINES_MAX)).await?;
        self.waiting.extend(page.lines.iter().map(|line| event("change", line.json.to_string().as_bytes(), Some(&line.cursor))));
        Ok(())
    }

    /// Says why it ends.
    fn refuse(&mut self, problem: &Problem) {
        let error = problem_json(problem, self.who.arrival.message_locale(), &self.who.arrival.request);
        self.waiting.push_back(event("error", error.to_string().as_bytes(), None));
        self.ended = true;
    }
}
