//! Plays the host tests of a package: the real host, each test in a tenant of its own that is thrown away.
//!
//! Everything goes through the doors, in this process: what a test does a client could do. What is not a client's is the virtual
//! clock, seeded chance, and that nothing leaves the house: hosts outside are stood in for. Invariant: whatever comes of a test, its
//! tenant is gone afterwards.

mod expected;
mod play;
mod stage;

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use serde::Serialize;
use tenon_http::Status;
use tenon_packages::{Bundle, HostTest};

use crate::engine::Engine;
use stage::Stage;

/// How a test went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HostTestOutcome {
    /// Its file.
    pub path: String,
    /// What it shows.
    pub name: String,
    /// What went wrong, and in which step; none: it passed.
    pub failure: Option<String>,
    /// Fuel of all that the package was asked.
    pub fuel: u64,
}

/// Plays host tests over an engine, whether or not a server runs on it.
#[derive(Clone)]
pub struct HostTests {
    engine: Arc<Engine>,
    router: Router,
}

impl HostTests {
    /// Over an engine, with doors of its own.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn new(engine: Arc<Engine>) -> anyhow::Result<Self> {
        let status = Status::new(Arc::new(|| Box::pin(async { true })));
        let (app, _nobody_runs_it) = engine.app(status).await?;
        Ok(Self { router: tenon_http::router(app), engine })
    }

    /// Plays every test of a package; the packages it stands on, but for the base, are given beside, in the order of their install.
    ///
    /// # Errors
    /// Where a test is none, or no tenant can be made with the packages. What is wrong in a test stands in its outcome.
    pub async fn play(&self, package: &Bundle, beside: &[Bundle]) -> anyhow::Result<Vec<HostTestOutcome>> {
        let mut outcomes = Vec::new();
        for test in package.host_tests()? {
            outcomes.push(Box::pin(self.one(package, beside, &test)).await.with_context(|| test.path.clone())?);
        }
        Ok(outcomes)
    }

    async fn one(&self, package: &Bundle, beside: &[Bundle], test: &HostTest) -> anyhow::Result<HostTestOutcome> {
        let mut stage = Stage::raise(&self.engine, &self.router, test).await?;
        let played = match stage.furnish(package, beside, test).await {
            Ok(()) => Ok(play::steps(&mut stage, test).await),
            Err(error) => Err(error),
        };
        let fuel = stage.fuel();
        stage.strike().await?;
        let failure = played?.err().map(|error| format!("{error:#}"));
        Ok(HostTestOutcome { path: test.path.clone(), name: test.name.clone(), failure, fuel })
    }
}
