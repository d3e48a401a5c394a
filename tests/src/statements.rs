//! The statements a request ran, by trace: the store tells each, and spans tell whose request it was.
//!
//! One subscriber for the process, so only a test program of its own can have it.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// What the store calls a statement.
const TARGET: &str = "tenon_store::sql";

/// What is asked once in a while, whoever asks whatever: is the model still the newest, the credential still good?
const HOUSEKEEPING: [&str; 9] =
    ["\"model\"", "sqlite_schema", "pg_class", "pg_tables", "\"api_key\"", "\"law\"", "\"session\"", "\"member\"", "\"document_rule\""];

/// How our request ids begin.
const OURS: &str = "attack-";

/// In every text that tries to become SQL: a statement that holds it was put together from what somebody sent.
pub(crate) const INJECTED: &str = "zinj7q";

/// Statements that were.
static SPLICED: Mutex<Vec<String>> = Mutex::new(Vec::new());

static NEXT: AtomicU64 = AtomicU64::new(0);
static TOLD: OnceLock<Mutex<HashMap<String, Vec<String>>>> = OnceLock::new();

/// The statements of requests that bear our ids.
#[derive(Clone, Copy, Debug)]
pub struct Statements;

/// The request a span belongs to.
struct Of(String);

struct Found(Option<String>);

impl Visit for Found {
    fn record_debug(&mut self, _: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if let Some(at) = text.find(OURS) {
            let rest = text.get(at..).unwrap_or_default();
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(rest.len());
            self.0 = rest.get(..end).map(str::to_owned);
        }
    }
}

struct Sql(String);

impl Visit for Sql {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "sql" {
            self.0 = format!("{value:?}");
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "sql" {
            value.clone_into(&mut self.0);
        }
    }
}

impl Statements {
    /// Listens from now on; once is enough for a process.
    pub fn listen() {
        TOLD.get_or_init(|| {
            // Where somebody else listens already, no statement is told, and none can be compared.
            drop(tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Listener)));
            Mutex::default()
        });
    }

    /// An id for the next request.
    pub(crate) fn next_request() -> String {
        format!("{OURS}{}", NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Statements that hold an injected text, whoever ran them; they are forgotten with this.
    pub(crate) fn spliced() -> Vec<String> {
        SPLICED.lock().map(|mut spliced| std::mem::take(&mut *spliced)).unwrap_or_default()
    }

    /// What a request ran; it is forgotten with this.
    pub(crate) fn of(request: &str) -> Vec<String> {
        TOLD.get().and_then(|told| told.lock().ok()?.remove(request)).unwrap_or_default()
    }
}

/// Takes the store's statements out of the trace.
struct Listener;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Listener {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.is_span() || metadata.target() == TARGET
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut found = Found(None);
        attributes.record(&mut found);
        if let (Some(request), Some(span)) = (found.0, context.span(id)) {
            span.extensions_mut().insert(Of(request));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut found = Found(None);
        values.record(&mut found);
        if let (Some(request), Some(span)) = (found.0, context.span(id)) {
            span.extensions_mut().replace(Of(request));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != TARGET {
            return;
        }
        let mut sql = Sql(String::new());
        event.record(&mut sql);
        if sql.0.contains(INJECTED)
            && let Ok(mut spliced) = SPLICED.lock()
        {
            spliced.push(sql.0.clone());
        }
        let request =
            context.event_scope(event).into_iter().flatten().find_map(|span| span.extensions().get::<Of>().map(|of| of.0.clone()));
        let (Some(request), Some(told)) = (request, TOLD.get()) else { return };
        if HOUSEKEEPING.iter().any(|table| sql.0.contains(table)) {
            return;
        }
        if let Ok(mut told) = told.lock() {
            told.entry(request).or_default().push(sql.0);
        }
    }
}
