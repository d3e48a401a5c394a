//! API keys of a tenant: made, listed, revoked.

use serde_json::json;
use tenon_diagnostics::InputPath;
use tenon_query::{RecordInput, Write};
use tenon_records::{Mutation, Step};
use tenon_store::TenantInfo;
use tenon_value::{Json, RecordId, Uuid, Value};

use crate::clock;
use crate::declined::Declined;
use crate::engine::Engine;

/// A day in milliseconds.
const DAY: i64 = 86_400_000;

impl Engine {
    /// Makes a key; the answer shows it once.
    ///
    /// # Errors
    /// Where there is no such tenant, or the database fails.
    pub async fn key_make(&self, tenant: &str, display: &str, days: Option<u32>) -> anyhow::Result<Json> {
        let tenant = self.tenant_named(tenant).await?;
        let expires_at = days.map(|days| tenon_value::DateTime::from_millis(clock::wall().millis() + i64::from(days) * DAY));
        let key = self.key_create(&tenant, display, expires_at).await?;
        Ok(json!({ "tenant": tenant.name, "apiKey": key.reveal() }))
    }

    /// All keys of a tenant, without the keys themselves.
    ///
    /// # Errors
    /// Where there is no such tenant, or the database fails.
    pub async fn key_list(&self, tenant: &str) -> anyhow::Result<Json> {
        let tenant = self.tenant_named(tenant).await?;
        let keys = self.store.keys(tenant.id).await?;
        Ok(keys
            .iter()
            .map(|key| {
                let expires = key.expires_at.map(|at| at.to_string());
                json!({ "id": key.id.to_string(), "display": key.display, "roles": key.roles, "createdAt": key.created_at.to_string(), "expiresAt": expires })
            })
            .collect())
    }

    /// Revokes a key at once.
    ///
    /// # Errors
    /// Where there is no such tenant or key, or the database fails.
    pub async fn key_revoke(&self, tenant: &str, id: &str) -> anyhow::Result<Json> {
        let tenant = self.tenant_named(tenant).await?;
        let id: Uuid = id.parse().map_err(|_| Declined::invalid("id", format!("`{id}` is no id of a key")))?;
        if !self.store.key_revoke(tenant.id, id, clock::wall()).await? {
            return Err(Declined::not_found(format!("there is no key `{id}`")).into());
        }
        self.identity.forget();
        Ok(json!({ "revoked": id.to_string() }))
    }

    /// The first administrator's own record of `user`, made through the pipeline like any other.
    pub(crate) async fn admin_record(&self, tenant: &TenantInfo, email: &str) -> anyhow::Result<RecordId> {
        let context = self.system_context(tenant).await?;
        let policy = tenon_access::Policy::resolve(&context.model, &context.principal);
        let user = context.model.object_named("user").ok_or_else(|| anyhow::anyhow!("the base package has no object `user`"))?;
        let id = RecordId::generate();
        let text = |name: &str, value: &str| user.field_named(name).map(|field| (field.ix, Value::text(value)));
        let fields = [text("name", "Administrator"), text("login", email), text("email", email)].into_iter().flatten().collect();
        let input = RecordInput { id: Some(id), fields, path: InputPath::default(), ..RecordInput::default() };
        let mutation = Mutation { steps: vec![Step { write: Write::Create(user.ix, input), answer: None }], idempotency: None };
        self.pipeline.run(&context, &policy, &mutation, &|_| Ok(Vec::new())).await?;
        Ok(id)
    }
}
