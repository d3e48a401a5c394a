//! Operations over a WebSocket: the protocol `graphql-transport-ws`.
//!
//! One task reads and writes the socket; each operation is a task of its own that hands its answers over a short queue, so
//! that who does not read stops his own operations and nobody else's.

use std::collections::HashMap;
use std::time::Duration;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message as Frame, WebSocket, WebSocketUpgrade};
use axum::http::{StatusCode, header};
use axum::response::Response;
use tenon_diagnostics::{Kind, Problem};
use tenon_graphql::{GraphqlRequest, Outcome, problem_json};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout};

use super::protocol::{self, Closed, Said};
use super::slots::Slot;
use super::stream::{LOOK_EVERY, ticking};
use super::who::{Shown, Who};
use crate::call::Call;
use crate::negotiate::Media;
use crate::respond::graphql_failure;

/// Bytes of one message of a client (`message_bytes`).
pub(crate) const MESSAGE_BYTES_MAX: usize = 1024 * 1024;
/// How long a client may take to say who he is.
const INIT_MAX: Duration = Duration::from_secs(10);
/// How often a client is asked for a sign of life, in the time that he may be silent.
const PINGS: u32 = 3;
/// Answers of all operations of a socket that wait to be sent.
const ANSWERS_MAX: usize = 16;

/// Opens a socket.
pub(crate) fn upgrade(call: &Call, upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(_) => {
            let problem = Problem::invalid("websocket", "this is no request for a WebSocket", "这不是 WebSocket 请求");
            return graphql_failure(StatusCode::BAD_REQUEST, Media::Json, &problem, &call.arrival);
        }
    };
    if let Err(problem) = call.check_taken() {
        return graphql_failure(StatusCode::SERVICE_UNAVAILABLE, Media::Json, &problem, &call.arrival);
    }
    let who = Who::of(call);
    let origin = call.headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).map(str::to_owned);
    let headers = call.headers.clone();
    let upgrade = upgrade.protocols([protocol::PROTOCOL]).max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX);
    let speaks = upgrade.selected_protocol().is_some();
    upgrade.on_upgrade(async move |socket| {
        let talk = Talk { socket, who, operations: JoinSet::new(), known: HashMap::new() };
        if speaks {
            let same_site = SameSite { origin, headers };
            Box::pin(talk.run(&same_site)).await;
        } else {
            talk.close(protocol::SUBPROTOCOL).await;
        }
    })
}

/// How long a client that ends is waited for.
const FAREWELL_MAX: std::time::Duration = std::time::Duration::from_secs(1);

/// A cookie travels by itself: it counts only from pages that may use it.
struct SameSite {
    origin: Option<String>,
    headers: axum::http::HeaderMap,
}

/// An operation tells the socket.
enum Told {
    /// An answer, or the end of an operation that went wrong.
    Text(String),
    /// An operation has ended; true where the client does not know yet.
    Ended(String, bool),
    /// The socket ends.
    Close(Closed),
}

/// A socket under way.
struct Talk {
    socket: WebSocket,
    who: Who,
    operations: JoinSet<()>,
    /// Operations by the client's ids.
    known: HashMap<String, AbortHandle>,
}

impl Talk {
    async fn run(mut self, same_site: &SameSite) {
        let ended = match self.begin(same_site).await {
            Ok(_slot) => self.serve().await,
            Err(closed) => closed,
        };
        match ended {
            Some(closed) => self.close(closed).await,
            // The client has said that it ends; reading on is what sends the answer to that.
            None => drop(tokio::time::timeout(FAREWELL_MAX, self.socket.recv()).await),
        }
    }

