//! Plugins work on records inside a change of their own package: packages ask for it, the record pipeline does it.

use async_trait::async_trait;
use tenon_context::OpContext;
use tenon_diagnostics::Classify;
use tenon_packages::{CalledWithin, PluginCalls, WithinChange};
use tenon_query::Call;
use tenon_records::{GivenBack, Lent, Pipeline, RecordsError};
use tenon_store::StoreError;

/// Lets plugins work through the record pipeline while their packages are installed, upgraded or taken out.
pub struct ThroughPipeline {
    /// The pipeline.
    pub pipeline: Pipeline,
}

#[async_trait]
impl PluginCalls for ThroughPipeline {
    async fn call(&self, cx: &OpContext, call: Call, within: WithinChange) -> Result<CalledWithin, StoreError> {
        let WithinChange { tx, tree, room } = within;
        let lent = Lent { tx, tree, room };
        match Box::pin(self.pipeline.call_within(cx, call, lent)).await {
            Ok(GivenBack { tx, called, grown }) => Ok(CalledWithin { tx, called, grown }),
            Err(RecordsError::Store(error)) => Err(error),
            Err(RecordsError::StaleModel) => Err(StoreError::StaleModel),
            Err(other) => Err(StoreError::Unavailable(other.problem().message.en)),
        }
    }
}
