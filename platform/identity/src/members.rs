//! Members: made, changed, listed, disabled. Each is a person with a record of `user`, which is made with him.

use serde_json::json;
use tenon_context::{ActorKind, OpContext, Principal};
use tenon_diagnostics::{Kind, Message, Problem};
use tenon_store::{AuditBy, AuditKind, AuditNotes, MemberState, StoreError, StoredMember};
use tenon_value::{Uuid, clean_line};

use crate::sign_in::{LOGIN_BYTES_MAX, folded};
use crate::{Identity, IdentityError, rights, strength, trail};

/// A member to be made.
#[derive(Clone, Debug)]
pub struct NewMember {
    /// `User` or `PortalUser`.
    pub kind: ActorKind,
    /// What is typed to sign in.
    pub login: String,
    /// Where mail goes.
    pub email: Option<String>,
    /// What people call him; none: what stands before the `@` of his login.
    pub name: Option<String>,
    /// Roles by API name.
    pub roles: Vec<String>,
    /// A portal user's account.
    pub account: Option<Uuid>,
    /// A portal user's contact.
    pub contact: Option<Uuid>,
    /// A portal user's partner.
    pub partner: Option<Uuid>,
    /// A record of `user` that is there already; none: the one with this login or address, else a new one.
    pub user: Option<Uuid>,
}

impl NewMember {
    /// A member of the staff, whose login is his address.
    #[must_use]
    pub fn staff(email: &str, roles: Vec<String>) -> Self {
        Self {
            kind: ActorKind::User,
            login: email.to_owned(),
            email: Some(email.to_owned()),
            name: None,
            roles,
            account: None,
            contact: None,
            partner: None,
            user: None,
        }
    }
}

/// What is changed of a member; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct MemberChange {
    /// Another login.
    pub login: Option<String>,
    /// Another address.
    pub email: Option<String>,
    /// Other roles, all of them.
    pub roles: Option<Vec<String>>,
    /// Another state.
    pub state: Option<MemberState>,
}

/// A password that was strong enough, as it is stored.
pub struct Hashed(String);

impl std::fmt::Debug for Hashed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hashed")
    }
}

impl Identity {
    /// Makes a member who is invited: there is no password yet. The person's record is made, or found by login or address.
    ///
    /// # Errors
    /// `Forbidden`; `Wrong` for a login that is taken, a role that is none or not for this kind, a portal user of nobody.
    pub async fn member_make(&self, cx: &OpContext, new: NewMember) -> Result<StoredMember, IdentityError> {
        self.member_put(cx, new, None).await
    }

    async fn member_put(&self, cx: &OpContext, new: NewMember, password: Option<String>) -> Result<StoredMember, IdentityError> {
        rights::may_manage(cx)?;
        rights::may_give(cx, new.kind, &new.roles)?;
        self.check_belonging(cx, &new).await?;
        let login = checked_login(&new.login)?;
        let email = new.email.as_deref().map(checked_email).transpose()?;
        if self.store.member_by_login(cx.model.tenant, &login).await?.is_some() {
            return Err(StoreError::LoginTaken.into());
        }
        let user = self.person(cx, &new, &login, email.as_deref()).await?;
        if self.store.member(cx.model.tenant, user).await?.is_some() {
            return Err(IdentityError::Wrong(Box::new(Problem::conflict("member", "this person is a member already", "此人已是成员"))));
        }
        let member = StoredMember {
            user,
            kind: new.kind,
            login,
            email,
            state: if password.is_some() { MemberState::Active } else { MemberState::Invited },
            password,
            roles: new.roles,
            account: new.account,
            contact: new.contact,
            partner: new.partner,
            created_at: (self.clock)(),
            last_sign_in_at: None,
            has_totp: false,
        };
        let facts = json!({ "kind": member.kind.word(), "roles": member.roles, "state": member.state.word() });
        let detail = json!({ "login": member.login, "email": member.email });
        let told = trail::told(cx, trail::about(AuditKind::MemberInvited, member.user).facts(facts).detail(detail));
        self.store.member_put(cx.model.tenant, &member, &told).await?;
        Ok(member)
    }

