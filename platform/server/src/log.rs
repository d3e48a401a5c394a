//! What an operator reads: lines on stderr, or JSON with `TENON_LOG_FORMAT=json`.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// What is logged unless `TENON_LOG` says otherwise.
const DEFAULT: &str = "warn,tenon_server=info";

/// Starts logging for this process; a second call changes nothing.
pub fn init(filter: Option<&str>, json: bool) {
    let filter = filter.and_then(|filter| EnvFilter::try_new(filter).ok()).unwrap_or_else(|| EnvFilter::new(DEFAULT));
    let registry = tracing_subscriber::registry().with(filter);
    let begun = if json {
        registry.with(fmt::layer().json().with_writer(std::io::stderr)).try_init()
    } else {
        let lines = fmt::layer().with_writer(std::io::stderr).with_target(false);
        // On a terminal the layer itself heeds `NO_COLOR`.
        let lines = if std::io::stderr().is_terminal() { lines } else { lines.with_ansi(false) };
        registry.with(lines).try_init()
    };
    // Somebody (a test) has set a subscriber already: that one stays.
    drop(begun);
}
