//! Failed calls that are run again in another host: byte for byte where it is the same component, and told where it is not.

use std::sync::Arc;

use tenon_plugin_host::{PluginHost, Trace};

use crate::setting::{create, host, package, tenant};

/// The last failed call of a plugin, as it travels: through its file.
fn last(host: &PluginHost, plugin: &str) -> Trace {
    let kept = host.traces(tenant(), plugin);
    Trace::read(&kept.last().unwrap().json()).unwrap()
}

#[tokio::test]
async fn every_kind_of_fault_happens_again_byte_for_byte() {
    let (broken, elsewhere) = (host(&["unruly"]), PluginHost::new().unwrap());
    let component = package("unruly").component;
    let wishes = [
        ("memory", Some("memory")),
        ("output", Some("output")),
        ("panic", None),
        ("fail", None),
        ("recurse", Some("stack")),
        ("handles", Some("handles")),
        ("unknown field", None),
        ("wrong type", None),
        ("no text", None),
        ("error flood", Some("output")),
        ("loop", Some("fuel")),
        ("call flood", Some("fuel")),
        ("patch flood", Some("output")),
        ("long refusal", Some("output")),
        ("random flood", Some("output")),
    ];
    for (wish, limit) in wishes {
        let told = create(&broken, &["any", wish]).await.unwrap_err();
        let trace = last(&broken, "unruly");
        assert_eq!((trace.limit(), trace.phase(), trace.about.as_str()), (limit, "before_save", "opportunity"), "{wish}: {told}");
        assert!(trace.whole, "{wish}");
        let again = elsewhere.player(&component, &trace).unwrap().play(&trace).await.unwrap();
        assert_eq!(again.differences, [""; 0], "{wish}");
        assert!(again.same_component && again.fuel == trace.spent && again.fuel > 0, "{wish}");
    }
}

#[tokio::test]
async fn who_strays_from_the_recording_is_told_where() {
    let asking = host(&["unruly"]);
    asking.sample(tenant(), true);
    create(&asking, &["write before"]).await.unwrap();
    let json = asking.sample(tenant(), false).remove(0).json();
    let (component, elsewhere) = (package("unruly").component, PluginHost::new().unwrap());
    // It asked something else then.
    let other = Trace::read(&json.replacen("\"records-write#create\"", "\"records-write#delete\"", 1)).unwrap();
    let player = elsewhere.player(&component, &other).unwrap();
    let strays = player.play(&other).await.unwrap();
    assert!(
        matches!(strays.differences.as_slice(), [one] if one.contains("where it asked records-write#delete")),
        "{:?}",
        strays.differences
    );
    // It was told less then.
    let mut shorter: serde_json::Value = serde_json::from_str(&json).unwrap();
    shorter["tape"].as_array_mut().unwrap().clear();
    let strays = player.play(&Trace::read(&shorter.to_string()).unwrap()).await.unwrap();
    assert!(matches!(strays.differences.as_slice(), [one] if one.ends_with("where it asked nothing more")), "{:?}", strays.differences);
    assert!(strays.broke, "no answer is made up");
}

#[tokio::test]
async fn another_component_shows_whether_it_would_have_broken() {
    let broken = host(&["unruly"]);
    create(&broken, &["panic"]).await.unwrap_err();
    let trace = last(&broken, "unruly");
    let replayed = PluginHost::new().unwrap().player(&package("hello").component, &trace).unwrap().play(&trace).await.unwrap();
    assert!(!replayed.same_component && !replayed.broke);
    assert!(matches!(replayed.differences.first(), Some(one) if one.starts_with("then it broke")), "{:?}", replayed.differences);
}

#[tokio::test]
async fn only_failures_are_kept_unless_all_are_asked_for() {
    let kept = host(&["hello"]);
    create(&kept, &["any"]).await.unwrap();
    assert!(kept.traces(tenant(), "hello").is_empty());
    assert!(kept.sample(tenant(), true).is_empty());
    for _ in 0..3 {
        create(&kept, &["any"]).await.unwrap();
    }
    let samples = kept.sample(tenant(), false);
    create(&kept, &["any"]).await.unwrap();
    assert_eq!((samples.len(), kept.sample(tenant(), false).len()), (3, 0));
    let player = kept.player(&package("hello").component, &samples[0]).unwrap();
    for trace in samples.iter().map(Arc::as_ref) {
        assert!(player.play(trace).await.unwrap().differences.is_empty());
    }
}
