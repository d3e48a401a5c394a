//! Honest plugins.

use tenon_hooks::{Grant, HookError, Hooks, Names, ObjectGrant, Operation, Pace, Phase, Refusal, Verdict};
use tenon_value::{Date, TenantId, Uuid, Value};

use crate::setting::{OPPORTUNITY, context, create, create_with, host, ix, model, package, tenant, update};

fn patch(field: &str, text: &str) -> Verdict {
    Verdict::Patch(vec![(ix(field), Value::text(text))])
}

#[tokio::test]
async fn a_plugin_fills_in_a_field() {
    let host = host(&["hello"]);
    let (old, new) = ([("stage", Value::text("prospecting"))], [("stage", Value::text("proposal"))]);
    assert_eq!(update(&host, &old, &new).await.unwrap(), [patch("next_step", "follow up on the proposal")]);
    assert_eq!(update(&host, &new, &new).await.unwrap(), [Verdict::Keep]);
}

#[tokio::test]
async fn a_plugin_refuses_in_its_own_words() {
    let host = host(&["hello"]);
    let won = ("stage", Value::text("won"));
    let expected = Refusal {
        package: "hello".to_owned(),
        rule: Some("CLOSE_DATE_MISSING".to_owned()),
        message: "a won deal needs a close date".to_owned(),
        field: Some("close_date".to_owned()),
    };
    let verdicts = update(&host, &[], std::slice::from_ref(&won)).await.unwrap();
    assert_eq!(verdicts, [Verdict::Refuse(vec![expected])]);
    let dated = [won, ("close_date", Value::Date(Date::from_days(20_512)))];
    assert_eq!(update(&host, &[], &dated).await.unwrap(), [Verdict::Keep]);
}

#[tokio::test]
async fn a_large_save_is_asked_about_in_portions_that_remember_nothing() {
    let host = host(&["unruly"]);
    let verdicts = create(&host, &["any"; 450]).await.unwrap();
    let expected = |count: usize| vec![patch("next_step", &format!("call 1 of {count}")); count];
    assert_eq!(verdicts, [expected(200), expected(200), expected(50)].concat());
}

#[tokio::test]
async fn the_clock_of_a_save_stands_still_in_the_tenants_zone() {
    let verdicts = create(&host(&["unruly"]), &["clock"]).await.unwrap();
    assert_eq!(verdicts, [patch("next_step", "2026-02-28T20:00:00.000Z 2026-03-01")]);
}

#[tokio::test]
async fn a_plugin_sees_the_patches_of_those_before_it() {
    let host = host(&["hello"]);
    let mut first = package("unruly");
    first.priority = -1;
    host.install(tenant(), first).unwrap();
    // `hello` would fill in the next step itself, had not somebody before it.
    let proposal = [("name", Value::text("any")), ("stage", Value::text("proposal"))];
    assert_eq!(create_with(&host, &proposal).await.unwrap(), [patch("next_step", "call 1 of 1")]);
    let alone = self::host(&["hello"]);
    assert_eq!(create_with(&alone, &proposal).await.unwrap(), [patch("next_step", "follow up on the proposal")]);
}

#[tokio::test]
async fn a_plugin_is_shown_and_changes_what_it_was_granted() {
    let these = |names: &[&str]| Names::These(names.iter().map(|name| (*name).to_owned()).collect());
    let granted = |read: &[&str], write: &[&str]| {
        let deal = ObjectGrant { object: "opportunity".to_owned(), read: these(read), write: these(write) };
        let host = host(&[]);
        host.install(tenant(), tenon_plugin_host::PluginPackage { grant: Grant::Records(vec![deal]), ..package("hello") }).unwrap();
        host
    };
    let proposal = [("stage", Value::text("proposal"))];
    let verdicts = create_with(&granted(&["stage"], &["next_step"]), &proposal).await.unwrap();
    assert_eq!(verdicts, [patch("next_step", "follow up on the proposal")]);
    let unseen = create_with(&granted(&["name"], &["next_step"]), &proposal).await.unwrap();
    assert_eq!(unseen, [Verdict::Keep], "it does not see the stage");
    let broken = create_with(&granted(&["stage", "next_step"], &["amount"]), &proposal).await.unwrap_err();
    assert!(matches!(&broken, HookError::Fault(fault) if fault.detail.contains("was not granted")), "{broken:?}");
}

#[tokio::test]
async fn nobody_is_asked_who_did_not_subscribe() {
    let host = host(&["hello"]);
    let tree = host.enter(&context(), Pace::Save).await.unwrap();
    let asked = |operation| host.subscribes(&model(), (OPPORTUNITY, Phase::BeforeSave, operation), &tree);
    assert!(asked(Operation::Create) && asked(Operation::Update));
    assert!(!asked(Operation::Delete) && !asked(Operation::Restore));
    let mut of_another = (*model()).clone();
    of_another.tenant = TenantId(Uuid::from_u128(2));
    assert!(!host.subscribes(&of_another, (OPPORTUNITY, Phase::BeforeSave, Operation::Create), &tree));
}

#[tokio::test]
async fn a_plugin_for_everybody_is_asked_for_everybody_once() {
    let host = host(&["hello"]);
    host.install_everywhere(package("hello")).unwrap();
    let mut of_another = (*model()).clone();
    of_another.tenant = TenantId(Uuid::from_u128(2));
    let tree = host.enter(&context(), Pace::Save).await.unwrap();
    assert!(host.subscribes(&of_another, (OPPORTUNITY, Phase::BeforeSave, Operation::Create), &tree));
    let refused = update(&host, &[], &[("stage", Value::text("won"))]).await.unwrap();
    assert!(matches!(refused.as_slice(), [Verdict::Refuse(refusals)] if refusals.len() == 1));
    assert!(host.uninstall(tenant(), "hello"));
    assert!(!host.uninstall(tenant(), "hello"));
}
