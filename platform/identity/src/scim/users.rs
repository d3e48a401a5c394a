//! `/Users`: made, read, listed, replaced, patched, deleted.
//!
//! DELETE disables: records point to people, and history must go on naming them. The resource is gone for clients; a POST
//! with the same `userName` brings the same person back.

use std::collections::{HashMap, HashSet};

use tenon_context::{ActorKind, OpContext};
use tenon_store::{MemberState, ScimKind, StoredMember, StoredScim};
use tenon_value::{Json, Uuid, fold};

use super::filter::Filter;
use super::list::{ListRequest, Page};
use super::patch;
use super::read;
use super::schema::ResourceKind;
use super::user::{Before, DELETED, Known, Wanted, is_deleted};
use super::{Scim, ScimError};
use crate::members::{MemberChange, NewMember};
use crate::rights;

/// Members that a filter which no index serves is judged on.
pub const USERS_SCANNED_MAX: usize = 50_000;

impl Scim {
    /// The user of an id.
    pub(crate) async fn user(&self, cx: &OpContext, id: &str) -> Result<Known, ScimError> {
        let missing = || ScimError::not_found(id);
        let user: Uuid = id.parse().map_err(|_| missing())?;
        let member = self.identity.store.member(cx.model.tenant, user).await?.filter(is_staff).ok_or_else(missing)?;
        let known = self.known(cx, vec![member], true).await?.pop().ok_or_else(missing)?;
        if known.is_deleted() { Err(missing()) } else { Ok(known) }
    }

    /// Everything known of these members, in their order.
    async fn known(&self, cx: &OpContext, members: Vec<StoredMember>, with_groups: bool) -> Result<Vec<Known>, ScimError> {
        let (store, tenant) = (&self.identity.store, cx.model.tenant);
        let ids: Vec<Uuid> = members.iter().map(|member| member.user).collect();
        let mut persons = self.persons(cx, &ids).await?;
        let mut kept: HashMap<Uuid, StoredScim> = match ids.as_slice() {
            [one] => store.scim(tenant, ScimKind::User, *one).await?.into_iter().map(|kept| (kept.id, kept)).collect(),
            _ => store.scims(tenant, ScimKind::User).await?.into_iter().map(|kept| (kept.id, kept)).collect(),
        };
        let mut groups: HashMap<Uuid, Vec<(Uuid, String)>> = HashMap::new();
        if with_groups {
            let memberships = match ids.as_slice() {
                [one] => store.memberships_of_members(tenant, &[*one]).await?,
                _ => store.memberships(tenant).await?,
            };
            if !memberships.is_empty() {
                let names = self.group_names(cx).await?;
                for (group, member) in memberships {
                    let name = names.get(&group).cloned().unwrap_or_default();
                    groups.entry(member).or_default().push((group, name));
                }
            }
        }
        let whole = |member: StoredMember| {
            let id = member.user;
            let person = persons.remove(&id).unwrap_or_default();
            Known { member, person, kept: kept.remove(&id), groups: groups.remove(&id).unwrap_or_default() }
        };
        Ok(members.into_iter().map(whole).collect())
    }

    /// A page of the users that match.
    pub(crate) async fn users(&self, cx: &OpContext, list: &ListRequest) -> Result<Page, ScimError> {
        let members = self.candidates(cx, list.filter.as_ref()).await?;
        let Some(filter) = &list.filter else {
            let hidden = self.deleted(cx).await?;
            let all: Vec<StoredMember> =
                members.into_iter().filter(|member| !(member.state == MemberState::Disabled && hidden.contains(&member.user))).collect();
            let total = all.len();
            let page = list.window(all);
            let known = self.known(cx, page, list.projection.wants("groups")).await?;
            return Ok(Page { total, resources: known.iter().map(|one| one.rendered(&self.base)).collect() });
        };
        if members.len() > USERS_SCANNED_MAX {
            let words = "more users than this filter can be judged on; filter by `userName`, `externalId` or `id`";
            return Err(ScimError::invalid("tooMany", words));
        }
        let known = self.known(cx, members, true).await?;
        let shown = known.iter().filter(|one| !one.is_deleted()).map(|one| one.rendered(&self.base));
        let all: Vec<Json> = shown.filter(|user| filter.matches(user)).collect();
        Ok(Page { total: all.len(), resources: list.window(all) })
    }

    /// The members that may match: few, where the filter demands a key.
    async fn candidates(&self, cx: &OpContext, filter: Option<&Filter>) -> Result<Vec<StoredMember>, ScimError> {
        let (store, tenant) = (&self.identity.store, cx.model.tenant);
        let demanded = |name: &str| filter.and_then(|filter| filter.demanded(name));
        let mut members: Vec<StoredMember> = if let Some(name) = demanded("userName") {
            store.member_by_login(tenant, &fold(name.trim())).await?.into_iter().collect()
        } else if let Some(id) = demanded("id") {
            match id.parse() {
                Ok(id) => store.member(tenant, id).await?.into_iter().collect(),
                Err(_) => Vec::new(),
            }
        } else if let Some(external) = demanded("externalId") {
            let mut found = Vec::new();
            for kept in store.scim_external(tenant, ScimKind::User, external).await? {
                found.extend(store.member(tenant, kept.id).await?);
            }
            found
        } else {
            store.members(tenant).await?
        };
        members.retain(is_staff);
        members.sort_by_key(|member| member.user);
        Ok(members)
    }

    async fn deleted(&self, cx: &OpContext) -> Result<HashSet<Uuid>, ScimError> {
        let all = self.identity.store.scims(cx.model.tenant, ScimKind::User).await?;
        Ok(all.into_iter().filter(|kept| kept.body.get(DELETED).is_some()).map(|kept| kept.id).collect())
    }

