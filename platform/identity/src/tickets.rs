//! One-time links: an invitation to choose the first password, and a way back for who forgot it.

use std::time::Duration;

use lettre::message::Mailbox;
use serde_json::json;
use tenon_context::{OpContext, Principal};
use tenon_diagnostics::Problem;
use tenon_store::{AuditKind, AuditNote, AuditNotes, MemberState, StoredMember, StoredTicket, TenantInfo, TicketPurpose};

use crate::attempts::Counted;
use crate::letters::{self, Occasion};
use crate::mail::Letter;
use crate::members::NewMember;
use crate::sessions::later;
use crate::sign_in::folded;
use crate::token::TokenKind;
use crate::{Device, Identity, IdentityError, rights, strength, trail};

/// How long an invitation can be accepted (`invitation`).
pub const INVITATION_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long a forgotten password can be chosen anew (`reset`).
pub const RESET_MAX: Duration = Duration::from_secs(60 * 60);

/// Somebody who was just invited.
#[derive(Clone)]
pub struct Invited {
    /// The member.
    pub member: StoredMember,
    /// The link, where it was not sent by mail. Shown this once.
    pub link: Option<String>,
}

impl Identity {
    /// Invites somebody, or once more who has not accepted yet. With a mail server the link goes to his address; without one
    /// it is answered, to administrators only.
    ///
    /// # Errors
    /// `Forbidden`, `NoMail`; as [`Identity::member_make`].
    pub async fn invite(&self, cx: &OpContext, new: NewMember) -> Result<Invited, IdentityError> {
        rights::may_manage(cx)?;
        let by_mail = self.mailer.is_some() && new.email.is_some();
        if !by_mail && !cx.principal.has_role(Principal::ADMINISTRATOR) {
            return Err(IdentityError::NoMail);
        }
        let known = self.store.member_by_login(cx.model.tenant, &folded(&new.login)).await?;
        let member = match known.filter(|member| member.state == MemberState::Invited) {
            Some(member) => {
                rights::may_touch(cx, &member.roles)?;
                member
            }
            None => self.member_make(cx, new).await?,
        };
        let purpose = TicketPurpose::Invitation;
        let told = trail::told(cx, link_made(purpose, &member));
        let link = self.ticket(&self.tenant_of(cx).await?, &member, purpose, &told).await?;
        if by_mail {
            self.post(cx, &member, Occasion::Invitation, &link).await?;
        }
        Ok(Invited { member, link: (!by_mail).then_some(link) })
    }

    /// Accepts an invitation: the member has this password and may sign in.
    ///
    /// # Errors
    /// `Wrong` for a link that is used or ended, and for a weak password, which leaves the link as it is.
    pub async fn invitation_accept(&self, tenant: &str, token: &str, password: &str) -> Result<StoredMember, IdentityError> {
        self.choose(tenant, (TokenKind::Invitation, TicketPurpose::Invitation), token, password).await
    }

    /// Somebody has forgotten his password. The answer is the same whether there is such a login or not; the mail goes out
    /// beside it.
    ///
    /// # Errors
    /// `NoMail` where no letter can be sent to anybody; `TooMany` for an address that asks too often.
    pub async fn reset_begin(&self, tenant: &str, login: &str, device: &Device) -> Result<(), IdentityError> {
        if self.mailer.is_none() {
            return Err(IdentityError::NoMail);
        }
        self.attempts.take(&[Counted::ResetAddress(Counted::network(device.address))])?;
        let (identity, tenant, login) = (self.clone(), tenant.to_owned(), folded(login));
        tokio::spawn(async move {
            if let Err(error) = identity.reset_mail(&tenant, &login).await {
                tracing::warn!("a letter for a new password was not written: {error}");
            }
        });
        Ok(())
    }

    async fn reset_mail(&self, tenant: &str, login: &str) -> Result<(), IdentityError> {
        let Some(found) = self.tenant(tenant).await? else { return Ok(()) };
        let Some(member) = self.store.member_by_login(found.id, login).await? else { return Ok(()) };
        // Who signs in elsewhere (OIDC) has no password to forget.
        if member.state != MemberState::Active || member.password.is_none() || member.email.is_none() {
            return Ok(());
        }
        if self.attempts.take(&[Counted::reset_login(tenant, login)]).is_err() {
            return Ok(());
        }
        let told = self.told_by(&member, link_made(TicketPurpose::Reset, &member));
        let link = self.ticket(&found, &member, TicketPurpose::Reset, &told).await?;
        let facts =
            crate::RequestFacts { request: tenon_value::RequestId::generate(), locale: None, deadline: None, via: tenon_context::Via::Job };
        let cx = self.system(&found, facts).await?;
        self.post(&cx, &member, Occasion::Reset, &link).await
    }

