//! `/Groups`: who is in them, and the roles that follow.
//!
//! A group gives the roles its extension names; without one, the role of its own name (or label). A role that a group gives
//! belongs to the groups: who leaves the last of them loses it. Other groups are kept, and give nothing.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::json;
use tenon_context::{ActorKind, OpContext, Principal};
use tenon_model::Model;
use tenon_store::{AuditBy, AuditKind, AuditNotes, MembershipChange, ScimKind, StoredMember, StoredScim};
use tenon_value::{Json, Locale, Uuid, fold};

use super::filter::member;
use super::list::{ListRequest, Page};
use super::patch;
use super::read::{self, ELEMENTS_MAX, Resource};
use super::schema::{GROUP, ROLES, ResourceKind};
use super::user::meta;
use super::{Scim, ScimError};
use crate::{rights, trail};

/// Groups of a tenant.
pub const GROUPS_MAX: usize = 10_000;

/// A group with its members.
pub(crate) struct KnownGroup {
    pub(crate) stored: StoredScim,
    /// Members with what people call them.
    pub(crate) members: Vec<(Uuid, String)>,
}

impl KnownGroup {
    pub(crate) fn rendered(&self, base: &str) -> Json {
        let (stored, id) = (&self.stored, self.stored.id);
        let mut shown = Resource::new();
        let has_roles = stored.body.get(ROLES).is_some();
        shown.insert("schemas".to_owned(), if has_roles { json!([GROUP, ROLES]) } else { json!([GROUP]) });
        shown.insert("id".to_owned(), json!(id.to_string()));
        if let Some(external) = &stored.external_id {
            shown.insert("externalId".to_owned(), json!(external));
        }
        if let Some(body) = stored.body.as_object() {
            shown.extend(body.clone());
        }
        if !self.members.is_empty() {
            let one = |(id, name): &(Uuid, String)| json!({ "value": id.to_string(), "display": name, "type": "User", "$ref": format!("{base}/Users/{id}") });
            shown.insert("members".to_owned(), self.members.iter().map(one).collect());
        }
        shown.insert("meta".to_owned(), meta("Group", stored.created_at, stored.changed_at, &format!("{base}/Groups/{id}")));
        Json::Object(shown)
    }
}

/// Somebody's roles before and after a change of groups.
struct RolesAfter {
    user: Uuid,
    before: Vec<String>,
    after: Vec<String>,
}

fn pairs(changed: &[RolesAfter]) -> Vec<(Uuid, Vec<String>)> {
    changed.iter().map(|one| (one.user, one.after.clone())).collect()
}

/// What the trail is told of them.
fn told_of_roles(cx: &OpContext, group: Uuid, changed: &[RolesAfter]) -> AuditNotes {
    let note = |one: &RolesAfter| {
        let facts = json!({ "before": one.before, "after": one.after, "group": group.to_string() });
        trail::about(AuditKind::RolesChanged, one.user).facts(facts)
    };
    AuditNotes::new(AuditBy::of(cx), changed.iter().map(note))
}

/// The roles that a group gives.
fn roles_of(model: &Model, body: &Json) -> BTreeSet<String> {
    if let Some(extension) = body.get(ROLES) {
        let roles = member(extension, "roles").and_then(Json::as_array);
        return roles.into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect();
    }
    let name = fold(body.get("displayName").and_then(Json::as_str).unwrap_or_default().trim());
    if name == Principal::ADMINISTRATOR {
        return BTreeSet::from([name]);
    }
    let is = |role: &&tenon_model::Role| {
        let labels = [Locale::En, Locale::Zh].into_iter().filter_map(|locale| role.label.exact(locale)).map(fold);
        role.state == tenon_model::State::Active
            && !role.portal
            && (role.name.as_str() == name || labels.into_iter().any(|label| label == name))
    };
    model.roles.iter().find(is).map(|role| role.name.to_string()).into_iter().collect()
}

impl Scim {
    /// The names of all groups.
    pub(crate) async fn group_names(&self, cx: &OpContext) -> Result<HashMap<Uuid, String>, ScimError> {
        let all = self.identity.store.scims(cx.model.tenant, ScimKind::Group).await?;
        Ok(all.into_iter().map(|group| (group.id, display(&group.body))).collect())
    }

    /// The group of an id.
    pub(crate) async fn group(&self, cx: &OpContext, id: &str, with_members: bool) -> Result<KnownGroup, ScimError> {
        let missing = || ScimError::not_found(id);
        let group: Uuid = id.parse().map_err(|_| missing())?;
        let stored = self.identity.store.scim(cx.model.tenant, ScimKind::Group, group).await?.ok_or_else(missing)?;
        let members = if with_members { self.members_of(cx, group).await? } else { Vec::new() };
        Ok(KnownGroup { stored, members })
    }

