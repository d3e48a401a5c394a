//! Providers set up, shown and removed by an administrator of the tenant.
//!
//! Invariant: a provider can sign in anybody as anybody, so only administrators manage them; a secret is never shown.

use serde_json::json;
use tenon_access::Policy;
use tenon_context::{OpContext, Principal};
use tenon_diagnostics::{Kind, Problem};
use tenon_store::{AuditKind, AuditNote, StoredProvider, TenantInfo};
use tenon_value::Json;

use super::error::Refusal;
use super::provider::{PROVIDERS_MAX, ProviderSettings, provider_name};
use super::sign_in::Partner;
use super::{Oidc, OidcError};
use crate::trail;

/// Letters of a client secret.
const SECRET_MAX: usize = 4_000;

/// A provider as its administrator sees it.
#[derive(Clone, Debug)]
pub struct ProviderView {
    /// Its name in URLs.
    pub name: String,
    /// Its settings.
    pub settings: ProviderSettings,
    /// Whether a client secret is stored.
    pub has_secret: bool,
    /// What the provider must be told: where it sends browsers back to.
    pub redirect_uri: String,
}

/// What becomes of the stored secret.
#[derive(Clone, Debug, Default)]
pub enum SecretChange {
    /// It stays.
    #[default]
    Keep,
    /// There is none any more: a public client.
    Clear,
    /// Another one.
    Set(String),
}

impl Oidc {
    /// The providers of a tenant, for its administrators.
    ///
    /// # Errors
    /// FORBIDDEN.
    pub async fn providers(&self, cx: &OpContext) -> Result<Vec<ProviderView>, OidcError> {
        may(cx)?;
        let tenant = self.tenant_of(cx).await?;
        let stored = self.identity.store.providers(tenant.id).await?;
        stored.iter().map(|one| self.view(&tenant.name, one)).collect()
    }

    /// One provider.
    ///
    /// # Errors
    /// FORBIDDEN; `NOT_FOUND`.
    pub async fn provider(&self, cx: &OpContext, name: &str) -> Result<ProviderView, OidcError> {
        may(cx)?;
        let tenant = self.tenant_of(cx).await?;
        let stored = self.identity.store.provider(tenant.id, name).await?;
        self.view(&tenant.name, &stored.ok_or_else(|| Problem::of_kind(Kind::NotFound))?)
    }

    /// What a sign-in page offers: names and labels of the providers in use. A tenant that is not there offers none.
    ///
    /// # Errors
    /// What the store says.
    pub async fn offered(&self, tenant: &str) -> Result<Vec<(String, String)>, OidcError> {
        let Some(tenant) = self.identity.tenant(tenant).await? else { return Ok(Vec::new()) };
        let mut offered = Vec::new();
        for one in self.identity.store.providers(tenant.id).await? {
            let settings = settings_of(&one)?;
            if settings.enabled {
                let label = if settings.label.is_empty() { one.name.clone() } else { settings.label };
                offered.push((one.name, label));
            }
        }
        Ok(offered)
    }

