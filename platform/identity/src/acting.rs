//! The context of somebody who is not here: what goes on after his request runs with the rights that he has now.

use tenon_context::{ActorKind, OpContext, Principal};
use tenon_value::{DateTime, TenantId, Uuid};

use crate::{Identity, IdentityError, RequestFacts, standing};

impl Identity {
    /// Business time of a tenant.
    ///
    /// # Errors
    /// `Unrecognized` where the tenant is gone.
    pub async fn now(&self, tenant: TenantId) -> Result<DateTime, IdentityError> {
        let tenant = self.store.tenant_by_id(tenant).await?.ok_or(IdentityError::Unrecognized)?;
        self.business_time(&tenant).await
    }

    /// Machine time: what stands still in no sandbox.
    #[must_use]
    pub fn wall(&self) -> DateTime {
        (self.clock)()
    }

    /// The zone of a tenant, as its settings have it now.
    ///
    /// # Errors
    /// `Unrecognized` where the tenant is gone.
    pub async fn zone(&self, tenant: TenantId) -> Result<String, IdentityError> {
        let tenant = self.store.tenant_by_id(tenant).await?.ok_or(IdentityError::Unrecognized)?;
        let epoch = self.store.epoch(tenant.id).await?;
        Ok(self.model(&tenant, epoch).await?.settings.zone.clone())
    }

    /// The business time up to which the jobs of a tenant start by themselves; none in a sandbox, where they start as its clock
    /// is moved.
    ///
    /// # Errors
    /// `Unrecognized` where the tenant is gone.
    pub async fn running_time(&self, tenant: TenantId) -> Result<Option<DateTime>, IdentityError> {
        let tenant = self.store.tenant_by_id(tenant).await?.ok_or(IdentityError::Unrecognized)?;
        Ok((!tenant.sandbox).then(|| (self.clock)()))
    }

    /// The context of a package that acts as itself, as it does where the calendar starts its jobs. What its grant leaves out it
    /// cannot do: the caller holds it to that.
    ///
    /// # Errors
    /// `Unrecognized` where the tenant is gone.
    pub async fn acting_plugin(&self, tenant: TenantId, package: &str, facts: RequestFacts) -> Result<OpContext, IdentityError> {
        let tenant = self.store.tenant_by_id(tenant).await?.ok_or(IdentityError::Unrecognized)?;
        let epoch = self.store.epoch(tenant.id).await?;
        let model = self.model(&tenant, epoch).await?;
        let now = self.business_time(&tenant).await?;
        Ok(Self::assume(now, model, Principal::of_package(package), facts))
    }

    /// The context of a link between tenants on one of its sides, with the rights of the role it was given there.
    ///
    /// # Errors
    /// `Unrecognized` where the tenant is gone.
    pub async fn acting_link(
        &self,
        tenant: TenantId,
        (id, name, role): (Uuid, &str, &str),
        facts: RequestFacts,
    ) -> Result<OpContext, IdentityError> {
        let tenant = self.store.tenant_by_id(tenant).await?.ok_or(IdentityError::Unrecognized)?;
        let epoch = self.store.epoch(tenant.id).await?;
        let model = self.model(&tenant, epoch).await?;
        let now = self.business_time(&tenant).await?;
        Ok(Self::assume(now, model, standing::of_link(id, name, role), facts))
    }

    /// The context of a principal as if he called now.
    ///
    /// # Errors
    /// `Unrecognized` where he may not come in any more, or his tenant is gone.
    pub async fn acting(&self, tenant: TenantId, (kind, id): (ActorKind, Uuid), facts: RequestFacts) -> Result<OpContext, IdentityError> {
        let tenant = self.store.tenant_by_id(tenant).await?.ok_or(IdentityError::Unrecognized)?;
        let epoch = self.store.epoch(tenant.id).await?;
        let model = self.model(&tenant, epoch).await?;
        let principal = match kind {
            ActorKind::System => Principal::system(),
            ActorKind::User | ActorKind::PortalUser => {
                let member = self.store.member(tenant.id, id).await?.ok_or(IdentityError::Unrecognized)?;
                self.of_member(&tenant, epoch, &model, &member).await?.as_ref().clone()
            }
            ActorKind::ApiKey | ActorKind::Service => {
                let now = (self.clock)();
                let keys = self.store.keys(tenant.id).await?;
                let key = keys.iter().find(|key| key.id == id && key.expires_at.is_none_or(|end| end > now));
                standing::of_key(key.ok_or(IdentityError::Unrecognized)?)
            }
            ActorKind::Plugin | ActorKind::Link => return Err(IdentityError::Unrecognized),
        };
        let now = self.business_time(&tenant).await?;
        Ok(Self::assume(now, model, principal, facts))
    }
}
