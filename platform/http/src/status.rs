//! Whether this server takes work.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Asks the database whether it can be written.
pub type Readiness = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// Ready or draining; shared by the server and its probes.
#[derive(Clone)]
pub struct Status {
    draining: Arc<AtomicBool>,
    database: Readiness,
}

impl Status {
    /// The status of a server whose database is asked by `database`.
    #[must_use]
    pub fn new(database: Readiness) -> Self {
        Self { draining: Arc::new(AtomicBool::new(false)), database }
    }

    /// From now on new work is refused.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    pub(crate) async fn is_ready(&self) -> bool {
        !self.is_draining() && (self.database)().await
    }
}
