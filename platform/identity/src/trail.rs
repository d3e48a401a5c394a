//! What the audit trail is told of sign-ins, members and keys. Ids and roles are facts; logins and addresses are details
//! that go when the person is erased.
//!
//! Invariant: what tells of a change is written in the change's own transaction; only what changed nothing is noted by itself.

use serde_json::json;
use tenon_context::{ActorKind, OpContext};
use tenon_store::{AuditBy, AuditKind, AuditNote, AuditNotes, StoredKey, StoredMember};
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

/// What a caller tells of a change, written with the change itself.
pub(crate) fn told(cx: &OpContext, note: AuditNote) -> AuditNotes {
    AuditNotes::new(AuditBy::of(cx), [note])
}

/// What changed of a member: his roles, and the rest.
pub(crate) fn changed(before: &StoredMember, after: &StoredMember) -> Vec<AuditNote> {
    let mut notes = Vec::new();
    if before.roles != after.roles {
        let facts = json!({ "before": before.roles, "after": after.roles });
        notes.push(about(AuditKind::RolesChanged, after.user).facts(facts));
    }
    if (before.state, &before.login, &before.email) != (after.state, &after.login, &after.email) {
        let facts = json!({ "before": before.state.word(), "after": after.state.word() });
        let detail = json!({ "login": after.login, "email": after.email });
        notes.push(about(AuditKind::MemberChanged, after.user).facts(facts).detail(detail));
    }
    notes
}

impl Identity {
    /// What a member tells of a change before there is a context for him: he signs in, or chooses a password by a link.
    pub(crate) fn told_by(&self, member: &StoredMember, note: AuditNote) -> AuditNotes {
        AuditNotes::new(self.by(Some(member)), [note])
    }

    /// Notes what changed nothing: somebody could not sign in. On disk when this returns.
    pub(crate) async fn note_by(&self, tenant: TenantId, member: Option<&StoredMember>, note: AuditNote) -> Result<(), IdentityError> {
        Ok(self.store.audit_note_by(tenant, &self.by(member), note).await?)
    }

    fn by(&self, member: Option<&StoredMember>) -> AuditBy {
        let (kind, id, display) =
            member.map_or((ActorKind::User, Uuid::nil(), String::new()), |member| (member.kind, member.user, member.login.clone()));
        AuditBy { kind, id, display, via: VIA, request: Some(RequestId::generate()), now: (self.clock)(), reason: None }
    }
}
