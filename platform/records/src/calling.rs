//! A plugin's own function as a step of a mutation: it works at the pipeline's desk, inside the transaction.

use tenon_hooks::Pace;
use tenon_query::{Call, CallKind, Called, Write};

use crate::Mutation;
use crate::attempt::Attempt;
use crate::halt::Tried;

/// What a mutation is to the plugins in it.
pub(crate) fn pace(mutation: &Mutation) -> Pace {
    let kinds = mutation.steps.iter().filter_map(|step| match &step.write {
        Write::Call(call) => Some(call.kind),
        _ => None,
    });
    kinds.fold(Pace::Save, |pace, kind| match (pace, kind) {
        (Pace::Job, _) | (_, CallKind::Job | CallKind::Event) => Pace::Job,
        _ => Pace::Action,
    })
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
