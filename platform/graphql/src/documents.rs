//! Documents already parsed and found valid, schemas already made, plans already turned into statements: by bytes.

use std::sync::Arc;

use bytes::Bytes;
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use tenon_access::{Place, Policy};
use tenon_context::OpContext;
use tenon_diagnostics::{Classify, Kind, Problem, Problems};
use tenon_model::Model;
use tenon_query::{Call, Read};
use tenon_records::{Pipeline, RecordsError};
use tenon_store::{Prepared, Store, StoreError};
use tenon_value::{Json, TenantId};

use crate::limits;
use crate::prepare::{FormerUse, settle_members, settle_types, validate};
use crate::schema::Schema;
use crate::syntax::ast::Document;
use crate::syntax::parse;
use crate::used::{Coordinate, coordinates};

const SCHEMAS_BYTES_MAX: u64 = 64 * 1024 * 1024;
const DOCUMENTS_BYTES_MAX: u64 = 64 * 1024 * 1024;
const PLANS_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// A tree takes about so many times the bytes of its text.
const TREE_FACTOR: usize = 24;
/// What a plan takes beside its statements.
const PLAN_BYTES: usize = 4 * 1024;

/// For whom something is cached: tenant, model version, rights, what plugins offer.
type Whose = (TenantId, u64, u64, u64);

/// The caches of the data API.
#[derive(Clone)]
pub(crate) struct Documents {
    pipeline: Pipeline,
    schemas: Cache<Whose, Arc<Schema>>,
    documents: Cache<(Whose, [u8; 32]), Arc<Valid>>,
    plans: Cache<(Whose, Arc<Read>), Arc<Prepared>>,
    /// What schemas say of themselves, by what was asked: nothing for the text of the whole.
    selves: Cache<(Whose, Option<[u8; 32]>), Arc<Told>>,
}

/// The answer to an introspection: its data, and the fields of each root.
pub(crate) struct Told {
    pub(crate) data: Bytes,
    pub(crate) of_roots: Vec<u64>,
}

/// A valid document, with the schema it is valid against.
pub(crate) struct Valid {
    pub(crate) schema: Arc<Schema>,
    /// The document, with the names of now.
    pub(crate) document: Document,
    /// Former names it uses.
    pub(crate) former: Vec<FormerUse>,
    /// All coordinates it uses.
    pub(crate) used: Arc<[Coordinate]>,
    bytes: usize,
}

fn whose(schema: &Schema) -> Whose {
    (schema.model.tenant, schema.model.version.0, schema.policy.fingerprint(), schema.offers.fingerprint())
}

