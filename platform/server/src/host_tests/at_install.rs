//! Plays the tests of packages that are being installed on this server.
//!
//! Invariant: it plays in a task of its own, so that tenants are thrown away even where who installs has gone.

use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use tenon_packages::{Bundle, HOST_TEST_ROOMS, HOST_TESTS_WALL, HostTestOutcome, HostTestStage, NotPlayed};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::HostTests;
use crate::engine::Engine;

/// How long a turn is waited for.
const TURN_WAIT: Duration = Duration::from_secs(30);

/// For packages on a server. It does not keep the server's engine: the engine's packages keep it.
pub(crate) struct AtInstall {
    engine: Weak<Engine>,
    rooms: Arc<Semaphore>,
}

impl AtInstall {
    pub(crate) fn new(engine: &Arc<Engine>) -> Self {
        Self { engine: Arc::downgrade(engine), rooms: Arc::new(Semaphore::new(HOST_TEST_ROOMS)) }
    }
}

#[async_trait]
impl HostTestStage for AtInstall {
    async fn play(&self, package: Bundle, beside: Vec<Bundle>) -> Result<Vec<HostTestOutcome>, NotPlayed> {
        let engine = self.engine.upgrade().ok_or(NotPlayed::Unavailable)?;
        let turn = timeout_at(Instant::now() + TURN_WAIT, Arc::clone(&self.rooms).acquire_owned()).await;
        let turn = turn.map_err(|_| NotPlayed::Rooms)?.map_err(|_| NotPlayed::Unavailable)?;
        let name = package.index.package.clone();
        let played = tokio::spawn(async move {
            let _turn = turn;
            let until = Some(Instant::now() + HOST_TESTS_WALL);
            let tests = HostTests { until, ..HostTests::new(engine).await? };
            tests.play(&package, &beside).await
        });
        played.await.context("the task ended").flatten().map_err(|error| {
            tracing::error!(package = name, error = format!("{error:#}"), "the tests of a package cannot be played");
            NotPlayed::Unavailable
        })
    }
}
