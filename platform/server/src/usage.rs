//! What of the schemas is used is written now and then, and once more when the server stops.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::engine::Engine;

/// Between two batches.
const EVERY: Duration = Duration::from_secs(10);

/// Writes for as long as the server runs.
pub(crate) async fn run(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    let mut goes_on = true;
    while goes_on {
        goes_on = tokio::time::timeout(EVERY, stop.wait_for(|stop| *stop)).await.is_err();
        engine.usage.write(&engine.store).await;
    }
}
