//! API keys of a tenant: made, listed, revoked, for the operator's command line.

use serde_json::json;
use tenon_context::ActorKind;
use tenon_identity::NewKey;
use tenon_value::{DateTime, Json, Uuid};

use crate::declined::Declined;
use crate::engine::Engine;

/// A day in milliseconds.
const DAY: i64 = 86_400_000;

/// A key as the command line asks for it.
pub(crate) struct KeyRequest<'a> {
    /// What people read in history.
    pub(crate) display: &'a str,
    /// Days until it ends.
    pub(crate) days: Option<u32>,
    /// Roles it holds.
    pub(crate) roles: &'a [String],
    /// A service.
    pub(crate) is_service: bool,
}

impl Engine {
    /// Makes a key; the answer shows it once.
    ///
    /// # Errors
    /// Where there is no such tenant or role, or the database fails.
    pub(crate) async fn key_make(&self, tenant: &str, new: &KeyRequest<'_>) -> anyhow::Result<Json> {
        let tenant = self.tenant_named(tenant).await?;
        let context = self.system_context(&tenant).await?;
        let expires_at = new.days.map(|days| DateTime::from_millis((self.clock)().millis() + i64::from(days) * DAY));
        let kind = if new.is_service { ActorKind::Service } else { ActorKind::ApiKey };
        let wanted = NewKey { kind, display: new.display.to_owned(), roles: new.roles.to_vec(), expires_at };
        let (key, stored) = self.identity.key_make(&context, wanted).await?;
        Ok(json!({ "tenant": tenant.name, "id": stored.id.to_string(), "apiKey": key.reveal() }))
    }

    /// All keys of a tenant, without the keys themselves.
    ///
    /// # Errors
    /// Where there is no such tenant, or the database fails.
    pub async fn key_list(&self, tenant: &str) -> anyhow::Result<Json> {
        let tenant = self.tenant_named(tenant).await?;
        let keys = self.identity.keys(&self.system_context(&tenant).await?).await?;
        Ok(keys
            .iter()
            .map(|key| {
                let expires = key.expires_at.map(|at| at.to_string());
                json!({
                    "id": key.id.to_string(), "kind": key.kind.word(), "display": key.display, "roles": key.roles,
                    "createdAt": key.created_at.to_string(), "expiresAt": expires,
                })
            })
            .collect())
    }

    /// Revokes a key at once.
    ///
    /// # Errors
    /// Where there is no such tenant or key, or the database fails.
    pub async fn key_revoke(&self, tenant: &str, id: &str) -> anyhow::Result<Json> {
        let tenant = self.tenant_named(tenant).await?;
        let key: Uuid = id.parse().map_err(|_| Declined::invalid("id", format!("`{id}` is no id of a key")))?;
        let context = self.system_context(&tenant).await?;
        match self.identity.key_revoke(&context, key).await {
            Err(tenon_identity::IdentityError::NotFound) => Err(Declined::not_found(format!("there is no key `{id}`")).into()),
            done => Ok(done.map(|()| json!({ "revoked": id }))?),
        }
    }
}