    /// A link by which a member chooses another password, for an administrator to hand over.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`; what the store says.
    pub async fn reset_link(&self, cx: &OpContext, login: &str) -> Result<String, IdentityError> {
        if !cx.principal.has_role(Principal::ADMINISTRATOR) {
            return Err(IdentityError::Forbidden);
        }
        let member = self.store.member_by_login(cx.model.tenant, &folded(login)).await?.ok_or(IdentityError::NotFound)?;
        let purpose = match member.state {
            MemberState::Active => TicketPurpose::Reset,
            MemberState::Invited => TicketPurpose::Invitation,
            MemberState::Disabled => return Err(IdentityError::NotFound),
        };
        let told = trail::told(cx, link_made(purpose, &member));
        self.ticket(&self.tenant_of(cx).await?, &member, purpose, &told).await
    }

    /// Chooses another password: all sessions end.
    ///
    /// # Errors
    /// As [`Identity::invitation_accept`].
    pub async fn reset_complete(&self, tenant: &str, token: &str, password: &str) -> Result<StoredMember, IdentityError> {
        self.choose(tenant, (TokenKind::Reset, TicketPurpose::Reset), token, password).await
    }

    async fn choose(
        &self,
        tenant: &str,
        what: (TokenKind, TicketPurpose),
        token: &str,
        password: &str,
    ) -> Result<StoredMember, IdentityError> {
        let (kind, purpose) = what;
        let hash = kind.hash(token).ok_or_else(ended)?;
        let tenant = self.tenant(tenant).await?.ok_or_else(ended)?;
        let now = (self.clock)();
        let user = self.store.ticket(tenant.id, &hash, purpose, now).await?.ok_or_else(ended)?;
        let member = self.store.member(tenant.id, user).await?.ok_or_else(ended)?;
        let name = self.person_name(&tenant, &member).await?;
        strength::check(password, &[&name, &member.login, member.email.as_deref().unwrap_or_default()])?;
        let password = self.hasher.hash(password).await?;
        let (kind, step) = match purpose {
            TicketPurpose::Invitation => (AuditKind::PasswordChanged, "accepted"),
            TicketPurpose::Reset => (AuditKind::PasswordReset, "completed"),
        };
        let told = self.told_by(&member, trail::about(kind, user).facts(json!({ "link": step })));
        if !self.store.ticket_use(tenant.id, (&hash, purpose), &password, now, &told).await? {
            return Err(ended());
        }
        if purpose == TicketPurpose::Invitation {
            let facts = crate::RequestFacts {
                request: tenon_value::RequestId::generate(),
                locale: None,
                deadline: None,
                via: tenon_context::Via::Job,
            };
            let cx = self.system(&tenant, facts).await?;
            self.person_state(&cx, user, MemberState::Active).await;
        }
        self.store.member(tenant.id, user).await?.ok_or_else(ended)
    }

    /// A new link instead of those before it.
    async fn ticket(
        &self,
        tenant: &TenantInfo,
        member: &StoredMember,
        purpose: TicketPurpose,
        told: &AuditNotes,
    ) -> Result<String, IdentityError> {
        let (kind, door, lives) = match purpose {
            TicketPurpose::Invitation => (TokenKind::Invitation, "invitations/accept", INVITATION_MAX),
            TicketPurpose::Reset => (TokenKind::Reset, "resets/complete", RESET_MAX),
        };
        let (token, hash) = kind.generate();
        let now = (self.clock)();
        let ticket = StoredTicket { hash, member: member.user, purpose, created_at: now, expires_at: later(now, lives) };
        self.store.ticket_put(tenant.id, &ticket, told).await?;
        // Behind `#`: no server on the way, and no log, is told.
        Ok(format!("{}/t/{}/{door}#{token}", self.public_url, tenant.name))
    }

    async fn post(&self, cx: &OpContext, member: &StoredMember, occasion: Occasion, link: &str) -> Result<(), IdentityError> {
        let mailer = self.mailer.as_ref().ok_or(IdentityError::NoMail)?;
        let address = member.email.as_deref().and_then(|email| email.parse().ok()).ok_or(IdentityError::NoMail)?;
        let tenant = self.tenant_of(cx).await?;
        let (subject, text) = letters::words(occasion, cx.model.settings.locale, &tenant.name, link);
        let letter = Letter { to: Mailbox::new(None, address), subject, text };
        mailer.send(letter).map_err(|_| {
            let max = u64::try_from(crate::MAIL_QUEUE_MAX).unwrap_or(u64::MAX);
            IdentityError::Wrong(Box::new(Problem::exhausted("mail_queue", max, max + 1)))
        })
    }

    pub(crate) async fn tenant_of(&self, cx: &OpContext) -> Result<TenantInfo, IdentityError> {
        self.store.tenant_by_id(cx.model.tenant).await?.ok_or(IdentityError::NotFound)
    }
}

/// A link was made, by which somebody can choose a password.
fn link_made(purpose: TicketPurpose, member: &StoredMember) -> AuditNote {
    let kind = match purpose {
        TicketPurpose::Invitation => AuditKind::MemberInvited,
        TicketPurpose::Reset => AuditKind::PasswordReset,
    };
    trail::about(kind, member.user).facts(json!({ "link": "made" }))
}

fn ended() -> IdentityError {
    IdentityError::invalid("ticket", "this link was used or has ended, ask for another", "链接已使用或已过期,请重新获取")
}
