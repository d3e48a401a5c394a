//! What a host keeps over many calls: the breaker, what was used, which version a mutation meets, plans of tenants.

use tenon_hooks::{Asked, HookChange, HookError, Hooks, NoDesk, Operation, Pace, Phase, Tree};
use tenon_plugin_host::{Budgets, CallLimits, PluginHost, Size};
use tenon_value::Value;

use crate::setting::{OPPORTUNITY, context, create, host, package, patient, record, tenant};

async fn limit(host: &PluginHost, name: &str) -> Option<&'static str> {
    match create(host, &[name]).await {
        Err(HookError::Fault(fault)) => fault.limit,
        _ => unreachable!("`{name}` is no fault"),
    }
}

#[tokio::test]
async fn five_faults_trip_the_breaker_and_cost_nothing_more() {
    let host = PluginHost::with_budgets(Budgets { faults_per_minute: 5, ..patient() }).unwrap();
    host.install(tenant(), package("unruly")).unwrap();
    for _ in 0..5 {
        assert_eq!(limit(&host, "loop").await, Some("fuel"));
    }
    let before = host.usage(tenant());
    assert_eq!(limit(&host, "any").await, Some("breaker"));
    assert_eq!(host.usage(tenant()), before, "it was not asked");
    let mut next = package("unruly");
    next.version = "1.0.1".to_owned();
    host.install(tenant(), next).unwrap();
    assert!(create(&host, &["any"]).await.is_ok(), "another version begins anew");
}

#[tokio::test]
async fn the_same_call_needs_the_same_fuel_on_every_host() {
    let mut seen = Vec::new();
    for _ in 0..3 {
        let host = host(&["unruly"]);
        create(&host, &["any", "clock", "any"]).await.unwrap();
        let (name, usage) = host.usage(tenant()).remove(0);
        assert_eq!((name.as_str(), usage.calls, usage.rows, usage.faults), ("unruly", 1, 3, 0));
        seen.push(usage.fuel);
    }
    assert!(seen[0] > 0 && seen.iter().all(|fuel| *fuel == seen[0]), "{seen:?}");
}

async fn title(host: &PluginHost, tree: &Tree) -> String {
    let (cx, new) = (context(), record(&[("name", Value::text("panic"))]));
    let changes = [HookChange { old: None, new: &new, changed: vec!["name".to_owned()] }];
    let asked = Asked { phase: Phase::BeforeSave, object: OPPORTUNITY, operation: Operation::Create, changes: &changes };
    match host.ask(&cx, asked, tree, &mut NoDesk).await {
        Err(HookError::Fault(fault)) => fault.package,
        _ => unreachable!("no fault"),
    }
}

#[tokio::test]
async fn a_mutation_ends_on_the_version_it_began_with() {
    let host = host(&["unruly"]);
    let under_way = host.enter(&context(), Pace::Save).await.unwrap();
    let mut next = package("unruly");
    next.version = "2.0.0".to_owned();
    host.install(tenant(), next).unwrap();
    assert_eq!(title(&host, &under_way).await, "unruly@1.0.0");
    assert_eq!(title(&host, &host.enter(&context(), Pace::Save).await.unwrap()).await, "unruly@2.0.0");
    assert!(host.uninstall(tenant(), "unruly"));
    assert_eq!(title(&host, &under_way).await, "unruly@1.0.0", "also where it is taken out");
}

#[tokio::test]
async fn a_plan_gives_a_tenant_less_or_more() {
    let host = host(&["unruly"]);
    assert!(create(&host, &["slow"]).await.is_ok());
    host.set_budgets(tenant(), Some(patient().scaled(1)));
    assert_eq!(limit(&host, "slow").await, Some("fuel"));
    host.set_budgets(tenant(), None);
    assert!(create(&host, &["slow"]).await.is_ok());
}

#[tokio::test]
async fn the_pot_of_a_mutation_is_one_for_all_its_calls() {
    let host = PluginHost::with_budgets(Budgets { tree_fuel: 10_000, ..patient() }).unwrap();
    host.install(tenant(), package("unruly")).unwrap();
    assert_eq!(limit(&host, "slow").await, Some("fuel_tree"));
}

#[tokio::test]
async fn a_large_guest_has_an_engine_of_its_own() {
    let host = PluginHost::with_budgets(patient()).unwrap();
    let mut large = package("unruly");
    large.size = Size::Large;
    host.install(tenant(), large).unwrap();
    assert!(create(&host, &["any"]).await.is_ok());
    let unbound = CallLimits { fuel: u64::MAX / 2, ..patient().before };
    assert!(unbound.fuel > 0 && limit(&host, "memory").await == Some("memory"));
    assert!(host.usage(tenant()).remove(0).1.memory > 0);
}
