//! Who is taken in, and who is not.

use std::path::Path;

use tenon_diagnostics::Classify;
use tenon_hooks::{Operation, Phase};
use tenon_plugin_host::{COMPONENT_BYTES_MAX, LoadError, OnFault, PluginHost, PluginPackage, Subscription};

use crate::setting::{create, host, package, patient, tenant};

#[test]
fn a_component_says_itself_what_it_is() {
    let hello = package("hello");
    assert_eq!(hello.title(), "hello@1.0.0");
    let operations = vec![Operation::Create, Operation::Update];
    assert_eq!(
        hello.subscriptions,
        [Subscription { object: "opportunity".to_owned(), phase: Phase::BeforeSave, operations, on_fault: OnFault::Refuse }]
    );
}

#[test]
fn what_a_person_writes_agrees_with_what_the_component_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let written = std::fs::read_to_string(root.join("plugins/hello/package.yaml")).unwrap();
    let hello = package("hello");
    assert!(written.contains(&format!("\npackage: {}\n", hello.name)));
    assert!(written.contains(&format!("\nversion: {}\n", hello.version)));
}

#[tokio::test]
async fn an_import_that_is_not_granted_is_refused_by_its_function() {
    let host = host(&["unruly"]);
    let refused = host.install(tenant(), package("greedy")).unwrap_err();
    assert_eq!(refused, LoadError::NotGranted("acme:files/disk@1.0.0#read".to_owned()));
    assert!(refused.problem().message.en.contains("acme:files/disk@1.0.0#read"));
    assert!(create(&host, &["any"]).await.is_ok(), "what was installed before stays");
}

#[test]
fn what_reaches_beyond_records_needs_a_manifest_that_grants_it() {
    let host = PluginHost::with_budgets(patient()).unwrap();
    let refused = host.check(package("courier")).unwrap_err();
    assert!(matches!(&refused, LoadError::NotGranted(function) if function.starts_with("tenon:plugin/config@1.0.0#")), "{refused}");
    assert!(refused.problem().message.en.contains("tenon:plugin/config@1.0.0#get"), "{refused}");
}

#[test]
fn what_is_no_component_is_refused() {
    let refused = |bytes: &[u8]| PluginPackage::from_component(bytes).unwrap_err();
    assert!(matches!(refused(b""), LoadError::NotAComponent(_)));
    assert!(matches!(refused(b"\0asm\x01\0\0\0"), LoadError::NotAComponent(_)));
    assert!(matches!(refused(b"\0asm\x0d\0\x01\0"), LoadError::Undescribed(_)));
    assert_eq!(refused(&vec![0; COMPONENT_BYTES_MAX + 1]), LoadError::TooLarge(COMPONENT_BYTES_MAX + 1));
    let missing = PluginPackage::from_dir(Path::new("/nowhere")).unwrap_err();
    assert!(matches!(missing, LoadError::File { file, .. } if file == "/nowhere/plugin.wasm"));
}

#[test]
fn a_plugin_for_a_younger_host_is_refused_before_anything_of_it_runs() {
    let patched = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let mut bytes = package("hello").component;
        let places: Vec<usize> =
            bytes.windows(from.len()).enumerate().filter(|(_, here)| *here == from.as_bytes()).map(|(at, _)| at).collect();
        assert!(!places.is_empty(), "{from}");
        for at in places {
            bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
        }
        bytes
    };
    let younger = PluginPackage::from_component(&patched("\"tenon:plugin@1.0.0\"", "\"tenon:plugin@1.7.0\"")).unwrap_err();
    assert!(matches!(&younger, LoadError::Contract(words) if words.contains("1.7.0")), "{younger}");
    let other = PluginPackage::from_component(&patched("tenon:plugin/", "acmee:plugin/"));
    let refused = other.and_then(|other| PluginHost::with_budgets(patient()).unwrap().check(other)).unwrap_err();
    assert!(matches!(&refused, LoadError::NotGranted(import) if import.starts_with("acmee:plugin/")), "{refused}");
}

#[tokio::test]
async fn a_large_component_is_taken_in_up_to_its_limit() {
    // A section of the component's own, which says nothing.
    let padded = |bytes: usize| {
        let mut component = package("hello").component;
        let mut length = bytes + 2;
        component.push(0);
        while length >= 0x80 {
            component.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        component.push(u8::try_from(length).unwrap());
        component.extend([1, b'x']);
        component.resize(component.len() + bytes, 0);
        component
    };
    let host = PluginHost::with_budgets(patient()).unwrap();
    host.install(tenant(), PluginPackage::from_component(&padded(23 << 20)).unwrap()).unwrap();
    assert!(create(&host, &["any"]).await.is_ok());
    assert!(matches!(PluginPackage::from_component(&padded(30_000_000)), Err(LoadError::TooLarge(_))));
}

#[test]
fn broken_bytes_are_refused_without_harm() {
    let host = PluginHost::with_budgets(patient()).unwrap();
    let whole = package("hello");
    for place in (0..whole.component.len()).step_by(997) {
        let mut broken = whole.clone();
        broken.component.truncate(place);
        assert!(host.check(broken).is_err(), "{place}");
    }
    assert!(host.check(whole).is_ok());
}

#[test]
fn a_subscription_that_is_never_met_is_refused() {
    let host = PluginHost::with_budgets(patient()).unwrap();
    let mut hello = package("hello");
    hello.subscriptions[0].operations = vec![Operation::Restore];
    assert!(matches!(host.check(hello.clone()), Err(LoadError::NeverCalled { .. })));
    hello.subscriptions[0].operations = Vec::new();
    assert!(matches!(host.check(hello), Err(LoadError::Undescribed(_))));
}

#[test]
fn a_checked_plugin_says_what_it_calls() {
    let host = PluginHost::with_budgets(patient()).unwrap();
    let imports = |name: &str| host.check(package(name)).unwrap().imports();
    assert!(["jobs", "kv", "records-write"].iter().all(|wanted| imports("clerk").contains(wanted)), "{:?}", imports("clerk"));
    assert!(!["jobs", "kv", "records-write"].iter().any(|wanted| imports("hello").contains(wanted)), "{:?}", imports("hello"));
}
