//! Subscriptions over an event stream, one connection each: `next` for each answer, `complete` at the end, a sign of life
//! every 15 seconds. The reader pulls: what he does not take is not made.

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use futures::Stream;
use futures::stream::unfold;
use tenon_context::OpContext;
use tenon_graphql::{GraphqlRequest, GraphqlResponse, Message, Outcome, Subscription, problem_json};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::slots::Slot;
use super::who::Who;
use crate::call::Call;

/// How often a connection shows that it is alive.
pub(super) const ALIVE_EVERY: Duration = Duration::from_secs(15);
/// How often it is looked whether who listens is still known, also where nothing happens.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);

const LAST_EVENT_ID: &str = "last-event-id";

/// Whether the caller wants an event stream.
pub(crate) fn wants_stream(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let is_stream = |entry: &str| {
        let mut parts = entry.trim().split(';');
        let media = parts.next().unwrap_or_default().trim();
        let refused = parts.any(|part| part.trim().strip_prefix("q=").is_some_and(|weight| weight.parse() == Ok(0.0)));
        media.eq_ignore_ascii_case("text/event-stream") && !refused
    };
    values.flat_map(|value| value.split(',')).any(is_stream)
}

/// Whether one answer may be plain JSON.
pub(crate) fn takes_json(headers: &HeaderMap) -> bool {
    const PLAIN: [&str; 4] = ["application/graphql-response+json", "application/json", "application/*", "*/*"];
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut media = values.flat_map(|value| value.split(',')).map(|entry| entry.split(';').next().unwrap_or_default().trim());
    media.any(|media| PLAIN.iter().any(|plain| media.eq_ignore_ascii_case(plain)))
}

/// Where the browser's own reader stood when its connection broke.
pub(super) fn last_event(call: &Call) -> Option<&str> {
    call.headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).filter(|id| !id.is_empty())
}

/// Answers a GraphQL request as an event stream.
///
/// # Errors
/// The answer that says why it does not begin.
pub(crate) async fn subscribe(call: &Call, context: OpContext, request: GraphqlRequest) -> Result<Response, Box<GraphqlResponse>> {
    let who = Who::of(call);
    if !call.app.data.is_subscription(&context, &request) {
        let answer = Box::pin(call.app.data.execute(context, request)).await;
        if answer.outcome != Outcome::Answered {
            return Err(Box::new(answer));
        }
        let mut waiting = VecDeque::from([event("next", &answer.body, None), complete()]);
        return Ok(streamed(unfold((), move |()| std::future::ready(waiting.pop_front().map(|event| (Ok(event), ()))))));
    }
    let slot = call.app.subscriptions.take(context.principal.id);
    let slot = slot.map_err(|problem| Box::new(call.app.data.refuse(&context, &problem)))?;
    let subscription = call.app.data.subscribe(&call.app.relay, &context, request, last_event(call)).await?;
    let alive = ticking(ALIVE_EVERY);
    let look = ticking(LOOK_EVERY);
    let live = Live { who, context, subscription, waiting: VecDeque::new(), alive, look, ended: false, _slot: slot };
    Ok(streamed(unfold(live, async |mut live| {
        let event = Box::pin(live.next()).await?;
        Some((Ok(event), live))
    })))
}

/// Ticks; the first tick comes after the first pause.
pub(super) fn ticking(every: Duration) -> Interval {
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// An answer that goes on.
pub(super) fn streamed(events: impl Stream<Item = Result<Bytes, std::convert::Infallible>> + Send + 'static) -> Response {
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Proxies that gather answers would hold everything back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// One event. JSON has no line breaks of its own.
pub(super) fn event(name: &str, data: &[u8], id: Option<&str>) -> Bytes {
    let mut text = format!("event: {name}\n").into_bytes();
    if let Some(id) = id {
        text.extend_from_slice(format!("id: {id}\n").as_bytes());
    }
    text.extend_from_slice(b"data: ");
    text.extend_from_slice(data);
    text.extend_from_slice(b"\n\n");
    Bytes::from(text)
}

fn complete() -> Bytes {
    event("complete", b"", None)
}

/// A subscription that is read.
struct Live {
    who: Who,
    context: OpContext,
    subscription: Subscription,
    waiting: VecDeque<Bytes>,
    alive: Interval,
    look: Interval,
    ended: bool,
    _slot: Slot,
}

impl Live {
    /// The next piece of the stream; none after its end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.ended {
                return None;
            }
            tokio::select! {
                happened = self.subscription.happened(&self.context) => match happened {
                    Ok(None) => self.end(None),
                    Ok(Some(happened)) => match self.who.context().await {
                        Ok(context) => {
                            self.context = context;
                            match Box::pin(self.subscription.messages(&self.context, &happened)).await {
                                Ok(messages) => self.waiting.extend(messages.iter().map(next)),
                                Err(answer) => self.end(Some(&answer.body)),
                            }
                        }
                        Err(problem) => self.refuse(&problem),
                    },
                    Err(answer) => self.end(Some(&answer.body)),
                },
                _ = self.alive.tick() => return Some(Bytes::from_static(b":\n\n")),
                _ = self.look.tick() => {
                    if let Err(problem) = self.who.context().await
                        && problem.kind == tenon_diagnostics::Kind::Unauthenticated
                    {
                        self.refuse(&problem);
                    }
                }
                () = self.who.app.status.drained() => self.end(None),
            }
        }
    }

    fn refuse(&mut self, problem: &tenon_diagnostics::Problem) {
        let error = problem_json(problem, self.who.arrival.message_locale(), &self.who.arrival.request);
        let body = serde_json::json!({ "errors": [error] }).to_string();
        self.end(Some(body.as_bytes()));
    }

    fn end(&mut self, last: Option<&[u8]>) {
        self.waiting.extend(last.map(|body| event("next", body, None)));
        self.waiting.push_back(complete());
        self.ended = true;
    }
}

fn next(message: &Message) -> Bytes {
    event("next", &message.body, message.cursor.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_stream_is_asked_for_by_its_name() {
        let wants = |accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            wants_stream(&headers)
        };
        assert!(wants("text/event-stream"));
        assert!(wants("application/json;q=0.5, Text/Event-Stream; charset=utf-8"));
        assert!(!wants("text/event-stream;q=0, application/json"));
        assert!(!wants("*/*"), "who takes anything gets an answer that ends");
    }

    #[test]
    fn an_event_is_lines_and_an_empty_one() {
        assert_eq!(&event("next", br#"{"a":1}"#, Some("c")), "event: next\nid: c\ndata: {\"a\":1}\n\n");
        assert_eq!(&complete(), "event: complete\ndata: \n\n");
    }
}
