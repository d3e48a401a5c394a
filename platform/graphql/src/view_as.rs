//! Reads as another user would see them: a right of its own, noted in the audit trail before anything is answered.

use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_diagnostics::{Kind, Problem};
use tenon_identity::Identity;
use tenon_model::Special;
use tenon_store::{AuditKind, AuditNote, Store};
use tenon_value::{RecordId, Uuid};

use crate::documents::told;

/// Puts the user in the caller's place.
///
/// # Errors
/// `INVALID id`; `FORBIDDEN impersonate`; `NOT_FOUND` where nobody of this id may sign in.
pub(crate) async fn change(store: &Store, identity: Option<&Identity>, cx: &mut OpContext, user: &str) -> Result<(), Problem> {
    if !Policy::resolve(&cx.model, &cx.principal).may_special(Special::Impersonate) {
        return Err(Problem::forbidden("impersonate", "the role may not see as others do", "当前角色不能以他人身份查看"));
    }
    let user: Uuid = user.parse().map_err(|_| Problem::invalid("id", "an id is a UUID", "标识应为 UUID"))?;
    let identity = identity.ok_or_else(|| Problem::of_kind(Kind::Unavailable))?;
    let found = identity.principal_of(cx, user).await.map_err(|error| told(&error))?;
    let principal = found.ok_or_else(|| Problem::of_kind(Kind::NotFound).object("user").with("id", user.to_string()))?;
    let note = AuditNote::new(AuditKind::Impersonated).about("user", Some(RecordId(user)));
    store.audit_note(cx, note).await.map_err(|error| told(&error))?;
    cx.principal = (*principal).clone();
    Ok(())
}
