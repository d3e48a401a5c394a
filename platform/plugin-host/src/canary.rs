//! Two versions of a package's plugin beside each other: which callers have the newer one, and whether the two fit.
//!
//! Invariants: a caller has the same version on every node and in every call, as long as the share is the same; where the share
//! grows nobody goes back; one mutation meets one version of a package.

use sha2::{Digest, Sha256};
use tenon_context::{ActorKind, OpContext};
use tenon_hooks::{EndpointOffer, FunctionOffer, JobOffer};
use tenon_query::{Call, CallKind};
use tenon_value::{Json, TenantId};

use crate::linked::Linked;

/// Whom a call is for.
#[derive(Clone, Copy)]
pub(crate) struct Who<'a> {
    pub tenant: TenantId,
    /// What stays the same of him, or of work that nobody does.
    pub key: &'a str,
}

impl Who<'_> {
    /// His number between 0 and 99 for a package; another package has another order of people.
    pub(crate) fn lot(self, package: &str) -> u8 {
        let digest = Sha256::digest(format!("{}/{package}/{}", self.tenant, self.key));
        let first = digest.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes)).unwrap_or_default();
        u8::try_from(first % 100).unwrap_or_default()
    }
}

/// What stays the same of whoever is behind a mutation: a person or a key; of an event the record it is about; of other work
/// that nobody does the request that began it, which all steps of a job have in common.
pub(crate) fn key(cx: &OpContext, call: Option<&Call>) -> String {
    let about = call.filter(|call| call.kind == CallKind::Event).and_then(|call| call.input.pointer("/records/0/id"));
    match (about.and_then(Json::as_str), cx.principal.kind) {
        (Some(record), _) => format!("record:{record}"),
        (None, ActorKind::Plugin | ActorKind::System) => format!("request:{}", cx.request),
        (None, _) => cx.principal.owner_key(),
    }
}

/// What is offered, each once.
pub(crate) fn distinct<'o, T: Clone + PartialEq + 'o>(offers: impl Iterator<Item = &'o T>) -> Vec<T> {
    offers.fold(Vec::new(), |mut all, one| {
        if !all.contains(one) {
            all.push(one.clone());
        }
        all
    })
}

/// What two versions both offer, and not alike: callers could not tell which is meant.
pub(crate) fn misfits(one: &Linked, other: &Linked) -> Vec<String> {
    let functions = |kind: &str, here: &[FunctionOffer], there: &[FunctionOffer]| {
        let differs = |offer: &&FunctionOffer| there.iter().any(|twin| twin.name == offer.name && twin != *offer);
        here.iter().filter(differs).map(|offer| format!("{kind}.{}", offer.name)).collect::<Vec<_>>()
    };
    let jobs = |offer: &&JobOffer| other.jobs.iter().any(|twin| twin.name == offer.name && twin != *offer);
    let endpoints = |offer: &&EndpointOffer| {
        let alike = |twin: &EndpointOffer| twin.name == offer.name || (twin.method == offer.method && twin.path == offer.path);
        other.endpoints.iter().any(|twin| alike(twin) && twin != *offer)
    };
    let mut all = functions("action", &one.actions, &other.actions);
    all.extend(functions("query", &one.queries, &other.queries));
    all.extend(one.jobs.iter().filter(jobs).map(|offer| format!("job.{}", offer.name)));
    all.extend(one.endpoints.iter().filter(endpoints).map(|offer| format!("endpoint.{}", offer.name)));
    all
}

#[cfg(test)]
mod tests {
    use tenon_value::Uuid;

    use super::*;

    #[test]
    fn a_share_is_about_its_size_and_nobody_goes_back_when_it_grows() {
        let tenant = TenantId(Uuid::from_u128(7));
        let lots: Vec<u8> = (0..2_000).map(|number| Who { tenant, key: &format!("user:{number}") }.lot("acme")).collect();
        let below = |percent: u8| lots.iter().filter(|lot| **lot < percent).count();
        assert!(lots.iter().all(|lot| *lot < 100));
        assert!((140..=260).contains(&below(10)) && (900..=1_100).contains(&below(50)), "{} {}", below(10), below(50));
        let other: Vec<u8> = (0..2_000).map(|number| Who { tenant, key: &format!("user:{number}") }.lot("other")).collect();
        assert_ne!(lots, other, "another package tries its versions on others");
        assert_eq!(Who { tenant, key: "user:1" }.lot("acme"), lots[1]);
    }
}
