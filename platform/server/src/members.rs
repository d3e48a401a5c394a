//! Members of a tenant, for the operator's command line: invited, listed, disabled, given a way back.

use serde_json::json;
use tenon_context::OpContext;
use tenon_identity::{IdentityError, MemberChange, NewMember};
use tenon_store::{MemberState, StoredMember};
use tenon_value::Json;

use crate::declined::Declined;
use crate::engine::Engine;

impl Engine {
    /// Invites somebody; the answer has the link where it was not sent by mail.
    ///
    /// # Errors
    /// Where there is no such tenant or role, the login is taken, or the database fails.
    pub(crate) async fn user_invite(&self, tenant: &str, email: &str, name: Option<&str>, roles: &[String]) -> anyhow::Result<Json> {
        let tenant = self.tenant_named(tenant).await?;
        let context = self.system_context(&tenant).await?;
        let new = NewMember { name: name.map(str::to_owned), ..NewMember::staff(email, roles.to_vec()) };
        let invited = Box::pin(self.identity.invite(&context, new)).await?;
        Ok(json!({ "member": shown(&invited.member), "mailed": invited.link.is_none(), "link": invited.link }))
    }

    /// All members of a tenant.
    ///
    /// # Errors
    /// Where there is no such tenant, or the database fails.
    pub(crate) async fn user_list(&self, tenant: &str) -> anyhow::Result<Json> {
        let tenant = self.tenant_named(tenant).await?;
        let members = self.identity.members(&self.system_context(&tenant).await?).await?;
        Ok(members.iter().map(shown).collect())
    }

    /// Lets a member sign in no longer, or again.
    ///
    /// # Errors
    /// Where there is no such tenant, member or state, or he is the last administrator.
    pub(crate) async fn user_state(&self, tenant: &str, login: &str, state: &str) -> anyhow::Result<Json> {
        let tenant = self.tenant_named(tenant).await?;
        let context = self.system_context(&tenant).await?;
        let state = MemberState::from_word(state).filter(|state| *state != MemberState::Invited);
        let state = state.ok_or_else(|| Declined::invalid("state", "a member is made `active` or `disabled`"))?;
        let member = self.member_named(&context, login).await?;
        let change = MemberChange { state: Some(state), ..MemberChange::default() };
        Ok(shown(&Box::pin(self.identity.member_change(&context, member.user, change)).await?))
    }

    /// A link by which a member chooses another password.
    ///
    /// # Errors
    /// Where there is no such tenant or member, or he is disabled.
    pub(crate) async fn user_reset(&self, tenant: &str, login: &str) -> anyhow::Result<Json> {
        let tenant = self.tenant_named(tenant).await?;
        let context = self.system_context(&tenant).await?;
        match self.identity.reset_link(&context, login).await {
            Err(IdentityError::NotFound) => Err(no_member(login).into()),
            done => Ok(json!({ "login": login, "link": done? })),
        }
    }

    async fn member_named(&self, context: &OpContext, login: &str) -> anyhow::Result<StoredMember> {
        let members = self.identity.members(context).await?;
        let found = members.into_iter().find(|member| member.login.eq_ignore_ascii_case(login.trim()));
        found.ok_or_else(|| no_member(login).into())
    }
}

fn no_member(login: &str) -> Declined {
    Declined::not_found(format!("there is no member `{login}`"))
}

fn shown(member: &StoredMember) -> Json {
    json!({
        "user": member.user.to_string(), "login": member.login, "kind": member.kind.word(), "roles": member.roles, "state": member.state.word(),
        "lastSignInAt": member.last_sign_in_at.map(|at| at.to_string()),
    })
}