    /// Sets up a provider, or changes the one of that name.
    ///
    /// # Errors
    /// FORBIDDEN; INVALID for settings that cannot be.
    pub async fn provider_put(&self, cx: &OpContext, name: &str, settings: Json, secret: SecretChange) -> Result<ProviderView, OidcError> {
        may(cx)?;
        provider_name(name)?;
        let settings: ProviderSettings = serde_json::from_value(settings).map_err(|error| {
            Problem::invalid("provider", format!("the settings cannot be read: {error}"), format!("无法读取设置:{error}"))
        })?;
        let settings = settings.checked()?;
        if !self.outbound.permits(&settings.issuer) {
            let (en, zh) =
                ("the issuer must be an https address, without user and password", "`issuer` 必须是 https 地址,且不含用户名和密码");
            return Err(Problem::invalid("provider", en, zh).into());
        }
        let roles = settings.roles.iter().chain(settings.role_map.values());
        if let Some(role) = roles.into_iter().find(|role| !is_staff_role(cx, role)) {
            let (en, zh) = (format!("there is no role `{role}` for staff"), format!("没有可用于内部用户的角色 `{role}`"));
            return Err(Problem::invalid("role", en, zh).into());
        }
        let (tenant, now) = (self.tenant_of(cx).await?, (self.identity.clock)());
        let before = self.identity.store.provider(tenant.id, name).await?;
        if before.is_none() && self.identity.store.providers(tenant.id).await?.len() >= PROVIDERS_MAX {
            let max = u64::try_from(PROVIDERS_MAX).unwrap_or(u64::MAX);
            return Err(Problem::exhausted("providers", max, max.saturating_add(1)).into());
        }
        let kept = before.as_ref().and_then(|before| before.secret.clone());
        // A secret is told to the issuer it was made for, and to no other.
        let same_issuer = before.as_ref().is_some_and(|before| settings_of(before).is_ok_and(|old| old.issuer == settings.issuer));
        let secret = match secret {
            SecretChange::Keep => kept.filter(|_| same_issuer),
            SecretChange::Clear => None,
            SecretChange::Set(secret) if secret.is_empty() || secret.len() > SECRET_MAX || secret.contains('\0') => {
                return Err(Problem::invalid("provider", "`clientSecret` is empty or too long", "`clientSecret` 为空或过长").into());
            }
            SecretChange::Set(secret) => Some(secret),
        };
        let json = serde_json::to_value(&settings).unwrap_or_default();
        let created_at = before.map_or(now, |before| before.created_at);
        let stored = StoredProvider { name: name.to_owned(), settings: json, secret, created_at, changed_at: now };
        let facts = json!({ "provider": name, "issuer": settings.issuer, "joining": settings.joining, "roles": settings.roles });
        let told = trail::told(cx, AuditNote::new(AuditKind::SettingsChanged).facts(facts));
        self.identity.store.provider_put(tenant.id, &stored, &told).await?;
        self.directory.forget(&settings.issuer);
        self.view(&tenant.name, &stored)
    }

    /// Removes a provider; members who came through it stay.
    ///
    /// # Errors
    /// FORBIDDEN; `NOT_FOUND`.
    pub async fn provider_remove(&self, cx: &OpContext, name: &str) -> Result<(), OidcError> {
        may(cx)?;
        let facts = json!({ "provider": name, "removed": true });
        let told = trail::told(cx, AuditNote::new(AuditKind::SettingsChanged).facts(facts));
        let removed = self.identity.store.provider_remove(cx.model.tenant, name, &told).await?;
        if removed { Ok(()) } else { Err(Problem::of_kind(Kind::NotFound).into()) }
    }

    /// A provider in use, with its endpoints.
    pub(crate) async fn partner(&self, tenant: &str, name: &str) -> Result<(TenantInfo, Partner), OidcError> {
        let info = self.identity.tenant(tenant).await?.ok_or(Refusal::NoProvider)?;
        let stored = self.identity.store.provider(info.id, name).await?.ok_or(Refusal::NoProvider)?;
        let settings = settings_of(&stored)?;
        if !settings.enabled {
            return Err(Refusal::NoProvider.into());
        }
        let endpoints = self.directory.endpoints(&settings.issuer).await?;
        let redirect = self.redirect_uri(tenant, name);
        Ok((info.as_ref().clone(), Partner { name: stored.name, settings, secret: stored.secret, endpoints, redirect }))
    }

    fn view(&self, tenant: &str, stored: &StoredProvider) -> Result<ProviderView, OidcError> {
        let redirect_uri = self.redirect_uri(tenant, &stored.name);
        Ok(ProviderView { name: stored.name.clone(), settings: settings_of(stored)?, has_secret: stored.secret.is_some(), redirect_uri })
    }

    fn redirect_uri(&self, tenant: &str, name: &str) -> String {
        format!("{}/t/{tenant}/oidc/{name}/callback", self.identity.public_url)
    }

    async fn tenant_of(&self, cx: &OpContext) -> Result<TenantInfo, OidcError> {
        Ok(self.identity.store.tenant_by_id(cx.model.tenant).await?.ok_or_else(|| Problem::of_kind(Kind::NotFound))?)
    }
}

fn settings_of(stored: &StoredProvider) -> Result<ProviderSettings, OidcError> {
    let damaged = |_| tenon_store::StoreError::Damaged("an identity provider".to_owned());
    Ok(serde_json::from_value(stored.settings.clone()).map_err(damaged)?)
}

fn may(cx: &OpContext) -> Result<(), OidcError> {
    let policy = Policy::resolve(&cx.model, &cx.principal);
    if policy.is_administrator() { Ok(()) } else { Err(Problem::of_kind(Kind::Forbidden).into()) }
}

fn is_staff_role(cx: &OpContext, role: &str) -> bool {
    role == Principal::ADMINISTRATOR || cx.model.role_named(role).is_some_and(|role| !role.portal)
}
