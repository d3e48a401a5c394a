//! A failed call of a package's plugin, given out to be run again elsewhere.
//!
//! Invariant: a trace holds the records the call was given, of every owner, so it takes the right to take records out, and the
//! audit trail says who took it.

use serde_json::json;
use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_model::Special;
use tenon_store::{AuditKind, AuditNote};

use super::{InstallError, upload};
use crate::{Packages, PackagesError};

impl Packages {
    /// A failed call of a package's plugin that this node has kept, as a file.
    ///
    /// # Errors
    /// `Forbidden` without the rights `packages` and `export`; `NoTrace`.
    pub async fn package_trace(&self, cx: &OpContext, package: &str, id: &str) -> Result<String, PackagesError> {
        upload::may(cx)?;
        if !Policy::resolve(&cx.model, &cx.principal).may_special(Special::Export) {
            return Err(InstallError::NoExport.into());
        }
        let kept = self.plugins.traces(cx.model.tenant, package);
        let trace = kept.iter().find(|trace| trace.id == id).ok_or(InstallError::NoTrace)?;
        let facts = json!({ "package": package, "version": trace.version, "call": trace.id, "phase": trace.phase(), "about": trace.about });
        self.store.audit_note(cx, AuditNote::new(AuditKind::PackageCallRead).facts(facts)).await?;
        Ok(trace.json())
    }
}
