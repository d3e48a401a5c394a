//! Plugins that misbehave: each is stopped, named, and nothing of it leaves the sandbox.

use std::time::Duration;

use tenon_diagnostics::{Classify, Kind};
use tenon_hooks::{HookError, Verdict};
use tenon_plugin_host::{Budgets, CallLimits, PluginHost};
use tenon_value::Value;

use crate::setting::{create, host, package, patient, tenant, update, with_calls};

/// What a caller reads of the fault that this name provokes.
async fn fault(host: &PluginHost, name: &str) -> (Option<&'static str>, String) {
    let error = create(host, &["any", name]).await.unwrap_err();
    let problem = error.problem();
    assert_eq!(problem.kind, Kind::PluginFault, "{name}");
    assert!(!problem.message.en.contains("secret") && !problem.message.en.contains("wasm"), "{name}");
    assert!(!error.to_string().contains("secret"), "{name}");
    (problem.limit, problem.package.unwrap())
}

#[tokio::test]
async fn a_loop_is_stopped_by_its_fuel_and_the_host_goes_on() {
    let host = host(&["looping", "unruly"]);
    for _ in 0..3 {
        assert_eq!(fault(&host, "any").await, (Some("fuel"), "looping@1.0.0".to_owned()));
    }
    assert!(host.uninstall(tenant(), "looping"));
    let verdicts = create(&host, &["any"]).await.unwrap();
    assert!(matches!(verdicts.as_slice(), [Verdict::Patch(_)]));
}

#[tokio::test]
async fn a_loop_is_stopped_by_the_clock_where_fuel_would_last() {
    let endless = CallLimits { fuel: u64::MAX / 2, wall: Duration::from_millis(50), ..CallLimits::BEFORE };
    let host = PluginHost::with_budgets(Budgets { tree_fuel: u64::MAX, ..with_calls(endless) }).unwrap();
    host.install(tenant(), package("looping")).unwrap();
    assert_eq!(fault(&host, "any").await.0, Some("wall"));
}

#[tokio::test]
async fn more_than_it_may_have_ends_a_call_by_name() {
    let host = host(&["unruly"]);
    assert_eq!(fault(&host, "memory").await.0, Some("memory"));
    assert_eq!(fault(&host, "output").await.0, Some("output"));
    assert_eq!(fault(&host, "recurse").await.0, Some("stack"));
}

#[tokio::test]
async fn a_record_that_is_too_large_to_give_is_a_limit_too() {
    let host = PluginHost::with_budgets(with_calls(CallLimits { input: 1_000, ..patient().before })).unwrap();
    host.install(tenant(), package("unruly")).unwrap();
    assert!(create(&host, &["any"; 10]).await.is_ok());
    assert_eq!(fault(&host, &"x".repeat(2_000)).await.0, Some("input"));
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_a_fault() {
    let host = host(&["unruly"]);
    for name in ["panic", "fail", "unknown field", "system field", "wrong type", "empty refusal"] {
        assert_eq!(fault(&host, name).await, (None, "unruly@1.0.0".to_owned()), "{name}");
    }
}

#[tokio::test]
async fn a_flood_of_log_lines_is_cut_and_harms_nobody() {
    let verdicts = create(&host(&["unruly"]), &["log"]).await.unwrap();
    assert_eq!(verdicts, [Verdict::Keep]);
}

#[tokio::test]
async fn a_whole_save_can_be_refused() {
    let error = create(&host(&["unruly"]), &["any", "refuse all"]).await.unwrap_err();
    assert!(matches!(&error, HookError::Refused(refusal) if refusal.message == "not today"));
    assert_eq!(error.problem().rule.as_deref(), Some("CLOSED"));
}

#[tokio::test]
async fn a_hundred_faults_at_once_leave_the_host_whole() {
    let host = host(&["unruly"]);
    let mut calls = tokio::task::JoinSet::new();
    for turn in 0..100 {
        let host = host.clone();
        let name = if turn % 2 == 0 { "panic" } else { "any" };
        calls.spawn(async move { create(&host, &[name]).await.is_ok() });
    }
    let fine = calls.join_all().await.into_iter().filter(|fine| *fine).count();
    assert_eq!(fine, 50);
}

#[tokio::test]
async fn secrets_do_not_enter_a_plugin() {
    // Were the secret in it, the row would be larger than the input limit allows.
    let host = PluginHost::with_budgets(with_calls(CallLimits { input: 1_000, ..patient().before })).unwrap();
    host.install(tenant(), package("hello")).unwrap();
    let secret = [("api_key", Value::text("x".repeat(5_000)))];
    assert!(update(&host, &secret, &secret).await.is_ok());
}