    /// All members by login.
    ///
    /// # Errors
    /// `Forbidden`; what the store says.
    pub async fn members(&self, cx: &OpContext) -> Result<Vec<StoredMember>, IdentityError> {
        rights::may_manage(cx)?;
        Ok(self.store.members(cx.model.tenant).await?)
    }

    /// One member.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`; what the store says.
    pub async fn member(&self, cx: &OpContext, user: Uuid) -> Result<StoredMember, IdentityError> {
        rights::may_manage(cx)?;
        self.store.member(cx.model.tenant, user).await?.ok_or(IdentityError::NotFound)
    }

    /// Changes a member; who may no longer sign in loses all sessions at once.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Wrong`; what the store says.
    pub async fn member_change(&self, cx: &OpContext, user: Uuid, change: MemberChange) -> Result<StoredMember, IdentityError> {
        let before = self.member(cx, user).await?;
        rights::may_touch(cx, &before.roles)?;
        let mut after = before.clone();
        if let Some(roles) = change.roles {
            let is_own = user == cx.principal.id && !cx.principal.has_role(Principal::ADMINISTRATOR);
            if is_own && roles != before.roles {
                return Err(IdentityError::Forbidden);
            }
            rights::may_give(cx, before.kind, &roles)?;
            after.roles = roles;
        }
        if let Some(login) = change.login {
            after.login = checked_login(&login)?;
        }
        if let Some(email) = change.email {
            after.email = Some(checked_email(&email)?);
        }
        if let Some(state) = change.state {
            // Who has no password yet is still invited.
            after.state = if state == MemberState::Active && before.password.is_none() { MemberState::Invited } else { state };
        }
        if after == before {
            return Ok(before);
        }
        self.keep_an_administrator(cx, &before, &after).await?;
        let told = AuditNotes::new(AuditBy::of(cx), trail::changed(&before, &after));
        if !self.store.member_change(cx.model.tenant, &after, &told).await? {
            return Err(IdentityError::NotFound);
        }
        if before.state != after.state {
            self.person_state(cx, user, after.state).await;
        }
        Ok(after)
    }

    /// Removes a member; the person's record stays.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`; `Wrong` for the last administrator.
    pub async fn member_remove(&self, cx: &OpContext, user: Uuid) -> Result<(), IdentityError> {
        let before = self.member(cx, user).await?;
        rights::may_touch(cx, &before.roles)?;
        let after = StoredMember { state: MemberState::Disabled, ..before.clone() };
        self.keep_an_administrator(cx, &before, &after).await?;
        let told = AuditNotes::new(AuditBy::of(cx), trail::changed(&before, &after));
        let removed = self.store.member_remove(cx.model.tenant, user, &told).await?;
        if removed { Ok(()) } else { Err(IdentityError::NotFound) }
    }

    /// Gives the caller another password; he gives the one he has. His other sessions end.
    ///
    /// # Errors
    /// `Wrong` for a wrong or weak password.
    pub async fn password_change(&self, cx: &OpContext, session: Option<Uuid>, current: &str, wanted: &str) -> Result<(), IdentityError> {
        let member = self.own_member(cx).await?;
        self.check_password(cx, &member, current).await?;
        strength::check(wanted, &[&cx.principal.display, &member.login, member.email.as_deref().unwrap_or_default()])?;
        let hash = self.hasher.hash(wanted).await?;
        let told = trail::told(cx, trail::about(AuditKind::PasswordChanged, member.user));
        Ok(self.store.member_password(cx.model.tenant, member.user, &hash, session, &told).await?)
    }

