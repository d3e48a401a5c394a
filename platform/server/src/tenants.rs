//! Tenants: made, listed, shown, removed.

use serde::{Deserialize, Serialize};
use serde_json::json;
use tenon_context::{ActorKind, Principal, Via};
use tenon_identity::{Hashed, NewKey, NewMember, RequestFacts, random_password};
use tenon_store::{NewTenant, Quota, TenantInfo};
use tenon_value::{Json, Name, RequestId};

use crate::clock;
use crate::config::TenantRequest;
use crate::declined::Declined;
use crate::engine::Engine;

/// A tenant just made: what its first administrator needs. Shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantCreated {
    /// Its name in URLs.
    pub tenant: String,
    /// A key with every right within the tenant.
    pub api_key: String,
    /// Login of the first administrator.
    pub admin_email: String,
    /// The first administrator's password.
    pub admin_password: String,
}

/// The first administrator of a tenant, before there is one.
pub(crate) struct Administrator {
    member: NewMember,
    email: String,
    password: String,
    hashed: Hashed,
}

fn administrators() -> Vec<String> {
    vec![Principal::ADMINISTRATOR.to_owned()]
}

impl Engine {
    /// Makes a tenant with the base CRM, a key and an administrator.
    ///
    /// # Errors
    /// Where the name is taken or no name, a setting is wrong, or the database fails; then nothing of it remains.
    pub async fn tenant_create(&self, request: &TenantRequest) -> anyhow::Result<TenantCreated> {
        Name::check(&request.name)
            .map_err(|reason| Declined::invalid("tenant", format!("`{}` is no name for a tenant: {reason}", request.name)))?;
        let settings = request.settings()?;
        if self.store.tenant(&request.name).await?.is_some() {
            return Err(Declined::conflict("tenant", format!("there is a tenant `{}` already", request.name)).into());
        }
        let created_at = clock::wall();
        let new = NewTenant { name: request.name.clone(), sandbox: request.sandbox, settings, created_at };
        let (tenant, administrator) = futures::join!(self.store.tenant_create(&new), self.first_administrator(&request.name));
        let tenant = tenant?;
        match self.equip(&tenant, administrator).await {
            Ok(created) => Ok(created),
            Err(error) => {
                // A tenant without metadata or key is of no use to anybody.
                self.store.tenant_delete(&tenant.name).await?;
                Err(error)
            }
        }
    }

    async fn equip(&self, tenant: &TenantInfo, administrator: anyhow::Result<Administrator>) -> anyhow::Result<TenantCreated> {
        let administrator = administrator?;
        self.packages.install_base(tenant.id).await?;
        self.first_people(tenant, administrator).await
    }

    /// Who is to be the first administrator of a tenant of this name.
    pub(crate) async fn first_administrator(&self, tenant: &str) -> anyhow::Result<Administrator> {
        let email = format!("admin@{}.example", tenant.replace('_', "-"));
        let member = NewMember { name: Some("Administrator".to_owned()), ..NewMember::staff(&email, administrators()) };
        let password = random_password();
        let hashed = self.identity.password_of(&member, &password).await?;
        Ok(Administrator { member, email, password, hashed })
    }

    /// Makes the first administrator and the first key of a tenant that has nobody.
    pub(crate) async fn first_people(&self, tenant: &TenantInfo, administrator: Administrator) -> anyhow::Result<TenantCreated> {
        let Administrator { member, email, password, hashed } = administrator;
        let context = self.system_context(tenant).await?;
        Box::pin(self.identity.member_with_password(&context, member, hashed)).await?;
        let first = NewKey { kind: ActorKind::ApiKey, display: "first key".to_owned(), roles: administrators(), expires_at: None };
        let (api_key, _) = self.identity.key_make(&context, first).await?;
        Ok(TenantCreated { tenant: tenant.name.clone(), api_key: api_key.reveal(), admin_email: email, admin_password: password })
    }

