//! What the audit trail is told of sign-ins, members and keys. Ids and roles are facts; logins and addresses are details
//! that go when the person is erased.

use serde_json::json;
use tenon_context::{ActorKind, OpContext};
use tenon_store::{AuditBy, AuditKind, AuditNote, StoredKey, StoredMember};
use tenon_value::{Json, RecordId, RequestId, TenantId, Uuid};

use crate::{Device, Identity, IdentityError};

/// The door's word of what happens without a context.
const VIA: &str = "session";

/// Where somebody signs in from.
pub(crate) fn from(device: &Device, login: &str) -> Json {
    json!({ "login": login, "address": device.address.to_string(), "userAgent": device.user_agent })
}

/// A note about a member.
pub(crate) fn about(kind: AuditKind, user: Uuid) -> AuditNote {
    AuditNote::new(kind).about("user", Some(RecordId(user)))
}

/// A note about a key.
pub(crate) fn about_key(kind: AuditKind, key: &StoredKey) -> AuditNote {
    let facts = json!({ "key": key.id.to_string(), "kind": key.kind.word(), "roles": key.roles, "expiresAt": key.expires_at.map(|at| at.to_string()) });
    AuditNote::new(kind).facts(facts).detail(json!({ "display": key.display }))
}

impl Identity {
    /// Notes what a caller did; on disk when this returns.
    pub(crate) async fn note(&self, cx: &OpContext, note: AuditNote) -> Result<(), IdentityError> {
        Ok(self.store.audit_note(cx, note).await?)
    }

    /// Notes what a member did before there was a context for him: he signs in, or chooses a password by a link.
    pub(crate) async fn note_by(&self, tenant: TenantId, member: Option<&StoredMember>, note: AuditNote) -> Result<(), IdentityError> {
        let (kind, id, display) =
            member.map_or((ActorKind::User, Uuid::nil(), String::new()), |member| (member.kind, member.user, member.login.clone()));
        let by = AuditBy { kind, id, display, via: VIA, request: Some(RequestId::generate()), now: (self.clock)(), reason: None };
        Ok(self.store.audit_note_by(tenant, &by, note).await?)
    }

    /// Notes what changed of a member.
    pub(crate) async fn note_change(&self, cx: &OpContext, before: &StoredMember, after: &StoredMember) -> Result<(), IdentityError> {
        if before.roles != after.roles {
            let facts = json!({ "before": before.roles, "after": after.roles });
            self.note(cx, about(AuditKind::RolesChanged, after.user).facts(facts)).await?;
        }
        if (before.state, &before.login, &before.email) != (after.state, &after.login, &after.email) {
            let facts = json!({ "before": before.state.word(), "after": after.state.word() });
            let detail = json!({ "login": after.login, "email": after.email });
            self.note(cx, about(AuditKind::MemberChanged, after.user).facts(facts).detail(detail)).await?;
        }
        Ok(())
    }
}
