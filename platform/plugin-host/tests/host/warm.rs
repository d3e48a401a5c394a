//! Instances that are made ahead of time: warmed before anybody asks, asked once, never met again.

use tenon_hooks::HookError;
use tenon_plugin_host::{Budgets, PluginHost, Size};

use crate::setting::{create, package, patient, tenant};

fn host() -> PluginHost {
    let host = PluginHost::with_budgets(Budgets { faults_per_minute: usize::MAX, ..patient() }).unwrap();
    host.install(tenant(), package("waking")).unwrap();
    host
}

/// What the guest tells of itself, in its refusal.
async fn told(host: &PluginHost) -> String {
    match create(host, &["any"]).await {
        Err(HookError::Refused(refusal)) => refusal.message,
        other => unreachable!("it refuses everything, not {other:?}"),
    }
}

#[tokio::test]
async fn an_instance_is_warmed_once_and_asked_once() {
    let host = host();
    for _ in 0..100 {
        assert_eq!(told(&host).await, "warmed 1, asked 1");
    }
}

#[tokio::test]
async fn a_call_costs_the_same_whether_its_instance_was_kept_or_made_for_it() {
    let host = host();
    let mut seen = Vec::new();
    let mut before = 0;
    // Asked one after the other, some meet an instance that was kept, and some make their own.
    for _ in 0..50 {
        told(&host).await;
        let fuel = host.usage(tenant()).remove(0).1.fuel;
        seen.push(fuel - before);
        before = fuel;
    }
    assert!(seen.iter().all(|fuel| *fuel == seen[0]), "{seen:?}");
    assert!(seen[0] < 100_000, "warming is nobody's: {}", seen[0]);
}

#[tokio::test]
async fn what_is_kept_is_bounded_and_goes_with_its_component() {
    let host = host();
    while host.kept_ready() < 2 {
        tokio::task::yield_now().await;
    }
    told(&host).await;
    while host.kept_ready() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(host.kept_ready(), 2);
    assert!(host.uninstall(tenant(), "waking"));
    while host.kept_ready() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn nothing_of_a_call_reaches_another_nor_its_log() {
    let host = host();
    told(&host).await;
    assert_eq!(host.lines(tenant(), "waking"), [], "what is said before there is a call is nobody's");
}

#[tokio::test]
async fn a_small_guest_is_not_warmed() {
    let host = PluginHost::with_budgets(patient()).unwrap();
    let mut small = package("waking");
    assert_eq!(small.size, Size::Large);
    small.size = Size::Small;
    host.install(tenant(), small).unwrap();
    assert_eq!(told(&host).await, "warmed 0, asked 1");
    assert_eq!(host.kept_ready(), 0);
}