fn weight(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

impl Documents {
    pub(crate) fn new(pipeline: Pipeline) -> Self {
        Self {
            pipeline,
            schemas: Cache::builder().max_capacity(SCHEMAS_BYTES_MAX).weigher(|_, schema: &Arc<Schema>| schema.weight()).build(),
            documents: Cache::builder()
                .max_capacity(DOCUMENTS_BYTES_MAX)
                .weigher(|_, valid: &Arc<Valid>| weight(valid.bytes.saturating_mul(TREE_FACTOR)))
                .build(),
            plans: Cache::builder()
                .max_capacity(PLANS_BYTES_MAX)
                .weigher(|_, prepared: &Arc<Prepared>| weight(prepared.weight().saturating_add(PLAN_BYTES)))
                .build(),
            selves: Cache::builder()
                .max_capacity(limits::INTROSPECTION_BYTES)
                .weigher(|_, told: &Arc<Told>| weight(told.data.len().saturating_add(PLAN_BYTES)))
                .build(),
        }
    }

    /// The schema this principal sees, as sorted text.
    pub(crate) fn sdl(&self, cx: &OpContext) -> Bytes {
        let schema = self.schema(&cx.model, &cx.principal);
        let text = || Told { data: Bytes::from(schema.sdl()), of_roots: Vec::new() };
        // The attack suite switches rights off and on under one key.
        if Place::Introspection.is_off() {
            return text().data;
        }
        self.selves.get_with((whose(&schema), None), || Arc::new(text())).data.clone()
    }

    /// Asks a query of a plugin, as whoever has these rights.
    pub(crate) async fn ask_plugin(&self, cx: &OpContext, policy: &Policy, call: &Call) -> Result<Json, RecordsError> {
        // Boxed: other queries need not carry a plugin's future through every layer.
        Box::pin(self.pipeline.ask(cx, policy, call)).await
    }

    /// What was told before of the schema to the same question by equal rights.
    pub(crate) fn told_before(&self, schema: &Schema, question: [u8; 32]) -> Option<Arc<Told>> {
        self.selves.get(&(whose(schema), Some(question)))
    }

    /// Keeps what was told of the schema.
    pub(crate) fn keep_told(&self, schema: &Schema, question: [u8; 32], told: Told) {
        if !Place::Introspection.is_off() {
            self.selves.insert((whose(schema), Some(question)), Arc::new(told));
        }
    }

    /// The schema this principal sees.
    pub(crate) fn schema(&self, model: &Arc<Model>, principal: &tenon_context::Principal) -> Arc<Schema> {
        let offers = self.pipeline.offers(model.tenant);
        let key = (model.tenant, model.version.0, Policy::key_of(model, principal), offers.fingerprint());
        self.schemas.get_with(key, || Arc::new(Schema::new(Arc::clone(model), Policy::resolve(model, principal), offers)))
    }

    /// A document, parsed and valid, and whether it was known.
    #[tracing::instrument(name = "graphql.prepare", skip_all)]
    pub(crate) fn document(&self, cx: &OpContext, text: &str) -> Result<(Arc<Valid>, bool), Problems> {
        self.valid(self.schema(&cx.model, &cx.principal), text)
    }

    /// The same for rights that may be less than the principal's.
    #[tracing::instrument(name = "graphql.prepare", skip_all)]
    pub(crate) fn document_with(&self, cx: &OpContext, policy: &Policy, text: &str) -> Result<Arc<Valid>, Problems> {
        // Plugins read; what is offered to people is not theirs to call.
        let key = (cx.model.tenant, cx.model.version.0, policy.fingerprint(), 0);
        let schema = self.schemas.get_with(key, || Arc::new(Schema::new(Arc::clone(&cx.model), policy.clone(), Arc::default())));
        Ok(self.valid(schema, text)?.0)
    }

    fn valid(&self, schema: Arc<Schema>, text: &str) -> Result<(Arc<Valid>, bool), Problems> {
        let key = (whose(&schema), Sha256::digest(text.as_bytes()).into());
        if let Some(valid) = self.documents.get(&key) {
            return Ok((valid, true));
        }
        let mut document = parse(text).map_err(Problems::from)?;
        let mut former = Vec::new();
        let has_former = schema.former().is_some();
        if has_former {
            settle_types(&schema, &mut document, &mut former);
        }
        validate(&schema, &document)?;
        if has_former {
            settle_members(&schema, &mut document, &mut former)?;
        }
        let used = coordinates(&schema, &document, &former);
        let valid = Arc::new(Valid { schema, document, former, used, bytes: text.len() });
        self.documents.insert(key, Arc::clone(&valid));
        Ok((valid, false))
    }

    /// The statements of a plan; equal plans share them.
    pub(crate) fn prepare(&self, store: &Store, schema: &Schema, read: Read) -> Result<Arc<Prepared>, StoreError> {
        let key = (whose(schema), Arc::new(read));
        if let Some(prepared) = self.plans.get(&key) {
            return Ok(prepared);
        }
        let prepared = Arc::new(store.prepare(&schema.model, (*key.1).clone())?);
        self.plans.insert(key, Arc::clone(&prepared));
        Ok(prepared)
    }
}

/// What a caller is told of a failure; what he is not told goes to the log, beside the id of the request (its span's).
pub(crate) fn told(error: &dyn Classify) -> Problem {
    if matches!(error.kind(), Kind::Internal | Kind::Unavailable) {
        let causes = std::iter::successors(error.source(), |cause| cause.source());
        let causes: String = causes.map(|cause| format!(": {cause}")).collect();
        tracing::error!("{error}{causes}");
    }
    error.problem()
}
