//! The attack suite: ids, keys, cursors, names and texts of others, at every place where something can come in.
//!
//! The places are read from the schema the role is served (`slot`), so a new root field is attacked as soon as it is
//! there, or stands in `tests/golden/uncovered-entry-points.txt`. What a good answer is, is never written down either:
//! it is the answer for an id that nobody has, and the answer of a twin tenant that has no hidden records at all.
//! Runs in a test program of its own (`tests/attack.rs`), since it listens to the trace of the whole process.

mod case;
mod changes;
mod doors;
mod exports;
mod handing;
mod injections;
mod judge;
mod listening;
mod people;
mod proof;
mod recipe;
mod records;
mod report;
mod routes;
mod schema;
mod slot;
mod world;

pub use report::Report;

use crate::TestServer;
use world::World;

/// How hard to try.
#[derive(Clone, Debug)]
pub struct Attack {
    /// Foreign and hidden ids at each kind of door.
    pub ids: usize,
    /// With which of them to begin.
    pub seed: usize,
    /// One of `records`, `doors`, `routes`, `injections`, `people`; none for all of them.
    pub part: Option<String>,
}

impl Attack {
    /// Attacks a server in every way there is.
    ///
    /// # Errors
    /// When an attack cannot be carried out; what attacks find stands in the report.
    pub async fn run(&self, server: &TestServer) -> anyhow::Result<Report> {
        // Two objects' worth of baits come together at a door that all objects share.
        let world = World::create(server, (self.ids / 20).max(6)).await?;
        let mut report = Report::default();
        let cases = records::cases(&world, (self.ids, self.seed), &mut report);
        let part = |name: &str| self.part.as_deref().is_none_or(|wanted| wanted == name);
        if part("records") {
            records::run(&world, &cases, &mut report).await?;
        }
        if part("doors") {
            let ended = doors::run(&world, &mut report).await;
            report.ends("doors", ended);
        }
        if part("routes") {
            let ended = routes::run(&world, &mut report).await;
            report.ends("routes", ended);
        }
        if part("injections") {
            let ended = injections::run(&world, &cases, &mut report).await;
            report.ends("injections", ended);
        }
        // The last: records change hands.
        if part("people") {
            let ended = people::run(&world, (self.ids, self.seed), &mut report).await;
            report.ends("people", ended);
        }
        Ok(report)
    }

    /// Switches off one place of the weave after another; the answer is what was caught of each, nothing where nothing was.
    ///
    /// # Errors
    /// When an attack cannot be carried out.
    pub async fn prove(server: &TestServer) -> anyhow::Result<Vec<(&'static str, Option<String>)>> {
        proof::run(&World::create(server, 6).await?).await
    }
}
