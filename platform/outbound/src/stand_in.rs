//! Answers in the place of hosts outside, for tenants that are tests.
//!
//! Invariant: for a tenant that is stood in for nothing leaves the house, whatever it asks.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tenon_value::TenantId;

use crate::{Answer, Method, Request};

/// Requests of one tenant that are noted between two looks; further ones are answered and not noted.
const NOTED_MAX: usize = 1_000;

/// One answer to one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandIn {
    /// What is done.
    pub method: Method,
    /// Where, without a query.
    pub url: String,
    /// What is answered. Of several for one call each is given once, the last again and again.
    pub answer: Answer,
}

/// By tenant.
#[derive(Default)]
pub(crate) struct StandIns {
    tenants: Mutex<HashMap<TenantId, Standing>>,
}

#[derive(Default)]
struct Standing {
    answers: Vec<StandIn>,
    asked: Vec<(Method, String)>,
}

impl StandIns {
    /// The answer for a tenant: none at all where nobody stands in, an inner none where there is none for this call.
    pub(crate) fn answer(&self, tenant: TenantId, request: &Request) -> Option<Option<Answer>> {
        let mut tenants = self.lock();
        let standing = tenants.get_mut(&tenant)?;
        let url = request.url.split_once('?').map_or(request.url.as_str(), |(url, _)| url);
        if standing.asked.len() < NOTED_MAX {
            standing.asked.push((request.method, url.to_owned()));
        }
        let fits = |one: &StandIn| one.method == request.method && one.url == url;
        let first = standing.answers.iter().position(fits);
        let is_last = standing.answers.iter().filter(|one| fits(one)).count() == 1;
        Some(first.and_then(|at| {
            if is_last { standing.answers.get(at).map(|one| one.answer.clone()) } else { Some(standing.answers.remove(at).answer) }
        }))
    }

    pub(crate) fn put(&self, tenant: TenantId, answers: Vec<StandIn>) {
        self.lock().insert(tenant, Standing { answers, asked: Vec::new() });
    }

    pub(crate) fn take(&self, tenant: TenantId) -> Vec<(Method, String)> {
        self.lock().get_mut(&tenant).map(|standing| std::mem::take(&mut standing.asked)).unwrap_or_default()
    }

    pub(crate) fn forget(&self, tenant: TenantId) {
        self.lock().remove(&tenant);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, Standing>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
