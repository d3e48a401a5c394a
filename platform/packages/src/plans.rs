//! Plans that can still be applied: the wishes behind them, by hash. Kept in memory; a plan that was forgotten is made again.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use tenon_value::TenantId;

use crate::{Draft, Plan};

/// Bytes of wishes kept of all tenants.
pub const PLANS_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// How long a plan can be applied.
const KEPT: Duration = Duration::from_hours(24);

/// A plan with the wish it came from: applying computes it again and compares.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) plan: Plan,
    pub(crate) draft: Draft,
}

#[derive(Clone, Debug)]
pub(crate) struct Plans {
    kept: Cache<(TenantId, String), Arc<Kept>>,
}

impl Plans {
    pub(crate) fn new() -> Self {
        let weigher = |_: &(TenantId, String), kept: &Arc<Kept>| u32::try_from(weight(&kept.draft, &kept.plan)).unwrap_or(u32::MAX);
        Self { kept: Cache::builder().max_capacity(PLANS_BYTES_MAX).weigher(weigher).time_to_live(KEPT).build() }
    }

    pub(crate) fn keep(&self, tenant: TenantId, plan: Plan, draft: Draft) {
        self.kept.insert((tenant, plan.hash.clone()), Arc::new(Kept { plan, draft }));
    }

    pub(crate) fn find(&self, tenant: TenantId, hash: &str) -> Option<Arc<Kept>> {
        self.kept.get(&(tenant, hash.to_owned()))
    }

    /// A tenant's plans that have no mistakes, the one that lasts longest first.
    pub(crate) fn list(&self, tenant: TenantId, first: usize) -> Vec<Plan> {
        let can_be_applied = |plan: &Plan| plan.errors().next().is_none();
        let of_tenant = self.kept.iter().filter(|(key, kept)| key.0 == tenant && can_be_applied(&kept.plan));
        let mut plans: Vec<Plan> = of_tenant.map(|(_, kept)| kept.plan.clone()).collect();
        plans.sort_by_key(|plan| std::cmp::Reverse(plan.expires_at.millis()));
        plans.truncate(first);
        plans
    }
}

/// Bytes of a wish and its plan, estimated: texts of files; steps and changes at a flat rate.
fn weight(draft: &Draft, plan: &Plan) -> usize {
    const STEP_BYTES: usize = 1_024;
    let draft = match draft {
        Draft::Files { files, .. } => files.iter().map(|file| file.text.len() + file.path.len()).sum(),
        Draft::Changes(changes) => changes.len() * STEP_BYTES,
    };
    draft + (plan.operations.len() + plan.diagnostics.len() + 1) * STEP_BYTES
}
