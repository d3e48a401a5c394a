//! Plugins work on records inside a change of their own package: packages ask for it, the record pipeline does it.

use std::sync::Arc;

use async_trait::async_trait;
use tenon_context::OpContext;
use tenon_diagnostics::Classify;
use tenon_hooks::Tree;
use tenon_packages::PluginCalls;
use tenon_query::Call;
use tenon_records::{Pipeline, RecordsError};
use tenon_store::{GivenBack, Lent, StoreError};

/// Lets plugins work through the record pipeline while their packages are installed, upgraded or taken out.
pub struct ThroughPipeline {
    /// The pipeline.
    pub pipeline: Pipeline,
}

#[async_trait]
impl PluginCalls for ThroughPipeline {
    async fn call(&self, cx: &OpContext, call: Call, (tree, lent): (Arc<Tree>, Lent)) -> Result<GivenBack, StoreError> {
        match Box::pin(self.pipeline.call_within(cx, call, (tree, lent))).await {
            Ok(back) => Ok(back),
            Err(RecordsError::Store(error)) => Err(error),
            Err(RecordsError::StaleModel) => Err(StoreError::StaleModel),
            Err(other) => Err(StoreError::Unavailable(other.problem().message.en)),
        }
    }
}
