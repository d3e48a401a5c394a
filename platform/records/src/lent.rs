//! A plugin called inside a transaction that somebody else has begun and will end: the change of its own package.
//!
//! Invariant: what the call wrote stands or falls with it; the transaction is given back in both cases, unless the database
//! ended it.

use std::sync::Arc;

use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_diagnostics::{Classify, Kind, Problem};
use tenon_hooks::Tree;
use tenon_query::{Call, Called, Write};
use tenon_store::{GivenBack, Lent};

use crate::attempt::{Attempt, Ended, Memory};
use crate::calling_out::Calls;
use crate::ending::Ending;
use crate::{Mutation, Pipeline, RecordsError, Step, StepOutcome};

impl Pipeline {
    /// Calls a plugin inside a transaction that is lent, once: who lent it tries again, if anybody. It cannot call out.
    ///
    /// # Errors
    /// What the database is in the way of; the transaction is rolled back then.
    #[tracing::instrument(name = "records.call_within", skip_all)]
    pub async fn call_within(&self, cx: &OpContext, call: Call, (tree, lent): (Arc<Tree>, Lent)) -> Result<GivenBack, RecordsError> {
        let Lent { mut tx, room } = lent;
        let policy = Policy::resolve(&cx.model, &cx.principal);
        let mutation = Mutation { steps: vec![Step { write: Write::Call(call), answer: None }], idempotency: None };
        let savepoint = tx.savepoint().await?;
        let mut memory = Memory::new(tree, Calls::of(cx, &mutation), room);
        let mut attempt = Attempt::over((self, cx, &policy), tx, &mut memory);
        let ended = attempt.journey(&mutation, &Ending { respond: &|_| Ok(Vec::new()), job: None }).await;
        let Attempt { mut tx, grown, .. } = attempt;
        let problem = match ended {
            Ok(ended) => match called(ended) {
                Some(called) => {
                    tx.release(savepoint).await?;
                    return Ok(GivenBack { tx, called: Ok(called), grown });
                }
                None => Problem::of_kind(Kind::Internal),
            },
            Err(error @ RecordsError::Problems { .. }) => error.problem(),
            Err(error) => {
                if let Err(error) = tx.rollback().await {
                    tracing::debug!(%error, "rollback");
                }
                return Err(error);
            }
        };
        tx.rollback_to(savepoint).await?;
        Ok(GivenBack { tx, called: Err(problem), grown: 0 })
    }
}

fn called(ended: Ended) -> Option<Called> {
    let Ended::Committed(outcomes, _) = ended else { return None };
    outcomes.into_iter().find_map(|outcome| match outcome {
        StepOutcome::Called(called) => Some(called),
        _ => None,
    })
}
