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
        Ok(self.business_time(&tenant))
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
        Ok(self.assume(&tenant, model, principal, facts))
    }
}