    /// All tenants.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn tenant_list(&self) -> anyhow::Result<Json> {
        Ok(self.store.tenants().await?.iter().map(tenant_json).collect())
    }

    /// One tenant, with the version of its model and the sizes of its objects.
    ///
    /// # Errors
    /// Where there is none of this name, or the database fails.
    pub async fn tenant_show(&self, name: &str) -> anyhow::Result<Json> {
        let tenant = self.tenant_named(name).await?;
        let model = self.catalog.model(tenant.id).await?;
        let mut shown = tenant_json(&tenant);
        let mut records = serde_json::Map::new();
        for object in model.active_objects() {
            records.insert(object.name.to_string(), json!(self.store.row_count(&model, object.ix).await?));
        }
        if let Some(members) = shown.as_object_mut() {
            members.insert("cell".to_owned(), json!(self.store.tenant_cell(tenant.id).await?));
            members.insert("modelVersion".to_owned(), json!(model.version.0));
            members.insert("records".to_owned(), Json::Object(records));
        }
        Ok(shown)
    }

    /// Removes a tenant and everything of it.
    ///
    /// # Errors
    /// Where there is none of this name, or the database fails.
    pub async fn tenant_delete(&self, name: &str) -> anyhow::Result<Json> {
        let tenant = self.tenant_named(name).await?;
        self.store.tenant_delete(name).await?;
        self.identity.forget();
        self.catalog.forget(tenant.id);
        Ok(json!({ "deleted": name }))
    }

    /// Moves a tenant to another cell, or goes on with a move that was interrupted.
    ///
    /// # Errors
    /// Where there is none of this name, no such cell, or the move takes too long; then it stays where it was.
    pub(crate) async fn tenant_move(&self, name: &str, cell: &str) -> anyhow::Result<Json> {
        let tenant = self.tenant_named(name).await?;
        let moved = self.store.tenant_move(tenant.id, cell).await?;
        let stopped = u64::try_from(moved.stopped.as_millis()).unwrap_or(u64::MAX);
        Ok(json!({
            "tenant": name, "cell": cell, "tables": moved.tables, "rows": moved.rows, "stoppedMs": stopped,
            "oldHomeLeft": moved.old_home_left,
        }))
    }

    /// What a tenant has and may have, after what it may have is changed.
    ///
    /// # Errors
    /// Where there is none of this name, no such quota, or the database fails.
    pub async fn tenant_quota(&self, name: &str, set: &[(String, Option<u64>)]) -> anyhow::Result<Json> {
        let tenant = self.tenant_named(name).await?;
        let named = |word: &String| Quota::from_word(word).ok_or_else(|| Declined::invalid("quota", format!("`{word}` is no quota")));
        let set = set.iter().map(|(word, max)| Ok((named(word)?, *max))).collect::<Result<Vec<_>, Declined>>()?;
        for (quota, max) in set {
            self.store.quota_set(tenant.id, quota, max).await?;
        }
        let model = self.catalog.model(tenant.id).await?;
        let uses = self.store.quota_uses(&model).await?;
        let shown = |one: &tenon_store::QuotaUse| json!({ "quota": one.quota.word(), "used": one.used, "max": one.max, "own": one.is_own });
        Ok(uses.iter().map(shown).collect())
    }

    /// What is wrong with the tenants' tables and rows, or with one tenant's; `fix` mends what is safe.
    ///
    /// # Errors
    /// Where there is none of this name, or the database fails.
    pub async fn doctor(&self, name: Option<&str>, fix: bool) -> anyhow::Result<Json> {
        let tenants = match name {
            Some(name) => vec![self.tenant_named(name).await?],
            None => self.store.tenants().await?,
        };
        let mut reports = Vec::new();
        for tenant in tenants {
            // Asked first: whoever looks into a home brings it up.
            let home = self.store.home(tenant.id).await?;
            let model = self.catalog.model(tenant.id).await?;
            let mut findings = if fix { self.store.doctor_fix(&model).await? } else { self.store.doctor(&model).await? };
            findings.extend(self.store.files_doctor(tenant.id, fix).await?);
            let findings: Vec<Json> = findings
                .iter()
                .map(|finding| json!({ "code": finding.code, "message": finding.message, "rows": finding.rows, "help": finding.help, "fixable": finding.fixable }))
                .collect();
            let home = json!({ "version": home.version, "current": home.current, "readableBy": home.readable_by });
            reports.push(json!({ "tenant": tenant.name, "home": home, "modelVersion": model.version.0, "findings": findings }));
        }
        Ok(Json::Array(reports))
    }

    /// Removes files of a tenant that are due; how many.
    ///
    /// # Errors
    /// Where there is none of this name, or the database or the folder of files fails.
    pub async fn files_sweep(&self, name: &str) -> anyhow::Result<Json> {
        let swept = self.store.files_sweep(self.tenant_named(name).await?.id).await?;
        Ok(json!({ "files": swept.files, "blobs": swept.blobs, "uploads": swept.staged }))
    }

    /// Lets go of a tenant's fields and relations that were retired long enough ago; their paths.
    ///
    /// # Errors
    /// Where there is none of this name, or the database fails.
    pub async fn fields_purge(&self, name: &str) -> anyhow::Result<Vec<String>> {
        let tenant = self.tenant_named(name).await?.id;
        Ok(self.packages.purge(tenant, self.identity.now(tenant).await?).await?)
    }

    /// Lets go of a tenant's changes that nobody may ask for any more, as the sealer does; how many.
    ///
    /// # Errors
    /// Where there is none of this name, or the database fails.
    pub async fn changes_prune(&self, name: &str) -> anyhow::Result<usize> {
        let tenant = self.tenant_named(name).await?.id;
        // What is not in the audit chain yet stays.
        self.store.audit_seal(tenant).await?;
        let mut pruned = 0;
        loop {
            match self.store.outbox_prune(tenant).await? {
                0 => return Ok(pruned),
                count => pruned += count,
            }
        }
    }

    pub(crate) async fn tenant_named(&self, name: &str) -> anyhow::Result<TenantInfo> {
        self.store.tenant(name).await?.ok_or_else(|| Declined::not_found(format!("there is no tenant `{name}`")).into())
    }

    /// Tenon's own context within a tenant, at its business time.
    pub(crate) async fn system_context(&self, tenant: &TenantInfo) -> anyhow::Result<tenon_context::OpContext> {
        let facts = RequestFacts { request: RequestId::generate(), locale: None, deadline: None, via: Via::Install };
        Ok(self.identity.system(tenant, facts).await?)
    }
}

fn tenant_json(tenant: &TenantInfo) -> Json {
    json!({ "tenant": tenant.name, "id": tenant.id.to_string(), "sandbox": tenant.sandbox, "createdAt": tenant.created_at.to_string() })
}
