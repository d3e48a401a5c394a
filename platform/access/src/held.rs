//! What a principal holds: roles with their parents, sharing rules that reach him, and the key all of that comes to.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use tenon_context::{ActorKind, Principal};
use tenon_model::{Fact, Model, Object, Role, RoleIx, SharingRule, State};

/// The key of somebody without rights.
pub(crate) const NOBODY: u64 = 0;
/// The key of an administrator.
pub(crate) const EVERYTHING: u64 = 1;
/// The first key of everybody else.
const OTHERS: u64 = 2;

/// What a principal holds.
pub(crate) struct Held<'m> {
    pub(crate) principal: &'m Principal,
    /// Everything within the tenant.
    pub(crate) administrator: bool,
    /// Roles with their parents, in the order of the model.
    pub(crate) roles: Vec<RoleIx>,
}

impl<'m> Held<'m> {
    pub(crate) fn of(model: &Model, principal: &'m Principal) -> Self {
        let is_portal = principal.kind == ActorKind::PortalUser;
        let administrator = Self::is_administrator(principal);
        let mut roles = Vec::new();
        for name in &principal.roles {
            let mut next = model.role_named(name);
            while let Some(role) = next.filter(|role| counts(role, is_portal) && !roles.contains(&role.ix)) {
                roles.push(role.ix);
                next = role.parent.and_then(|parent| model.role(parent));
            }
        }
        roles.sort_unstable();
        Self { principal, administrator, roles }
    }

    /// Whether he may do everything within the tenant; then his other roles do not matter.
    pub(crate) fn is_administrator(principal: &Principal) -> bool {
        // A portal user is nobody's staff, whatever his record says.
        principal.kind != ActorKind::PortalUser && principal.has_role(Principal::ADMINISTRATOR)
    }

    pub(crate) fn has(&self, role: RoleIx) -> bool {
        self.roles.binary_search(&role).is_ok()
    }

    /// The roles by name that bring a role: itself, or what it is a parent of.
    pub(crate) fn through(&self, model: &Model, role: RoleIx) -> Option<RoleIx> {
        let begins = |name: &String| {
            let mut next = model.role_named(name);
            let first = next?.ix;
            // The compiler refuses circles; roles are few enough to bound the walk by their number all the same.
            for _ in 0..=model.roles.len() {
                let here = next?;
                if here.ix == role {
                    return Some(first);
                }
                next = here.parent.and_then(|parent| model.role(parent));
            }
            None
        };
        self.principal.roles.iter().find_map(begins)
    }

    /// The sharing rules of an object that reach the principal.
    pub(crate) fn sharing<'o>(&'o self, object: &'o Object) -> impl Iterator<Item = &'o SharingRule> {
        object.shared().filter(|rule| {
            rule.roles.iter().any(|role| self.has(*role)) || rule.teams.iter().any(|team| self.principal.teams.contains(team))
        })
    }

    /// Equal for equal rights.
    pub(crate) fn key(&self, model: &Model) -> u64 {
        if self.administrator {
            return EVERYTHING;
        }
        if self.roles.is_empty() {
            return NOBODY;
        }
        let mine = self.principal.standing.as_ref();
        let mut hash = DefaultHasher::new();
        (self.principal.kind == ActorKind::PortalUser).hash(&mut hash);
        self.roles.hash(&mut hash);
        for object in model.active_objects().filter(|object| !object.sharing.is_empty()) {
            object.ix.hash(&mut hash);
            self.sharing(object).for_each(|rule| rule.id.hash(&mut hash));
        }
        for fact in model.facts.iter().chain(&SHARES) {
            mine.get(*fact).is_some().hash(&mut hash);
        }
        for condition in &model.conditions {
            tenon_expr::evaluate(condition, &|_| tenon_value::Value::Null, mine).hash(&mut hash);
        }
        hash.finish().max(OTHERS)
    }
}

/// Those with whom single records are shared.
pub(crate) const SHARES: [Fact; 2] = [Fact::Me, Fact::Teams];

/// Portal users hold portal roles, everybody else the others.
fn counts(role: &Role, is_portal: bool) -> bool {
    role.state == State::Active && role.portal == is_portal
}
