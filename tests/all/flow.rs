//! The journey of a mutation, recorded from its spans and compared with `tests/golden/flow.txt`.
//!
//! ARCHITECTURE.md shows that file, so the picture of a request's way cannot rot. Only names of our stations count
//! (`area.step`), in the order they are opened, indented below the station that opened them. Other tests run beside
//! this one, so only spans below the request that bears our request id are looked at.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::json;
use tenon_tests::{Database, Setting, TestServer};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::both::on;

/// The areas whose spans are stations.
const AREAS: [&str; 5] = ["http", "identity", "graphql", "records", "store"];

/// The request id by which the recorded request is known.
const REQUEST_ID: &str = "the-journey-of-a-mutation";

/// A span of the recorded request, with its depth among stations.
struct OnTheWay(usize);

/// Does a span bear our request id?
struct BearsOurs(bool);

impl Visit for BearsOurs {
    fn record_debug(&mut self, _: &Field, value: &dyn fmt::Debug) {
        self.0 |= format!("{value:?}").contains(REQUEST_ID);
    }
}

/// Keeps the stations in order.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<(usize, &'static str)>>>);

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut bears = BearsOurs(false);
        attributes.record(&mut bears);
        let above =
            context.span(id).and_then(|span| span.parent()).and_then(|parent| parent.extensions().get::<OnTheWay>().map(|way| way.0));
        let depth = match (above, bears.0) {
            (Some(depth), _) => depth + 1,
            (None, true) => 0,
            (None, false) => return,
        };
        self.pass(id, depth, &context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut bears = BearsOurs(false);
        values.record(&mut bears);
        let known = context.span(id).is_some_and(|span| span.extensions().get::<OnTheWay>().is_some());
        if bears.0 && !known {
            self.pass(id, 0, &context);
        }
    }
}

impl Recorder {
    fn pass<S: tracing::Subscriber + for<'a> LookupSpan<'a>>(&self, id: &Id, depth: usize, context: &Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        span.extensions_mut().insert(OnTheWay(depth));
        let name = span.name();
        if AREAS.iter().any(|area| name.strip_prefix(area).is_some_and(|rest| rest.starts_with('.'))) {
            self.0.lock().unwrap().push((depth, name));
        }
    }

    /// One line per station; a station passed again at once is not said twice.
    fn text(&self) -> String {
        let mut stations = self.0.lock().unwrap().clone();
        stations.dedup();
        stations.iter().fold(String::new(), |mut text, (depth, name)| {
            writeln!(text, "{}{name}", "  ".repeat(*depth)).unwrap();
            text
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journey_of_a_mutation_is_the_one_in_the_picture() {
    on(Database::Sqlite, Vec::new(), journey).await;
}

async fn journey(server: &TestServer, setting: &Setting) -> anyhow::Result<()> {
    let tenant = server.tenant(None, None, None).await?;
    // Once before, so that the table is there and the model is read: the picture shows the usual day.
    tenant.data(r#"mutation { createAccount(input: { name: "Acme" }) { id } }"#, json!({})).await?;

    let recorder = Recorder::default();
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(recorder.clone()))?;
    let body = json!({ "query": r#"mutation { createAccount(input: { name: "Again" }) { id name } }"# });
    let answer = tenant.post("graphql", &body, &[("x-request-id".to_owned(), REQUEST_ID.to_owned())]).await?;
    anyhow::ensure!(answer.json()?.get("errors").is_none(), "{:?}", answer.json());

    let path = Setting::repository().join("tests/golden/flow.txt");
    let found = recorder.text();
    if setting.update {
        std::fs::create_dir_all(path.parent().unwrap())?;
        std::fs::write(&path, &found)?;
    }
    assert_eq!(found, std::fs::read_to_string(&path)?, "the stations of a mutation changed; UPDATE=1 rewrites the file");
    Ok(())
}
