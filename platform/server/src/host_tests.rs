//! Plays the host tests of a package: the real host, each test in a tenant of its own that is thrown away.
//!
//! Everything goes through the doors, in this process: what a test does a client could do. What is not a client's is the virtual
//! clock, seeded chance, and that nothing leaves the house: hosts outside are stood in for. Invariant: whatever comes of a test, its
//! tenant is gone afterwards.

mod at_install;
mod expected;
mod play;
mod stage;

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use tenon_http::Status;
use tenon_packages::{Bundle, HOST_TESTS_WALL, HostTest, HostTestOutcome, PackagesError, Trace};
use tokio::time::Instant;

use crate::engine::Engine;
use play::Wrong;
use stage::Stage;

pub(crate) use at_install::AtInstall;
pub(crate) use stage::is_left_behind;

/// Plays host tests over an engine, whether or not a server runs on it.
#[derive(Clone)]
pub struct HostTests {
    engine: Arc<Engine>,
    router: Router,
    /// Whether every call is kept, to be run again.
    sampling: bool,
    /// When all must be played; none: whoever plays them waits as long as they take.
    until: Option<Instant>,
}

impl HostTests {
    /// Over an engine, with doors of its own.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn new(engine: Arc<Engine>) -> anyhow::Result<Self> {
        let status = Status::new(Arc::new(|| Box::pin(async { true })));
        let (app, _nobody_runs_it) = engine.app(status).await?;
        Ok(Self { router: tenon_http::router(app), engine, sampling: false, until: None })
    }

    /// Plays every test of a package; the packages it stands on, but for the base, are given beside, in the order of their install.
    ///
    /// # Errors
    /// Where a test is none, or no tenant can be made with the packages. What is wrong in a test stands in its outcome.
    pub async fn play(&self, package: &Bundle, beside: &[Bundle]) -> anyhow::Result<Vec<HostTestOutcome>> {
        Ok(self.played(package, beside).await?.into_iter().map(|(outcome, _)| outcome).collect())
    }

    /// Plays every test of a package, and keeps each call of its plugin, so that it can be run again.
    ///
    /// # Errors
    /// As [`HostTests::play`].
    pub async fn calls(&self, package: &Bundle, beside: &[Bundle]) -> anyhow::Result<Vec<(HostTestOutcome, Vec<Arc<Trace>>)>> {
        Self { sampling: true, ..self.clone() }.played(package, beside).await
    }

    async fn played(&self, package: &Bundle, beside: &[Bundle]) -> anyhow::Result<Vec<(HostTestOutcome, Vec<Arc<Trace>>)>> {
        let mut outcomes = Vec::new();
        for test in package.host_tests()? {
            outcomes.push(Box::pin(self.one(package, beside, &test)).await.with_context(|| test.path.clone())?);
        }
        Ok(outcomes)
    }

    async fn one(&self, package: &Bundle, beside: &[Bundle], test: &HostTest) -> anyhow::Result<(HostTestOutcome, Vec<Arc<Trace>>)> {
        let outcome = |step, failure, fuel| HostTestOutcome { path: test.path.clone(), name: test.name.clone(), step, failure, fuel };
        if self.until.is_some_and(|until| Instant::now() >= until) {
            return Ok((outcome(None, Some(too_late()), 0), Vec::new()));
        }
        let mut stage = Stage::raise(&self.engine, &self.router, test).await?;
        if self.sampling {
            stage.sample(true);
        }
        let acted = Box::pin(async {
            stage.furnish(package, beside, test).await?;
            anyhow::Ok(play::steps(&mut stage, test).await)
        });
        let played = match self.until {
            None => Some(acted.await),
            Some(until) => tokio::time::timeout_at(until, acted).await.ok(),
        };
        let (fuel, calls) = (stage.fuel(), stage.sample(false));
        stage.strike().await?;
        let (step, failure) = match played {
            Some(Ok(Ok(()))) => (None, None),
            Some(Ok(Err(Wrong { step, words }))) => (Some(step), Some(words)),
            // Before an install this is what is wrong with the package.
            Some(Err(error)) if self.until.is_some() => (None, Some(unfurnished(&error))),
            Some(Err(error)) => return Err(error),
            None => (None, Some(too_late())),
        };
        Ok((outcome(step, failure, fuel), calls))
    }
}

fn too_late() -> String {
    format!("all tests together take longer than {} s (`host_tests_seconds`)", HOST_TESTS_WALL.as_secs())
}

/// Why the packages do not stand in the tenant of a test, in words that anybody may read.
fn unfurnished(error: &anyhow::Error) -> String {
    let Some(known) = error.downcast_ref::<PackagesError>() else {
        tracing::error!(error = format!("{error:#}"), "the tenant of a test is not ready");
        return "the tenant of the test could not be made ready".to_owned();
    };
    let why: Vec<String> = known.problems().as_slice().iter().map(|problem| problem.message.en.clone()).collect();
    format!("{error}: {}", why.join("; "))
}