    /// Hashes the password of somebody who is to become a member. That takes as long as making a tenant for him, and can be done beside it.
    ///
    /// # Errors
    /// `Wrong` for a weak password; `Busy` where too many are hashed at once.
    pub async fn password_of(&self, new: &NewMember, password: &str) -> Result<Hashed, IdentityError> {
        strength::check(password, &[&new.login, new.email.as_deref().unwrap_or_default(), new.name.as_deref().unwrap_or_default()])?;
        Ok(Hashed(self.hasher.hash(password).await?))
    }

    /// Makes somebody a member with a password at once: the first administrator, and what a test needs.
    ///
    /// # Errors
    /// As [`Identity::member_make`].
    pub async fn member_with_password(&self, cx: &OpContext, new: NewMember, Hashed(hash): Hashed) -> Result<StoredMember, IdentityError> {
        let member = self.member_put(cx, new, Some(hash)).await?;
        self.person_state(cx, member.user, MemberState::Active).await;
        Ok(member)
    }

    /// Whether the caller may do something to this member: nobody touches who is above him.
    pub(crate) async fn may_touch(&self, cx: &OpContext, user: Uuid) -> Result<(), IdentityError> {
        match self.store.member(cx.model.tenant, user).await? {
            Some(member) => rights::may_touch(cx, &member.roles),
            None => Ok(()),
        }
    }

    /// A portal user belongs to an account, contact or partner that is there; nobody of the staff does.
    async fn check_belonging(&self, cx: &OpContext, new: &NewMember) -> Result<(), IdentityError> {
        let belongs = [("account", new.account), ("contact", new.contact), ("partner", new.partner)];
        let named: Vec<_> = belongs.into_iter().filter_map(|(object, id)| Some((object, id?))).collect();
        if named.is_empty() == (new.kind == ActorKind::PortalUser) {
            return Err(IdentityError::invalid(
                "member/belonging",
                "a portal user belongs to an account, contact or partner, a user to none",
                "门户用户必须属于客户、联系人或伙伴,内部用户则不能",
            ));
        }
        for (object, id) in named {
            if !self.is_live(cx, object, id).await? {
                return Err(IdentityError::Wrong(Box::new(
                    Problem::invalid("reference", "there is no such record", "引用的记录不存在").object(object).with("id", id.to_string()),
                )));
            }
        }
        Ok(())
    }

    /// Refuses to leave a tenant without anybody who may do everything.
    pub(crate) async fn keep_an_administrator(
        &self,
        cx: &OpContext,
        before: &StoredMember,
        after: &StoredMember,
    ) -> Result<(), IdentityError> {
        let rules =
            |member: &StoredMember| member.state == MemberState::Active && member.roles.iter().any(|role| role == Principal::ADMINISTRATOR);
        if !rules(before) || rules(after) {
            return Ok(());
        }
        let members = self.store.members(cx.model.tenant).await?;
        if members.iter().any(|member| member.user != before.user && rules(member)) {
            return Ok(());
        }
        let message = Message::new("the last administrator must stay one", "必须保留至少一名管理员");
        Err(IdentityError::Wrong(Box::new(Problem { rule: Some("last_administrator".into()), message, ..Problem::of_kind(Kind::Refused) })))
    }
}

fn checked_login(login: &str) -> Result<String, IdentityError> {
    let login = folded(login);
    let fits = (1..=LOGIN_BYTES_MAX).contains(&login.len()) && !login.chars().any(|letter| letter.is_control() || letter.is_whitespace());
    if fits {
        Ok(login)
    } else {
        Err(IdentityError::invalid("login", "a login is a word or an address", "登录名应为一个词或邮箱地址"))
    }
}

pub(crate) fn checked_email(email: &str) -> Result<String, IdentityError> {
    let email = clean_line(email).ok().flatten().unwrap_or_default();
    match email.parse::<lettre::Address>() {
        Ok(_) if email.len() <= LOGIN_BYTES_MAX => Ok(email),
        _ => Err(IdentityError::invalid("email", "this is no mail address", "邮箱地址无效")),
    }
}