    /// Until it is known who it is.
    async fn begin(&mut self, same_site: &SameSite) -> Result<Slot, Option<Closed>> {
        let until = Instant::now() + INIT_MAX;
        loop {
            let status = self.who.app.status.clone();
            let frame = tokio::select! {
                frame = tokio::time::timeout_at(until, self.socket.recv()) => frame.map_err(|_| Some(protocol::INIT_TIMEOUT))?,
                () = status.drained() => return Err(Some(protocol::GOING_AWAY)),
            };
            let payload = match said(frame)? {
                None => continue,
                Some(Said::Init(payload)) => payload,
                Some(Said::Ping(payload)) => {
                    self.send(protocol::pong(payload)).await?;
                    continue;
                }
                Some(Said::Subscribe(..)) => return Err(Some(protocol::UNAUTHORIZED)),
                Some(Said::Pong | Said::Complete(_)) => continue,
            };
            if let Some(text) = protocol::authorization(&payload) {
                self.who.shown = Shown::Authorization(text.to_owned());
            }
            let context =
                self.who.context().await.map_err(|problem| {
                    Some(if problem.kind == Kind::Unauthenticated { protocol::FORBIDDEN } else { protocol::GOING_AWAY })
                })?;
            if matches!(self.who.shown, Shown::Session(_)) {
                let listed = &context.model.settings.cors;
                let known = same_site
                    .origin
                    .as_deref()
                    .is_some_and(|origin| crate::origin::is_known(origin, &same_site.headers, &self.who.app.public_url, listed));
                if !known {
                    return Err(Some(protocol::FORBIDDEN));
                }
            }
            let slot = self.who.app.sockets.take(context.principal.id).map_err(|_| Some(protocol::TOO_MANY))?;
            self.send(protocol::ack()).await?;
            return Ok(slot);
        }
    }

    /// Until somebody ends it; none where the client did.
    async fn serve(&mut self) -> Option<Closed> {
        let (tell, mut told) = mpsc::channel::<Told>(ANSWERS_MAX);
        let silence = self.silence();
        let (mut pings, mut looks) = (ticking(silence / PINGS), ticking(LOOK_EVERY));
        let mut heard = Instant::now();
        let status = self.who.app.status.clone();
        loop {
            let done = tokio::select! {
                frame = self.socket.recv() => {
                    heard = Instant::now();
                    match said(frame) {
                        Ok(Some(said)) => self.hear(said, &tell).await,
                        Ok(None) => Ok(()),
                        Err(closed) => Err(closed),
                    }
                }
                Some(told) = told.recv() => self.pass(told).await,
                _ = pings.tick() => {
                    if heard.elapsed() > silence { Err(Some(protocol::SILENT)) } else { self.send(protocol::ping()).await }
                }
                _ = looks.tick() => if self.who.is_gone().await { Err(Some(protocol::FORBIDDEN)) } else { Ok(()) },
                // Ended operations are forgotten.
                Some(_) = self.operations.join_next() => Ok(()),
                () = status.drained() => Err(Some(protocol::GOING_AWAY)),
            };
            if let Err(closed) = done {
                return closed;
            }
        }
    }

    async fn hear(&mut self, said: Said, tell: &mpsc::Sender<Told>) -> Result<(), Option<Closed>> {
        match said {
            Said::Init(_) => Err(Some(protocol::INIT_TWICE)),
            Said::Ping(payload) => self.send(protocol::pong(payload)).await,
            Said::Pong => Ok(()),
            Said::Complete(id) => {
                if let Some(operation) = self.known.remove(&id) {
                    operation.abort();
                }
                Ok(())
            }
            Said::Subscribe(id, _) if self.known.contains_key(&id) => {
                self.end(4409, format!("Subscriber for {id} already exists")).await;
                Err(None)
            }
            Said::Subscribe(id, request) => match *request {
                Ok(request) => {
                    let operation = Operation { id: id.clone(), who: self.who.clone(), tell: tell.clone() };
                    let handle = self.operations.spawn(operation.run(request));
                    self.known.insert(id, handle);
                    Ok(())
                }
                Err(problem) => self.send(protocol::error(&id, &errors(&self.who, &problem))).await,
            },
        }
    }

    async fn pass(&mut self, told: Told) -> Result<(), Option<Closed>> {
        match told {
            Told::Text(text) => self.send(text).await,
            Told::Ended(id, unsaid) => {
                // What the client has ended himself is known no more.
                if self.known.remove(&id).is_some() && unsaid { self.send(protocol::complete(&id)).await } else { Ok(()) }
            }
            Told::Close(closed) => Err(Some(closed)),
        }
    }

    /// Sends; a client who takes nothing for long has gone.
    async fn send(&mut self, text: String) -> Result<(), Option<Closed>> {
        match timeout(self.silence(), self.socket.send(Frame::Text(text.into()))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(None),
            Err(_) => Err(Some(protocol::SILENT)),
        }
    }

    /// How long a client may be silent, or not take what he is sent.
    fn silence(&self) -> Duration {
        self.who.app.patience.silence
    }

