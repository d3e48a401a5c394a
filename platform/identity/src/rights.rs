//! Who may manage members and keys, and which roles he may give.
//!
//! Nobody gives more than he has: who is no administrator gives and takes neither that role nor one with special rights
//! that he lacks, and does not change an administrator.

use tenon_context::{ActorKind, OpContext, Principal};
use tenon_diagnostics::Problem;
use tenon_model::{Model, RoleIx, Special};

use crate::IdentityError;

/// Roles one member or key holds at most.
pub const ROLES_MAX: usize = 50;

/// Special rights of these roles, those of their parents included.
fn specials<'a>(model: &Model, roles: impl IntoIterator<Item = &'a String>) -> Vec<Special> {
    let mut found = Vec::new();
    for role in roles {
        if role == Principal::ADMINISTRATOR {
            return Special::ALL.to_vec();
        }
        let mut next: Option<RoleIx> = model.role_named(role).map(|role| role.ix);
        // Bounded, should a cycle have slipped through.
        for _ in 0..=model.roles.len() {
            let Some(role) = next.and_then(|ix| model.role(ix)) else { break };
            found.extend(role.special.iter().copied());
            next = role.parent;
        }
    }
    found
}

/// Whether the caller may manage members, sessions and keys of others.
pub(crate) fn may_manage(cx: &OpContext) -> Result<(), IdentityError> {
    let may = specials(&cx.model, &cx.principal.roles).contains(&Special::Users);
    if may { Ok(()) } else { Err(IdentityError::Forbidden) }
}

/// Whether the caller may change somebody who holds these roles.
pub(crate) fn may_touch(cx: &OpContext, roles: &[String]) -> Result<(), IdentityError> {
    let own = specials(&cx.model, &cx.principal.roles);
    let is_above = roles.iter().any(|role| role == Principal::ADMINISTRATOR) && !cx.principal.has_role(Principal::ADMINISTRATOR);
    if is_above || specials(&cx.model, roles).iter().any(|special| !own.contains(special)) { Err(IdentityError::Forbidden) } else { Ok(()) }
}

/// Whether the caller may give these roles to somebody of this kind.
pub(crate) fn may_give(cx: &OpContext, kind: ActorKind, roles: &[String]) -> Result<(), IdentityError> {
    if roles.len() > ROLES_MAX {
        let actual = u64::try_from(roles.len()).unwrap_or(u64::MAX);
        return Err(IdentityError::Wrong(Box::new(Problem::exhausted("roles", u64::try_from(ROLES_MAX).unwrap_or(u64::MAX), actual))));
    }
    for role in roles {
        let is_portal = match cx.model.role_named(role) {
            Some(role) => role.portal,
            None if role == Principal::ADMINISTRATOR => false,
            None => return Err(unknown(role)),
        };
        if is_portal != (kind == ActorKind::PortalUser) {
            return Err(IdentityError::invalid(
                "role/portal",
                format!("`{role}` is {} a role for portal users", if is_portal { "only" } else { "not" }),
                format!("角色 `{role}` {}用于门户用户", if is_portal { "只能" } else { "不能" }),
            ));
        }
    }
    may_touch(cx, roles)
}

fn unknown(role: &str) -> IdentityError {
    IdentityError::invalid("role", format!("there is no role `{role}`"), format!("没有角色 `{role}`"))
}
