//! A tenant on a real database, with the base package.

use std::sync::Arc;

use tenon_access::Policy;
use tenon_catalog::Catalog;
use tenon_context::{OpContext, OpContextParts, Principal, Via};
use tenon_model::{ElementPath, ModelVersion, Settings};
use tenon_packages::{Applied, Change, Draft, Op, Packages, PackagesError, SourceFile};
use tenon_query::{Action, Record};
use tenon_store::{Database, NewTenant, RowWrite, Store, StoreConfig};
use tenon_value::{DateTime, Json, JsonMap, Locale, RecordId, RequestId, TenantId, Uuid, Value};

pub(crate) fn now() -> DateTime {
    "2026-11-21T08:00:00.000Z".parse().unwrap()
}

pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) packages: Packages,
    pub(crate) tenant: TenantId,
    pub(crate) data: tempfile::TempDir,
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
        Self { store, catalog, packages, tenant, data }
    }

    pub(crate) async fn cx(&self) -> OpContext {
        context_of(&self.catalog, self.tenant).await
    }

    /// The same tenant by a new store, as after a restart.
    pub(crate) async fn reopened(self, database: Database) -> Self {
        let Self { store, catalog, packages, tenant, data } = self;
        drop((store, catalog, packages));
        let store = Store::open(StoreConfig::new(data.path(), database)).await.unwrap();
        let catalog = Arc::new(Catalog::new(store.clone()));
        let packages = Packages::new(store.clone(), Arc::clone(&catalog), now);
        Self { store, catalog, packages, tenant, data }
    }

    pub(crate) async fn change(&self, changes: Vec<Change>) -> Result<Vec<(Op, String)>, PackagesError> {
        let applied = self.packages.change(&self.cx().await, changes).await?;
        Ok(applied.operations.into_iter().map(|one| (one.op, one.path)).collect())
    }

    pub(crate) async fn apply(&self, draft: Draft, confirm: &[String]) -> Result<Applied, PackagesError> {
        let cx = self.cx().await;
        let plan = self.packages.plan(&cx, draft).await?;
        self.packages.apply(&cx, &plan.hash, confirm).await
    }

    /// Writes records of `deal`, each with a name and perhaps a size.
    pub(crate) async fn save_deals(&self, deals: &[(&str, Option<i64>)]) {
        let cx = self.cx().await;
        let deal = cx.model.object_named("deal").unwrap();
        let policy = Policy::resolve(&cx.model, &cx.principal);
        let table = policy.table(&cx.model, deal.ix, Action::Create, tenon_access::Place::Write).unwrap();
        let row = |(name, size): &(&str, Option<i64>)| {
            let mut record = Record::empty(deal, RecordId::generate());
            record.set_field(deal.field_named("name").unwrap().ix, Value::text(*name));
            let size = size.map_or(Value::Null, Value::Int);
            record.set_field(deal.field_named("size").unwrap().ix, size);
            RowWrite::Insert(record)
        };
        let rows: Vec<RowWrite> = deals.iter().map(row).collect();
        let mut tx = self.store.begin(&cx).await.unwrap();
        tx.write(&cx, &table, &rows).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub(crate) async fn version(&self) -> ModelVersion {
        self.catalog.current_version(self.tenant).await.unwrap()
    }
}

#[expect(clippy::disallowed_methods, reason = "a test makes its own context")]
pub(crate) async fn context_of(catalog: &Catalog, tenant: TenantId) -> OpContext {
    let model = catalog.model(tenant).await.unwrap();
    let request = RequestId::generate();
    let principal = Principal::system();
    OpContext::assume(OpContextParts { model, principal, now: now(), deadline: None, request, locale: Locale::En, via: Via::Graphql })
}

pub(crate) fn databases() -> Vec<Database> {
    #[expect(clippy::disallowed_methods, reason = "a test asks which databases there are")]
    let url = std::env::var("TENON_TEST_POSTGRES").ok();
    std::iter::once(Database::Sqlite).chain(url.map(|url| Database::Postgres { url })).collect()
}

pub(crate) fn map(value: Json) -> JsonMap<String, Json> {
    value.as_object().cloned().unwrap()
}

pub(crate) fn path(text: &str) -> ElementPath {
    ElementPath(text.to_owned())
}

pub(crate) fn deal() -> SourceFile {
    let text = "format: tenon/v1\nobject: deal\nlabel: { en: Deal, zh: 交易 }\nfields:\n  name: { type: text, required: true, label: { en: Name, zh: 名称 } }\n  size: { type: integer, label: { en: Size, zh: 规模 } }\nrelations:\n  account: { to: account, label: { en: Account, zh: 客户 }, inverse: { name: deals, label: { en: Deals, zh: 交易 } } }\n  tags: { to: tag, many: true, label: { en: Tags, zh: 标签 }, inverse: false, link: { note: { type: text, label: { en: Note, zh: 备注 } } } }\n";
    SourceFile::new("objects/deal/object.yaml", text)
}

pub(crate) fn files(prune: bool) -> Draft {
    Draft::Files { files: vec![deal()], prune }
}
