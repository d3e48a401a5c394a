//! Sessions: begun by a sign-in, listed, ended. A cookie carries the token; the store knows its hash.

use std::time::Duration;

use serde_json::json;
use tenon_context::OpContext;
use tenon_store::{AuditKind, StoredMember, StoredSession, TenantInfo};
use tenon_value::{DateTime, Uuid};

use crate::token::TokenKind;
use crate::{Device, Identity, IdentityError, rights, trail};

/// How long a session lives, used or not (`session`).
pub const SESSION_MAX: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// How long a session lives unused (`session_idle`).
pub const SESSION_IDLE_MAX: Duration = Duration::from_secs(12 * 60 * 60);
/// Sessions of one member; beyond it the one unused for longest ends (`sessions`).
pub const SESSIONS_MAX: u32 = 50;
/// How often the use of a session is noted.
pub(crate) const SEEN_EVERY: Duration = Duration::from_secs(60);

pub(crate) fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn later(at: DateTime, time: Duration) -> DateTime {
    DateTime::from_millis(at.millis().saturating_add(millis(time)))
}

/// A session just begun: its token is shown this once.
#[derive(Clone)]
pub struct Begun {
    /// What the cookie holds.
    pub token: String,
    /// The session as stored.
    pub session: StoredSession,
    /// Who signed in.
    pub member: StoredMember,
    /// What people call him.
    pub display: String,
}

impl Identity {
    /// Begins a session of a member who has proved himself, by password or at a provider we trust. Its token is new, whatever
    /// the caller's browser held before.
    ///
    /// # Errors
    /// `Unrecognized` where the member may not sign in; what the store says.
    pub async fn session_begin(&self, tenant: &TenantInfo, member: &StoredMember, device: &Device) -> Result<Begun, IdentityError> {
        let model = self.catalog.model(tenant.id).await?;
        let epoch = self.store.epoch(tenant.id).await?;
        let principal = self.of_member(tenant, epoch, &model, member).await?;
        let now = (self.clock)();
        let (token, hash) = TokenKind::Session.generate();
        let session = StoredSession {
            id: Uuid::now_v7(),
            member: member.user,
            hash,
            created_at: now,
            seen_at: now,
            expires_at: later(now, SESSION_MAX),
            user_agent: device.user_agent.clone(),
            address: device.address.to_string(),
        };
        let note = trail::about(AuditKind::SignedIn, member.user).facts(json!({ "session": session.id.to_string() }));
        let told = self.told_by(member, note.detail(trail::from(device, &member.login)));
        self.store.session_put(tenant.id, &session, SESSIONS_MAX, &told).await?;
        Ok(Begun { token, session, member: member.clone(), display: principal.display.clone() })
    }

    /// The sessions that go on, the last used first: the caller's own, or another member's for who may manage members.
    ///
    /// # Errors
    /// `Forbidden`; what the store says.
    pub async fn sessions(&self, cx: &OpContext, of: Option<Uuid>) -> Result<Vec<StoredSession>, IdentityError> {
        let member = of.unwrap_or(cx.principal.id);
        if member != cx.principal.id {
            rights::may_manage(cx)?;
        }
        let now = (self.clock)();
        let mut sessions = self.store.sessions(cx.model.tenant, member).await?;
        sessions.retain(|session| session.expires_at > now && now.millis() - session.seen_at.millis() < millis(SESSION_IDLE_MAX));
        Ok(sessions)
    }

    /// Ends one of the caller's own sessions (`own` is the one he came with), or another member's for who may manage members; on every node at once.
    ///
    /// # Errors
    /// `NotFound` where there is none, or it is somebody else's; what the store says.
    pub async fn session_end(&self, cx: &OpContext, own: Option<Uuid>, id: Uuid) -> Result<(), IdentityError> {
        let session = self.store.session(cx.model.tenant, id).await?.ok_or(IdentityError::NotFound)?;
        if session.member != cx.principal.id {
            // Whoever may not see another's sessions is not told that there is one.
            rights::may_manage(cx).map_err(|_| IdentityError::NotFound)?;
            self.may_touch(cx, session.member).await?;
        }
        let kind = if own == Some(id) { AuditKind::SignedOut } else { AuditKind::SessionRevoked };
        let told = trail::told(cx, trail::about(kind, session.member).facts(json!({ "session": id.to_string() })));
        let ended = self.store.session_end(cx.model.tenant, id, &told).await?;
        if ended { Ok(()) } else { Err(IdentityError::NotFound) }
    }

    /// Ends the session of a token, if it is one: a browser that signs in again has no use for it.
    ///
    /// # Errors
    /// What the store says.
    pub async fn session_replace(&self, tenant: &str, token: &str) -> Result<(), IdentityError> {
        let (Some(tenant), Some(hash)) = (self.tenant(tenant).await?, TokenKind::Session.hash(token)) else { return Ok(()) };
        if let Some(session) = self.store.session_by_hash(tenant.id, &hash).await? {
            let Some(member) = self.store.member(tenant.id, session.member).await? else { return Ok(()) };
            let facts = json!({ "session": session.id.to_string(), "replaced": true });
            let told = self.told_by(&member, trail::about(AuditKind::SignedOut, member.user).facts(facts));
            self.store.session_end(tenant.id, session.id, &told).await?;
        }
        Ok(())
    }

    /// Ends all of the caller's sessions but this one, or all of another member's.
    ///
    /// # Errors
    /// `Forbidden`; what the store says.
    pub async fn sessions_end(&self, cx: &OpContext, of: Uuid) -> Result<u64, IdentityError> {
        if of != cx.principal.id {
            rights::may_manage(cx)?;
            self.may_touch(cx, of).await?;
        }
        let told = |ended: u64| trail::told(cx, trail::about(AuditKind::SessionRevoked, of).facts(json!({ "ended": ended })));
        Ok(self.store.sessions_end(cx.model.tenant, of, told).await?)
    }
}
