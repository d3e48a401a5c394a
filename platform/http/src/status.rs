//! Whether this server takes work.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::watch;

/// Asks the database whether it can be written.
pub type Readiness = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// Ready or draining; shared by the server and its probes.
#[derive(Clone)]
pub struct Status {
    draining: watch::Sender<bool>,
    database: Readiness,
}

impl Status {
    /// The status of a server whose database is asked by `database`.
    #[must_use]
    pub fn new(database: Readiness) -> Self {
        Self { draining: watch::Sender::new(false), database }
    }

    /// From now on new work is refused.
    pub fn drain(&self) {
        self.draining.send_replace(true);
    }

    pub(crate) fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Waits until the server ends.
    pub(crate) async fn drained(&self) {
        // This holds the sender: the wait ends with it only.
        drop(self.draining.subscribe().wait_for(|draining| *draining).await);
    }

    pub(crate) async fn is_ready(&self) -> bool {
        !self.is_draining() && (self.database)().await
    }
}
