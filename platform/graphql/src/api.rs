//! The door: one request in, one response out.

use std::sync::Arc;

use bytes::Bytes;
use tenon_access::Policy;
use tenon_catalog::Catalog;
use tenon_context::OpContext;
use tenon_records::Pipeline;
use tenon_store::Store;

use crate::schema::Schema;
use crate::{GraphqlRequest, GraphqlResponse, Outcome};

/// The data API of all tenants.
#[derive(Clone)]
pub struct DataApi {
    store: Store,
    catalog: Catalog,
    pipeline: Pipeline,
    secret: Arc<[u8; 32]>,
}

impl DataApi {
    /// The API over a store. `secret` signs cursors: the same on every node, and over restarts.
    #[must_use]
    pub fn new(store: Store, catalog: Catalog, pipeline: Pipeline, secret: [u8; 32]) -> Self {
        Self { store, catalog, pipeline, secret: Arc::new(secret) }
    }

    /// Answers a request. Never fails: what is wrong is in the response.
    pub async fn execute(&self, cx: OpContext, request: GraphqlRequest) -> GraphqlResponse {
        let _ = (&self.store, &self.catalog, &self.pipeline, &self.secret, request);
        GraphqlResponse { body: Bytes::new(), outcome: Outcome::Answered, model_version: cx.model.version.0, replayed: false }
    }

    /// The schema as this principal sees it, as sorted SDL.
    pub fn sdl(&self, cx: &OpContext) -> Bytes {
        let policy = Policy::resolve(&cx.model, &cx.principal);
        Bytes::from(Schema::new(Arc::clone(&cx.model), policy).sdl())
    }
}
