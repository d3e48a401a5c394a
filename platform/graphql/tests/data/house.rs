//! A tenant with the base package, and the data API over it.

use std::sync::Arc;

use tenon_catalog::Catalog;
use tenon_context::{OpContext, OpContextParts, Principal, Via};
use tenon_graphql::{DataApi, GraphqlRequest, GraphqlResponse};
use tenon_hooks::NoHooks;
use tenon_model::Settings;
use tenon_packages::Packages;
use tenon_records::Pipeline;
use tenon_store::{Database, NewTenant, Store, StoreConfig};
use tenon_value::{DateTime, Json, Locale, RequestId, TenantId, Uuid};

fn now() -> DateTime {
    "2026-11-21T08:00:00.000Z".parse().unwrap()
}

pub(crate) struct House {
    catalog: Arc<Catalog>,
    pub(crate) api: DataApi,
    tenant: TenantId,
    _data: tempfile::TempDir,
}

impl House {
    pub(crate) async fn new(database: Database) -> Self {
        let data = tempfile::tempdir().unwrap();
        let store = Store::open(StoreConfig::new(data.path(), database)).await.unwrap();
        let catalog = Arc::new(Catalog::new(store.clone()));
        let packages = Packages::new(store.clone(), Arc::clone(&catalog), now);
        let name = format!("t{}", Uuid::now_v7().simple());
        let new = NewTenant { name, sandbox: false, settings: Settings::default(), created_at: now() };
        let tenant = store.tenant_create(&new).await.unwrap().id;
        packages.install_base(tenant).await.unwrap();
        let pipeline = Pipeline::new(store.clone(), Arc::new(NoHooks));
        let api = DataApi::new(store, Arc::clone(&catalog), pipeline);
        Self { catalog, api, tenant, _data: data }
    }

    #[expect(clippy::disallowed_methods, reason = "a test makes its own context")]
    pub(crate) async fn cx(&self) -> OpContext {
        let model = self.catalog.model(self.tenant).await.unwrap();
        let request = RequestId::generate();
        OpContext::assume(OpContextParts {
            model,
            principal: Principal::system(),
            now: now(),
            deadline: None,
            request,
            locale: Locale::En,
            via: Via::Graphql,
        })
    }

    pub(crate) async fn send(&self, request: GraphqlRequest) -> GraphqlResponse {
        self.api.execute(self.cx().await, request).await
    }

    /// The whole response.
    pub(crate) async fn ask_with(&self, query: &str, variables: Json) -> Json {
        let Json::Object(variables) = variables else { panic!("variables are an object") };
        let request = GraphqlRequest { query: query.to_owned(), variables, ..GraphqlRequest::default() };
        serde_json::from_slice(&self.send(request).await.body).unwrap()
    }

    pub(crate) async fn ask(&self, query: &str) -> Json {
        self.ask_with(query, Json::Object(serde_json::Map::default())).await
    }

    /// The data of a response without errors.
    pub(crate) async fn data(&self, query: &str) -> Json {
        let response = self.ask(query).await;
        assert!(response.get("errors").is_none(), "{query}\n{response:#}");
        response["data"].clone()
    }

    /// `rule` or `limit` of the first error.
    pub(crate) async fn refusal(&self, query: &str) -> String {
        let response = self.ask(query).await;
        let extensions = &response["errors"][0]["extensions"];
        extensions["rule"].as_str().or(extensions["limit"].as_str()).unwrap_or_else(|| panic!("{query}\n{response:#}")).to_owned()
    }
}

pub(crate) fn databases() -> Vec<Database> {
    #[expect(clippy::disallowed_methods, reason = "a test asks which databases there are")]
    let url = std::env::var("TENON_TEST_POSTGRES").ok();
    std::iter::once(Database::Sqlite).chain(url.map(|url| Database::Postgres { url })).collect()
}
