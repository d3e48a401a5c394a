//! Connections to one cell: for transactions, and apart for making tables, so that transactions never wait for each other's;
//! few that reads share, aggregates apart from the rest; and those of its own that a move takes.

use std::sync::Arc;

use tokio_postgres::Config;

use crate::config::{READING_CONNECTIONS, SHARED_CONNECTIONS};
use crate::db::Fault;
use crate::db::line::Line;
use crate::db::pool::{PgPool, Shared};
use crate::{StoreConfig, StoreError};

/// Connections kept apart for making tables.
const DDL_CONNECTIONS: u32 = 2;

/// Connections to one cell.
#[derive(Debug)]
pub(crate) struct Pools {
    pub(crate) requests: Arc<PgPool>,
    pub(crate) tables: PgPool,
    /// For reads that take long, or several statements.
    pub(crate) reads: Arc<PgPool>,
    pub(crate) pages: Shared,
    pub(crate) aggregates: Shared,
}

impl Pools {
    pub(super) fn new(url: &str, config: &StoreConfig) -> Result<Self, StoreError> {
        let options = options(url, config)?;
        let kept = config.limits.statements;
        let requests = Arc::new(PgPool::new(planned_once(&options), config.limits.connections, kept));
        let reads = Arc::new(PgPool::new(options.clone(), READING_CONNECTIONS, kept));
        let tables = PgPool::new(options, DDL_CONNECTIONS, kept);
        let pages = Shared::new(Arc::clone(&reads), SHARED_CONNECTIONS);
        let aggregates = Shared::new(Arc::clone(&reads), SHARED_CONNECTIONS);
        Ok(Self { requests, tables, reads, pages, aggregates })
    }

    /// Forgets idle connections, after one of them turned out to be dead: the others may be, too.
    pub(crate) fn clear(&self) {
        self.requests.clear();
        self.tables.clear();
        self.reads.clear();
        self.pages.clear();
        self.aggregates.clear();
    }

    /// A connection beside all others, without limits of time, that writes values in one way. It ends with its last user.
    pub(super) async fn alone(&self) -> Result<Arc<Line>, Fault> {
        let line = self.tables.open_beside().await?;
        line.script(
            "set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; set timezone = 'UTC'; set datestyle = 'ISO, MDY'; \
             set intervalstyle = 'postgres'; set bytea_output = 'hex'; set extra_float_digits = 1",
        )
        .await?;
        Ok(line)
    }
}

fn options(url: &str, config: &StoreConfig) -> Result<Config, StoreError> {
    let mut options: Config = url.parse().map_err(|error| StoreError::Unavailable(crate::db::fault::whole(&error)))?;
    let own = options.get_options().map(|options| format!("{options} ")).unwrap_or_default();
    let time = config.limits.time.as_millis();
    options
        .application_name("tenon")
        .options(format!("{own}-c statement_timeout={time} -c idle_in_transaction_session_timeout=120000 -c timezone=UTC"));
    Ok(options)
}

/// The statements of a transaction name rows by their keys: no values make another plan better, and planning one costs more
/// than running it. (Left to itself PostgreSQL plans `id = any($1)` each time, for it takes ten ids for granted.)
fn planned_once(options: &Config) -> Config {
    let mut options = options.clone();
    let given = options.get_options().unwrap_or_default().to_owned();
    options.options(format!("{given} -c plan_cache_mode=force_generic_plan"));
    options
}