    /// Makes a user.
    pub(crate) async fn user_make(&self, cx: &OpContext, body: &Json) -> Result<Known, ScimError> {
        rights::may_manage(cx)?;
        let mut wanted = Wanted::of(read::resource(ResourceKind::User, body)?, &Before::Nothing);
        let (store, tenant) = (&self.identity.store, cx.model.tenant);
        let member = match store.member_by_login(tenant, &fold(wanted.login.trim())).await? {
            None => {
                let name = wanted.change.texts.iter().find(|(field, _)| *field == "name").and_then(|(_, text)| text.clone());
                let new = NewMember { name, email: wanted.email.clone(), ..NewMember::staff(&wanted.login, Vec::new()) };
                self.identity.member_make(cx, new).await?
            }
            Some(member) => {
                let kept = store.scim(tenant, ScimKind::User, member.user).await?;
                if !is_staff(&member) || !is_deleted(&member, kept.as_ref()) {
                    return Err(ScimError::taken(format!("`userName` `{}` is taken", wanted.login)));
                }
                member
            }
        };
        let now = (self.identity.clock)();
        let kept = StoredScim {
            id: member.user,
            kind: ScimKind::User,
            name: member.user.to_string(),
            external_id: None,
            body: Json::Null,
            created_at: now,
            changed_at: now,
        };
        self.write(cx, &member, kept, &mut wanted).await?;
        self.user(cx, &member.user.to_string()).await
    }

    /// Replaces a user.
    pub(crate) async fn user_replace(&self, cx: &OpContext, id: &str, body: &Json) -> Result<Known, ScimError> {
        let before = self.user(cx, id).await?;
        let kept = before.body();
        let wanted = Wanted::of(read::resource(ResourceKind::User, body)?, &Before::Kept(&kept));
        self.user_change(cx, before, wanted).await
    }

    /// Patches a user.
    pub(crate) async fn user_patch(&self, cx: &OpContext, id: &str, body: &Json) -> Result<Known, ScimError> {
        let before = self.user(cx, id).await?;
        let kept = before.body();
        let mut resource = before.rendered(&self.base);
        let shown = resource.as_object().cloned().unwrap_or_default();
        patch::apply(ResourceKind::User, &mut resource, body)?;
        let wanted = Wanted::of(read::resource(ResourceKind::User, &resource)?, &Before::Shown(&shown, &kept));
        self.user_change(cx, before, wanted).await
    }

    async fn user_change(&self, cx: &OpContext, before: Known, mut wanted: Wanted) -> Result<Known, ScimError> {
        rights::may_manage(cx)?;
        rights::may_touch(cx, &before.member.roles)?;
        let id = before.member.user;
        let now = (self.identity.clock)();
        let kept = before.kept.unwrap_or_else(|| StoredScim {
            id,
            kind: ScimKind::User,
            name: id.to_string(),
            external_id: None,
            body: Json::Null,
            created_at: before.member.created_at,
            changed_at: now,
        });
        self.write(cx, &before.member, kept, &mut wanted).await?;
        self.user(cx, &id.to_string()).await
    }

    /// Member first (who is disabled is out at once), then the record, then what is kept beside.
    async fn write(&self, cx: &OpContext, member: &StoredMember, kept: StoredScim, wanted: &mut Wanted) -> Result<(), ScimError> {
        let login = (fold(wanted.login.trim()) != member.login).then(|| wanted.login.clone());
        let email = wanted.email.clone().filter(|email| member.email.as_deref() != Some(email));
        let state = match (wanted.active, member.state) {
            (false, MemberState::Invited | MemberState::Active) => Some(MemberState::Disabled),
            (true, MemberState::Disabled) => Some(MemberState::Active),
            _ => None,
        };
        if login.is_some() || email.is_some() || state.is_some() {
            self.identity.member_change(cx, member.user, MemberChange { login, email, roles: None, state }).await?;
        }
        if let Some(manager) = wanted.manager.take() {
            // A manager who is not here yet is kept as the client wrote it, and linked when the client says so again.
            if let Ok(id) = manager.parse()
                && id != member.user
                && self.is_person(cx, id).await?
            {
                wanted.change.manager = Some(Some(id));
            }
        }
        self.write_person(cx, member.user, &wanted.change).await?;
        let body = Json::Object(std::mem::take(&mut wanted.body));
        let stored = StoredScim { external_id: wanted.external.take(), body, changed_at: (self.identity.clock)(), ..kept };
        self.identity.store.scim_put(cx.model.tenant, &stored).await?;
        Ok(())
    }

    /// Deletes a user, which disables the member.
    pub(crate) async fn user_delete(&self, cx: &OpContext, id: &str) -> Result<(), ScimError> {
        rights::may_manage(cx)?;
        let before = self.user(cx, id).await?;
        let now = (self.identity.clock)();
        if before.member.state != MemberState::Disabled {
            let change = MemberChange { state: Some(MemberState::Disabled), ..MemberChange::default() };
            self.identity.member_change(cx, before.member.user, change).await?;
        }
        let mut body = before.body();
        body.insert(DELETED.to_owned(), Json::Bool(true));
        let user = before.member.user;
        let external_id = before.kept.as_ref().and_then(|kept| kept.external_id.clone());
        let created_at = before.kept.as_ref().map_or(before.member.created_at, |kept| kept.created_at);
        let stored = StoredScim {
            id: user,
            kind: ScimKind::User,
            name: user.to_string(),
            external_id,
            body: Json::Object(body),
            created_at,
            changed_at: now,
        };
        self.identity.store.scim_put(cx.model.tenant, &stored).await?;
        Ok(())
    }
}

fn is_staff(member: &StoredMember) -> bool {
    member.kind == ActorKind::User
}
