//! The clock of a sandbox, by the metadata API. For those who may change metadata: it makes jobs run.

use async_graphql::{Context, Object, SimpleObject};
use tenon_diagnostics::{Classify, Kind, Problem};

use super::door::{Failure, door};
use super::scalars::DateTime;

/// The clock is moved.
#[derive(Default)]
pub(super) struct ClockMutation;

/// What a move of the clock came to.
#[derive(SimpleObject)]
pub(super) struct ClockRun {
    /// Where the clock stands.
    now: DateTime,
    /// Jobs that were begun on the way.
    ran: u64,
}

#[Object]
impl ClockMutation {
    /// Moves the clock of a sandbox forward, and does what becomes due on the way, in the order of times. Not part of the
    /// document's transaction: each job is one of its own.
    async fn advance_clock(&self, ctx: &Context<'_>, to: DateTime) -> Result<ClockRun, Failure> {
        let door = door(ctx);
        door.may_change()?;
        if door.cx.dry_run {
            return Err(Problem::invalid("dry_run", "a clock is moved or not", "时钟调整不支持试运行").into());
        }
        let Some(sandbox) = &door.sandbox else { return Err(Problem::of_kind(Kind::Unavailable).into()) };
        let advanced = Box::pin(sandbox.advance(&door.cx, to.0)).await;
        let advanced = advanced.map_err(|error| {
            if matches!(error.kind(), Kind::Internal | Kind::Unavailable) {
                tracing::error!(%error, "the clock was not moved");
            }
            Failure::from(error.problem())
        })?;
        Ok(ClockRun { now: DateTime(advanced.now), ran: advanced.ran })
    }
}
