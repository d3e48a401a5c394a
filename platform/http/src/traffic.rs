//! Counters of what this server answered, in the text format of Prometheus.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;

use crate::app::App;

/// Answers by class of status: 1xx to 5xx.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    classes: [AtomicU64; 5],
}

impl Traffic {
    /// Counts one answer.
    pub(crate) fn count(&self, status: u16) {
        let class = usize::from((status / 100).saturating_sub(1));
        if let Some(counter) = self.classes.get(class) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// `GET /metrics`.
pub(crate) async fn metrics(State(app): State<App>) -> String {
    let mut text = String::from("# HELP tenon_http_answers_total Answers by class of status.\n# TYPE tenon_http_answers_total counter\n");
    for (class, counter) in app.traffic.classes.iter().enumerate() {
        // Writing to a string cannot fail.
        writeln!(text, "tenon_http_answers_total{{class=\"{}xx\"}} {}", class + 1, counter.load(Ordering::Relaxed)).unwrap_or_default();
    }
    text
}
