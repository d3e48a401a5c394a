//! Signatures first; bodies follow.
#![allow(missing_docs, unused_variables, clippy::all, clippy::todo, dead_code)]
use std::sync::Arc;
use tenon_context::OpContext;
use tenon_model::*;
use tenon_query::*;
use tenon_value::*;
use crate::*;

#[derive(Clone)] pub struct Store { x: Arc<u8> }
pub struct Prepared { model: Arc<Model> }
pub struct Tx { x: u8 }
pub struct MetadataTx { x: u8 }
pub struct Savepoint(u32);
type R<T> = Result<T, StoreError>;

impl Store {
    pub async fn open(config: StoreConfig) -> R<Self> { todo!() }
    pub fn dialect(&self) -> Dialect { todo!() }
    pub async fn ready(&self) -> R<()> { todo!() }
    pub async fn tenant_create(&self, new: &NewTenant) -> R<TenantInfo> { todo!() }
    pub async fn tenant(&self, name: &str) -> R<Option<TenantInfo>> { todo!() }
    pub async fn tenant_by_id(&self, id: TenantId) -> R<Option<TenantInfo>> { todo!() }
    pub async fn tenants(&self) -> R<Vec<TenantInfo>> { todo!() }
    pub async fn tenant_delete(&self, name: &str) -> R<bool> { todo!() }
    pub async fn key_put(&self, tenant: TenantId, key: &StoredKey) -> R<()> { todo!() }
    pub async fn key_by_hash(&self, tenant: TenantId, hash: &[u8; 32]) -> R<Option<StoredKey>> { todo!() }
    pub async fn keys(&self, tenant: TenantId) -> R<Vec<StoredKey>> { todo!() }
    pub async fn key_revoke(&self, tenant: TenantId, id: Uuid, at: DateTime) -> R<bool> { todo!() }
    pub async fn password_put(&self, tenant: TenantId, password: &StoredPassword) -> R<()> { todo!() }
    pub async fn password(&self, tenant: TenantId, login: &str) -> R<Option<StoredPassword>> { todo!() }
    pub async fn metadata(&self, tenant: TenantId) -> R<MetadataRows> { todo!() }
    pub async fn model_version(&self, tenant: TenantId) -> R<ModelVersion> { todo!() }
    pub async fn metadata_begin(&self, tenant: TenantId) -> R<MetadataTx> { todo!() }
    pub fn metadata_events(&self) -> tokio::sync::broadcast::Receiver<TenantId> { todo!() }
    pub fn prepare(&self, model: &Arc<Model>, read: Read) -> R<Prepared> { todo!() }
    pub async fn read(&self, cx: &OpContext, prepared: &Prepared, params: &Params) -> R<Answer> { todo!() }
    pub async fn begin(&self, cx: &OpContext) -> R<Tx> { todo!() }
    pub async fn row_count(&self, model: &Model, object: ObjectIx) -> R<u64> { todo!() }
    pub async fn outbox_after(&self, tenant: TenantId, seq: i64, max: u32) -> R<Vec<OutboxRow>> { todo!() }
    pub async fn doctor(&self, model: &Model) -> R<Vec<Finding>> { todo!() }
    pub async fn doctor_fix(&self, model: &Model) -> R<Vec<Finding>> { todo!() }
}
impl Prepared {
    pub fn model(&self) -> &Arc<Model> { &self.model }
    /// Bytes it takes in memory, for weighed caches.
    pub fn weight(&self) -> usize { todo!() }
}
impl MetadataTx {
    pub fn version(&self) -> ModelVersion { todo!() }
    pub async fn rows(&mut self) -> R<MetadataRows> { todo!() }
    pub async fn put_elements(&mut self, package: &Name, elements: &[Element]) -> R<()> { todo!() }
    pub async fn remove_elements(&mut self, package: &Name, paths: &[ElementPath]) -> R<()> { todo!() }
    pub async fn put_settings(&mut self, settings: &Settings) -> R<()> { todo!() }
    pub async fn new_physical(&mut self, kind: PhysicalKind) -> R<String> { todo!() }
    pub async fn put_physical(&mut self, element: ElementId, name: &str) -> R<()> { todo!() }
    pub async fn shape(&mut self, before: Option<&Model>, after: &Model) -> R<()> { todo!() }
    pub async fn journal(&mut self, at: DateTime, entry: &Json) -> R<()> { todo!() }
    pub async fn row_count(&mut self, object: &Object) -> R<u64> { todo!() }
    pub async fn null_count(&mut self, object: &Object, columns: &[String]) -> R<u64> { todo!() }
    pub async fn commit(self, version: ModelVersion) -> R<()> { todo!() }
    pub async fn rollback(self) -> R<()> { todo!() }
}
impl Tx {
    pub async fn read(&mut self, prepared: &Prepared, params: &Params) -> R<Answer> { todo!() }
    pub async fn load(&mut self, table: &AuthorizedTable, ids: &[RecordId], deleted: Deleted, lock: Lock) -> R<Vec<Record>> { todo!() }
    pub async fn find_unique(&mut self, table: &AuthorizedTable, key: usize, values: &[Vec<Value>], deleted: Deleted) -> R<Vec<Option<RecordId>>> { todo!() }
    pub async fn find_external(&mut self, table: &AuthorizedTable, keys: &[(String, String)], deleted: Deleted) -> R<Vec<Option<RecordId>>> { todo!() }
    pub async fn select_ids(&mut self, table: &AuthorizedTable, filter: &Predicate, params: &Params, deleted: Deleted, max: u32) -> R<Vec<RecordId>> { todo!() }
    pub async fn referrers(&mut self, table: &AuthorizedTable, relation: RelationIx, targets: &[RecordId], deleted: Deleted) -> R<Vec<(RecordId, RecordId)>> { todo!() }
    pub async fn write(&mut self, cx: &OpContext, table: &AuthorizedTable, rows: &[RowWrite]) -> R<()> { todo!() }
    pub async fn external_put(&mut self, table: &AuthorizedTable, ids: &[(RecordId, ExternalId)]) -> R<()> { todo!() }
    pub async fn external_ids(&mut self, table: &AuthorizedTable, ids: &[RecordId]) -> R<Vec<(RecordId, ExternalId)>> { todo!() }
    /// Links whose `here` end is one of `ids`.
    pub async fn links(&mut self, link: LinkIx, here: LinkEnd, ids: &[RecordId], ends: (&AuthorizedTable, &AuthorizedTable)) -> R<Vec<LinkRow>> { todo!() }
    pub async fn link_put(&mut self, cx: &OpContext, link: LinkIx, rows: &[LinkRow], ends: (&AuthorizedTable, &AuthorizedTable)) -> R<()> { todo!() }
    pub async fn link_remove(&mut self, link: LinkIx, pairs: &[(RecordId, RecordId)], ends: (&AuthorizedTable, &AuthorizedTable)) -> R<()> { todo!() }
    pub async fn ancestors(&mut self, table: &AuthorizedTable, relation: RelationIx, id: RecordId) -> R<Vec<RecordId>> { todo!() }
    pub async fn next_numbers(&mut self, field: ElementId, period: &str, count: u32) -> R<i64> { todo!() }
    pub async fn idempotency_find(&mut self, principal: &str, key: &str, now: DateTime) -> R<Option<IdempotencyRow>> { todo!() }
    pub async fn idempotency_put(&mut self, principal: &str, key: &str, row: &IdempotencyRow) -> R<()> { todo!() }
    pub fn outbox(&mut self, entry: OutboxEntry) { todo!() }
    pub async fn savepoint(&mut self) -> R<Savepoint> { todo!() }
    pub async fn rollback_to(&mut self, savepoint: Savepoint) -> R<()> { todo!() }
    pub async fn release(&mut self, savepoint: Savepoint) -> R<()> { todo!() }
    pub async fn commit(self) -> R<()> { todo!() }
    pub async fn rollback(self) -> R<()> { todo!() }
}
pub fn crash_points() -> &'static [&'static str] { &[] }