    async fn close(mut self, closed: Closed) {
        self.end(closed.0, closed.1.to_owned()).await;
    }

    async fn end(&mut self, code: u16, reason: String) {
        // The reason of a close has 123 bytes at most.
        let reason: String = reason.chars().take(40).collect();
        let frame = Frame::Close(Some(CloseFrame { code, reason: reason.into() }));
        // Who has gone need not be told.
        drop(timeout(Duration::from_secs(1), self.socket.send(frame)).await);
    }
}

/// What a frame says; an error where the socket ends.
fn said(frame: Option<Result<Frame, axum::Error>>) -> Result<Option<Said>, Option<Closed>> {
    match frame {
        None | Some(Err(_) | Ok(Frame::Close(_))) => Err(None),
        Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => Ok(None),
        Some(Ok(Frame::Binary(_))) => Err(Some(protocol::INVALID)),
        Some(Ok(Frame::Text(text))) => protocol::read(&text).map(Some).ok_or(Some(protocol::INVALID)),
    }
}

fn errors(who: &Who, problem: &Problem) -> tenon_value::Json {
    serde_json::json!([problem_json(problem, who.arrival.message_locale(), &who.arrival.request)])
}

/// One operation of a socket.
struct Operation {
    id: String,
    who: Who,
    tell: mpsc::Sender<Told>,
}

impl Operation {
    async fn run(self, request: GraphqlRequest) {
        let last = match Box::pin(self.answer(request)).await {
            Ok(()) => Told::Ended(self.id.clone(), true),
            Err(Some(told)) => told,
            Err(None) => Told::Ended(self.id.clone(), false),
        };
        // The socket may have ended meanwhile.
        drop(self.tell.send(last).await);
    }

    /// Answers; the error is what is told at the end instead of `complete`.
    async fn answer(&self, mut request: GraphqlRequest) -> Result<(), Option<Told>> {
        let app = &self.who.app;
        let mut context = self.who.context().await.map_err(|problem| Some(self.known(&problem)))?;
        if let Err(refused) = app.data.settle(&context, &mut request).await {
            return self.fail(&protocol::errors_of(&refused.body)).await;
        }
        if !app.data.is_subscription(&context, &request) {
            app.rate.take(&context.principal).check().map_err(|problem| Some(self.known(&problem)))?;
            let answer = app.data.execute(context, request).await;
            return match answer.outcome {
                Outcome::Answered => self.next(&answer.body).await,
                _ => self.fail(&protocol::errors_of(&answer.body)).await,
            };
        }
        let _slot = match app.subscriptions.take(context.principal.id) {
            Ok(slot) => slot,
            Err(problem) => return self.fail(&errors(&self.who, &problem)).await,
        };
        let mut subscription = match app.data.subscribe(&app.relay, &context, request, None).await {
            Ok(subscription) => subscription,
            Err(answer) => return self.fail(&protocol::errors_of(&answer.body)).await,
        };
        loop {
            let happened = match subscription.happened(&context).await {
                Ok(Some(happened)) => happened,
                Ok(None) => return Ok(()),
                Err(answer) => return self.fail(&protocol::errors_of(&answer.body)).await,
            };
            context = self.who.context().await.map_err(|problem| Some(self.known(&problem)))?;
            match Box::pin(subscription.messages(&context, &happened)).await {
                Ok(messages) => {
                    for message in messages {
                        self.next(&message.body).await?;
                    }
                }
                Err(answer) => return self.fail(&protocol::errors_of(&answer.body)).await,
            }
        }
    }

    /// What becomes of the socket where its owner is not known, or cannot be looked up.
    fn known(&self, problem: &Problem) -> Told {
        if problem.kind == Kind::Unauthenticated {
            return Told::Close(protocol::FORBIDDEN);
        }
        Told::Text(protocol::error(&self.id, &errors(&self.who, problem)))
    }

    async fn next(&self, body: &[u8]) -> Result<(), Option<Told>> {
        self.tell.send(Told::Text(protocol::next(&self.id, body))).await.map_err(|_| None)
    }

    /// `error` ends an operation: no `complete` follows.
    async fn fail(&self, errors: &tenon_value::Json) -> Result<(), Option<Told>> {
        self.tell.send(Told::Text(protocol::error(&self.id, errors))).await.map_err(|_| None)?;
        Err(None)
    }
}