    async fn members_of(&self, cx: &OpContext, group: Uuid) -> Result<Vec<(Uuid, String)>, ScimError> {
        let ids: Vec<Uuid> =
            self.identity.store.memberships_of_group(cx.model.tenant, group).await?.into_iter().map(|(_, member)| member).collect();
        let persons = self.persons(cx, &ids).await?;
        let name = |id: &Uuid| persons.get(id).and_then(|person| person.text("name")).unwrap_or_default().to_owned();
        Ok(ids.iter().map(|id| (*id, name(id))).collect())
    }

    /// A page of the groups that match.
    pub(crate) async fn groups(&self, cx: &OpContext, list: &ListRequest) -> Result<Page, ScimError> {
        let (store, tenant) = (&self.identity.store, cx.model.tenant);
        let named = list.filter.as_ref().and_then(|filter| filter.demanded("displayName"));
        let stored: Vec<StoredScim> = match named {
            Some(name) => store.scim_named(tenant, ScimKind::Group, &fold(name.trim())).await?.into_iter().collect(),
            None => store.scims(tenant, ScimKind::Group).await?,
        };
        let wanted = list.projection.wants("members");
        let Some(filter) = &list.filter else {
            let total = stored.len();
            let mut resources = Vec::new();
            for group in list.window(stored) {
                resources.push(self.whole(cx, group, wanted).await?);
            }
            return Ok(Page { total, resources });
        };
        let mut all = Vec::new();
        for group in stored {
            // Members are looked up only where the answer or the filter needs them.
            let bare = KnownGroup { stored: group, members: Vec::new() };
            let shown = if wanted || names_members(filter) { self.whole(cx, bare.stored, true).await? } else { bare.rendered(&self.base) };
            if filter.matches(&shown) {
                all.push(shown);
            }
        }
        Ok(Page { total: all.len(), resources: list.window(all) })
    }

    async fn whole(&self, cx: &OpContext, stored: StoredScim, with_members: bool) -> Result<Json, ScimError> {
        let members = if with_members { self.members_of(cx, stored.id).await? } else { Vec::new() };
        Ok(KnownGroup { stored, members }.rendered(&self.base))
    }

    /// Makes a group.
    pub(crate) async fn group_make(&self, cx: &OpContext, body: &Json) -> Result<KnownGroup, ScimError> {
        rights::may_manage(cx)?;
        if self.identity.store.scims(cx.model.tenant, ScimKind::Group).await?.len() >= GROUPS_MAX {
            return Err(ScimError::invalid("tooMany", format!("a tenant has {GROUPS_MAX} groups at most")));
        }
        let now = (self.identity.clock)();
        let stored = StoredScim {
            id: Uuid::now_v7(),
            kind: ScimKind::Group,
            name: String::new(),
            external_id: None,
            body: json!({}),
            created_at: now,
            changed_at: now,
        };
        self.group_write(cx, KnownGroup { stored, members: Vec::new() }, read::resource(ResourceKind::Group, body)?).await
    }

    /// Replaces a group.
    pub(crate) async fn group_replace(&self, cx: &OpContext, id: &str, body: &Json) -> Result<KnownGroup, ScimError> {
        rights::may_manage(cx)?;
        let before = self.group(cx, id, true).await?;
        self.group_write(cx, before, read::resource(ResourceKind::Group, body)?).await
    }

    /// Patches a group.
    pub(crate) async fn group_patch(&self, cx: &OpContext, id: &str, body: &Json) -> Result<KnownGroup, ScimError> {
        rights::may_manage(cx)?;
        let before = self.group(cx, id, true).await?;
        let mut resource = before.rendered(&self.base);
        patch::apply(ResourceKind::Group, &mut resource, body)?;
        self.group_write(cx, before, read::resource(ResourceKind::Group, &resource)?).await
    }

    /// Deletes a group; its members stay, without the roles it gave.
    pub(crate) async fn group_delete(&self, cx: &OpContext, id: &str) -> Result<(), ScimError> {
        rights::may_manage(cx)?;
        let before = self.group(cx, id, true).await?;
        let members: HashSet<Uuid> = before.members.iter().map(|(member, _)| *member).collect();
        let roles = self.roles_after(cx, &before.stored, &BTreeSet::new(), (&members, &HashSet::new())).await?;
        let told = told_of_roles(cx, before.stored.id, &roles);
        self.identity.store.group_remove(cx.model.tenant, before.stored.id, &pairs(&roles), &told).await?;
        Ok(())
    }

