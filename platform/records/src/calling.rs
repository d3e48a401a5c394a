//! A plugin's own function: as a step of a mutation it works at the pipeline's desk, inside the transaction; a query reads outside of any.

use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_diagnostics::{Classify as _, Kind, Problem};
use tenon_hooks::{HookError, Pace};
use tenon_query::{Call, CallKind, Called, Write};
use tenon_value::Json;

use crate::attempt::Attempt;
use crate::halt::Tried;
use crate::reading::Outside;
use crate::{Mutation, Pipeline, RecordsError};

/// What a mutation is to the plugins in it.
pub(crate) fn pace(mutation: &Mutation) -> Pace {
    let kinds = mutation.steps.iter().filter_map(|step| match &step.write {
        Write::Call(call) => Some(call.kind),
        _ => None,
    });
    kinds.fold(Pace::Save, |pace, kind| match (pace, kind) {
        (Pace::Job, _) | (_, CallKind::Job | CallKind::Event | CallKind::Lifecycle) => Pace::Job,
        _ => Pace::Action,
    })
}

impl Pipeline {
    /// Asks a query of a plugin: it reads as the caller, within its grant, and nothing is written.
    ///
    /// # Errors
    /// Its refusal or fault, in the words of a caller; what the database is in the way of.
    #[tracing::instrument(name = "records.ask", skip_all)]
    pub async fn ask(&self, cx: &OpContext, policy: &Policy, call: &Call) -> Result<Json, RecordsError> {
        let told = |error: HookError| RecordsError::problem(None, error.problem());
        let tree = self.hooks.enter(cx, Pace::Action).await.map_err(told)?;
        let mut desk = Outside { pipeline: self, cx, policy, halted: None };
        match (self.hooks.call(cx, call, &tree, &mut desk).await, desk.halted) {
            (Ok(Called::Done(json)), _) => Ok(json),
            (Ok(Called::GoesOn(_)), _) => Err(RecordsError::problem(None, Problem::of_kind(Kind::Internal))),
            (Err(HookError::Stopped), Some(error)) => Err(error.into()),
            (Err(error), _) => Err(told(error)),
        }
    }
}

impl Attempt<'_> {
    /// Calls a plugin by name, with this try as its desk.
    #[tracing::instrument(name = "records.call", skip_all)]
    pub(crate) async fn call_plugin(&mut self, call: &Call) -> Tried<Called> {
        let (pipeline, cx, tree) = (self.pipeline, self.cx, self.tree());
        let answered = pipeline.hooks.call(cx, call, &tree, self).await;
        self.heard_from_plugins(answered)
    }
}
