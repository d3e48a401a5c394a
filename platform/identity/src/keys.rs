//! API keys and services: made with roles and an end, listed, revoked.

use tenon_context::{ActorKind, OpContext};
use tenon_store::{AuditKind, Quota, StoredKey};
use tenon_value::{DateTime, Uuid, clean_line};

use crate::{ApiKey, Identity, IdentityError, rights, trail};

/// Letters of what a key is called.
pub const KEY_DISPLAY_MAX: usize = 200;

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// `ApiKey` or `Service`.
    pub kind: ActorKind,
    /// What people read in history.
    pub display: String,
    /// Roles by API name.
    pub roles: Vec<String>,
    /// When it ends.
    pub expires_at: Option<DateTime>,
}

impl Identity {
    /// Makes a key; it is shown this once.
    ///
    /// # Errors
    /// `Forbidden`; `Wrong` for a role that is none, or an end that is past.
    pub async fn key_make(&self, cx: &OpContext, new: NewKey) -> Result<(ApiKey, StoredKey), IdentityError> {
        rights::may_manage(cx)?;
        rights::may_give(cx, new.kind, &new.roles)?;
        let now = (self.clock)();
        if new.expires_at.is_some_and(|end| end <= now) {
            return Err(IdentityError::invalid("expires", "a key ends in the future", "密钥的到期时间必须在将来"));
        }
        let display = clean_line(&new.display).ok().flatten().filter(|display| display.chars().count() <= KEY_DISPLAY_MAX);
        let display = display.ok_or_else(|| {
            IdentityError::invalid("display", "say what the key is for, in 1 to 200 letters", "请用 1 到 200 个字符说明密钥用途")
        })?;
        let keys = self.store.keys(cx.model.tenant).await?.len();
        self.store.quota_for_one_more(cx.model.tenant, Quota::Keys, u64::try_from(keys).unwrap_or(u64::MAX)).await?;
        let key = ApiKey::generate();
        let stored = StoredKey {
            id: Uuid::now_v7(),
            kind: new.kind,
            display,
            hash: key.hash(),
            roles: new.roles,
            expires_at: new.expires_at,
            created_at: now,
        };
        let told = trail::told(cx, trail::about_key(AuditKind::KeyMade, &stored));
        self.store.key_put(cx.model.tenant, &stored, &told).await?;
        Ok((key, stored))
    }

    /// All keys that are not revoked, without the keys themselves.
    ///
    /// # Errors
    /// `Forbidden`; what the store says.
    pub async fn keys(&self, cx: &OpContext) -> Result<Vec<StoredKey>, IdentityError> {
        rights::may_manage(cx)?;
        Ok(self.store.keys(cx.model.tenant).await?)
    }

    /// Revokes a key on every node at once.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`; what the store says.
    pub async fn key_revoke(&self, cx: &OpContext, id: Uuid) -> Result<(), IdentityError> {
        rights::may_manage(cx)?;
        let key = self.store.keys(cx.model.tenant).await?.into_iter().find(|key| key.id == id).ok_or(IdentityError::NotFound)?;
        rights::may_touch(cx, &key.roles)?;
        let told = trail::told(cx, trail::about_key(AuditKind::KeyRevoked, &key));
        let revoked = self.store.key_revoke(cx.model.tenant, id, (self.clock)(), &told).await?;
        if revoked { Ok(()) } else { Err(IdentityError::NotFound) }
    }
}