    async fn group_write(&self, cx: &OpContext, before: KnownGroup, mut resource: Resource) -> Result<KnownGroup, ScimError> {
        let wanted = self.wanted_members(cx, &before, resource.remove("members")).await?;
        let had: HashSet<Uuid> = before.members.iter().map(|(member, _)| *member).collect();
        let external_id = resource.remove("externalId").and_then(|external| external.as_str().map(str::to_owned));
        let body = Json::Object(resource);
        let given = roles_of(&cx.model, &body);
        rights::may_give(cx, ActorKind::User, &given.iter().cloned().collect::<Vec<_>>())?;
        let mut change = MembershipChange {
            added: wanted.difference(&had).copied().collect(),
            removed: had.difference(&wanted).copied().collect(),
            roles: Vec::new(),
        };
        change.added.sort_unstable();
        change.removed.sort_unstable();
        let roles = self.roles_after(cx, &before.stored, &given, (&had, &wanted)).await?;
        change.roles = pairs(&roles);
        let name = fold(display(&body).trim());
        let stored = StoredScim { name, external_id, body, changed_at: (self.identity.clock)(), ..before.stored };
        let told = told_of_roles(cx, stored.id, &roles);
        if !self.identity.store.group_put(cx.model.tenant, &stored, &change, &told).await? {
            return Err(ScimError::taken(format!("`displayName` `{}` is taken", display(&stored.body))));
        }
        let members = self.members_of(cx, stored.id).await?;
        Ok(KnownGroup { stored, members })
    }

    /// The members that a request names. New ones must be there; groups within groups are refused.
    async fn wanted_members(&self, cx: &OpContext, before: &KnownGroup, members: Option<Json>) -> Result<HashSet<Uuid>, ScimError> {
        let had: HashSet<Uuid> = before.members.iter().map(|(member, _)| *member).collect();
        let mut wanted = HashSet::new();
        for element in members.as_ref().and_then(Json::as_array).into_iter().flatten() {
            let value = member(element, "value").and_then(Json::as_str).ok_or_else(|| ScimError::value("a member has no `value`"))?;
            let unknown = || ScimError::value(format!("there is no user `{}`", value.chars().take(64).collect::<String>()));
            let id: Uuid = value.parse().map_err(|_| unknown())?;
            if !had.contains(&id) && !wanted.contains(&id) {
                let found = self.identity.store.member(cx.model.tenant, id).await?;
                found.filter(|member| member.kind == ActorKind::User).ok_or_else(unknown)?;
            }
            wanted.insert(id);
        }
        if wanted.len() > ELEMENTS_MAX {
            return Err(ScimError::invalid("tooMany", format!("a group has {ELEMENTS_MAX} members at most")));
        }
        Ok(wanted)
    }

    /// The roles of everybody whose roles change when this group gives `given` to `wanted` and gave its old ones to `had`.
    async fn roles_after(
        &self,
        cx: &OpContext,
        group: &StoredScim,
        given: &BTreeSet<String>,
        (had, wanted): (&HashSet<Uuid>, &HashSet<Uuid>),
    ) -> Result<Vec<RolesAfter>, ScimError> {
        let gave = roles_of(&cx.model, &group.body);
        if gave.is_empty() && given.is_empty() {
            return Ok(Vec::new());
        }
        let touched: Vec<Uuid> =
            if &gave == given { had.symmetric_difference(wanted).copied().collect() } else { had.union(wanted).copied().collect() };
        let (store, tenant) = (&self.identity.store, cx.model.tenant);
        let others: HashMap<Uuid, BTreeSet<String>> = store
            .scims(tenant, ScimKind::Group)
            .await?
            .iter()
            .filter(|other| other.id != group.id)
            .map(|other| (other.id, roles_of(&cx.model, &other.body)))
            .collect();
        let mut changed = Vec::new();
        for id in touched {
            let Some(member) = store.member(tenant, id).await? else { continue };
            let elsewhere = store.memberships_of_members(tenant, &[id]).await?;
            let kept: BTreeSet<&String> = elsewhere.iter().filter_map(|(group, _)| others.get(group)).flatten().collect();
            let mut roles: BTreeSet<String> = member.roles.iter().cloned().collect();
            if had.contains(&id) {
                roles.retain(|role| !gave.contains(role) || kept.contains(role));
            }
            if wanted.contains(&id) {
                roles.extend(given.iter().cloned());
            }
            let roles: Vec<String> = roles.into_iter().collect();
            if roles.iter().collect::<HashSet<_>>() == member.roles.iter().collect::<HashSet<_>>() {
                continue;
            }
            rights::may_touch(cx, &member.roles)?;
            let after = StoredMember { roles: roles.clone(), ..member.clone() };
            self.identity.keep_an_administrator(cx, &member, &after).await?;
            changed.push(RolesAfter { user: id, before: member.roles, after: roles });
        }
        changed.sort_unstable_by_key(|one| one.user);
        Ok(changed)
    }
}

fn display(body: &Json) -> String {
    body.get("displayName").and_then(Json::as_str).unwrap_or_default().to_owned()
}

/// Whether a filter looks at the members of a group.
fn names_members(filter: &super::filter::Filter) -> bool {
    use super::filter::Filter;
    match filter {
        Filter::Compare { path, .. } | Filter::Present(path) | Filter::Element { path, .. } => path.name.eq_ignore_ascii_case("members"),
        Filter::Not(inner) => names_members(inner),
        Filter::And(left, right) | Filter::Or(left, right) => names_members(left) || names_members(right),
    }
}
