//! Who somebody at a provider is here: linked before, known by his address, or made a member now.
//!
//! Invariant: an address links or makes a member only where the provider vouches for it and its domain is let in;
//! afterwards the provider's subject alone counts, for addresses are given to others.

use tenon_context::{ActorKind, OpContext, Principal};
use tenon_store::{AuditBy, AuditNotes, MemberState, StoredMember};
use tenon_value::{Json, fold};

use super::error::Refusal;
use super::provider::Joining;
use super::sign_in::Partner;
use super::{Oidc, OidcError};
use crate::members::NewMember;
use crate::trail;

impl Oidc {
    /// The member of these claims, active, with the roles the claims give.
    pub(crate) async fn member_of(&self, cx: &OpContext, partner: &Partner, claims: &Json) -> Result<StoredMember, OidcError> {
        let store = &self.identity.store;
        let subject = claims.get("sub").and_then(Json::as_str).ok_or(Refusal::Lacks("sub"))?;
        let member = match store.identity(cx.model.tenant, &partner.name, subject).await? {
            Some(user) => store.member(cx.model.tenant, user).await?.ok_or(Refusal::Member)?,
            None => {
                let member = self.by_address(cx, partner, claims).await?;
                if !store.identity_put(cx.model.tenant, (&partner.name, subject), member.user, (self.identity.clock)()).await? {
                    return Err(Refusal::Member.into());
                }
                member
            }
        };
        self.brought_up_to_date(cx, partner, claims, member).await
    }

    async fn by_address(&self, cx: &OpContext, partner: &Partner, claims: &Json) -> Result<StoredMember, OidcError> {
        let settings = &partner.settings;
        let email = claims.get("email").and_then(Json::as_str).ok_or(Refusal::Unverified)?;
        let verified = match claims.get("email_verified") {
            Some(Json::Bool(verified)) => *verified,
            Some(Json::String(verified)) => verified == "true",
            _ => settings.trust_email,
        };
        if !verified {
            return Err(Refusal::Unverified.into());
        }
        if !settings.lets_in(email) {
            return Err(Refusal::Domain.into());
        }
        let found = self.identity.store.member_by_login(cx.model.tenant, &fold(email.trim())).await?;
        match (found, settings.joining) {
            (Some(member), _) if member.kind == ActorKind::User => Ok(member),
            (Some(_), _) => Err(Refusal::Member.into()),
            (None, Joining::Invited) => Err(Refusal::Unknown.into()),
            (None, Joining::Create) => {
                let name = claims.get("name").and_then(Json::as_str).map(str::trim).filter(|name| !name.is_empty());
                let new = NewMember {
                    name: name.map(|name| name.chars().take(100).collect()),
                    ..NewMember::staff(email, settings.roles.clone())
                };
                Ok(self.identity.member_make(cx, new).await?)
            }
        }
    }

    /// An invited member is active from his first sign-in on; roles that the provider governs follow its claims.
    async fn brought_up_to_date(
        &self,
        cx: &OpContext,
        partner: &Partner,
        claims: &Json,
        member: StoredMember,
    ) -> Result<StoredMember, OidcError> {
        if member.state == MemberState::Disabled {
            return Err(Refusal::Member.into());
        }
        let mut after = StoredMember { state: MemberState::Active, ..member.clone() };
        if let Some(mapped) = partner.settings.mapped_roles(claims) {
            after.roles = mapped.applied(&member.roles);
            // A role that has gone from the model since the provider was set up gives nothing.
            after.roles.retain(|role| {
                member.roles.contains(role)
                    || role == Principal::ADMINISTRATOR
                    || cx.model.role_named(role).is_some_and(|role| !role.portal)
            });
        }
        // Claims may not leave the tenant without anybody who looks after it: then the roles stay as they are.
        if self.identity.keep_an_administrator(cx, &member, &after).await.is_err() {
            after.roles.clone_from(&member.roles);
        }
        if after != member {
            let told = AuditNotes::new(AuditBy::of(cx), trail::changed(&member, &after));
            self.identity.store.member_change(cx.model.tenant, &after, &told).await?;
        }
        if after.state != member.state {
            self.identity.person_state(cx, member.user, after.state).await;
        }
        Ok(after)
    }
}
