//! What a host test may say, and what is refused by name.

use super::read::test;
use super::*;

const WHOLE: &str = "format: tenon/v1
test: a won deal is billed once
time: 2026-03-02T09:00:00+08:00
seed: 7
settings: { days: 3 }
secrets: { billing_key: open sesame }
http:
  - { call: POST billing /v1/deals, status: 201, headers: { x-id: a }, json: { id: 1 } }
steps:
  - as: sales_rep
    graphql: |
      mutation { createTag(input: { name: \"a\" }) { id } }
    expect: { data: { createTag: { id: $any } } }
    keep: { tag: /data/createTag/id }
    fuel_below: 2000000
    calls: [POST billing /v1/deals]
  - advance: 2026-03-03T09:00:00+08:00
  - { endpoint: POST /orders?page=2, headers: { x-sig: abc }, body: hello, expect: { status: 200 } }
";

#[test]
fn a_test_is_read_as_it_is_written() {
    let read = test("tests/a.yaml", WHOLE.as_bytes()).unwrap();
    assert_eq!(
        (read.name.as_str(), read.seed, read.time.to_string()),
        ("a won deal is billed once", 7, "2026-03-02T01:00:00.000Z".to_owned())
    );
    let call = CallPattern { method: "POST".to_owned(), grant: "billing".to_owned(), path: "/v1/deals".to_owned() };
    assert_eq!((read.http[0].call.clone(), read.http[0].status, read.http[0].body.as_str()), (call.clone(), 201, "{\"id\":1}"));
    let first = &read.steps[0];
    assert_eq!((first.role.as_deref(), first.fuel_below, first.calls.clone()), (Some("sales_rep"), Some(2_000_000), Some(vec![call])));
    assert_eq!(first.keep, [("tag".to_owned(), "/data/createTag/id".to_owned())]);
    assert!(matches!(read.steps[1].act, StepAct::Advance(_)));
    assert!(matches!(&read.steps[2].act, StepAct::Endpoint { path, body, .. } if path == "/orders?page=2" && body == "hello"));
}

#[test]
fn only_files_of_tests_itself_are_host_tests() {
    for (path, is_one) in [("tests/a.yaml", true), ("tests/deep/a.yaml", false), ("tests/a.rs", false), ("docs/a.yaml", false)] {
        assert_eq!(is_host_test(path), is_one, "{path}");
    }
}

#[test]
fn what_is_wrong_is_refused_by_its_path() {
    let steps = "steps:\n  - graphql: \"{ me { id } }\"\n";
    let wrong = [
        ("", "empty"),
        ("format: tenon/v2\ntest: a\n", "format"),
        ("format: tenon/v1\nsteps:\n  - advance: 2026-03-03T09:00:00Z\n", "`test`"),
        ("format: tenon/v1\ntest: a\n", "`steps`"),
        ("format: tenon/v1\ntest: a\ntime: soon\nsteps:\n  - advance: 2026-03-03T09:00:00Z\n", "`time`"),
        ("format: tenon/v1\ntest: a\nsteps:\n  - {}\n", "step 1"),
        ("format: tenon/v1\ntest: a\nsteps:\n  - { graphql: a, advance: 2026-03-03T09:00:00Z }\n", "step 1"),
        ("format: tenon/v1\ntest: a\nsteps:\n  - { graphql: a, body: b }\n", "`body`"),
        ("format: tenon/v1\ntest: a\nsteps:\n  - { graphql: a, keep: { id: data.a } }\n", "`keep.id`"),
        ("format: tenon/v1\ntest: a\nsteps:\n  - { endpoint: orders }\n", "`endpoint`"),
        ("format: tenon/v1\ntest: a\nsteps:\n  - { graphql: a, calls: [billing] }\n", "a call"),
        ("format: tenon/v1\ntest: a\nsteps:\n  - { graphql: a, fuel_below: much }\n", "`fuel_below`"),
    ];
    for (text, word) in wrong {
        let told = test("tests/a.yaml", text.as_bytes()).unwrap_err().to_string();
        assert!(told.contains("tests/a.yaml") && told.contains(word), "{text}: {told}");
    }
    let unknown = test("tests/a.yaml", format!("format: tenon/v1\ntest: a\nsleep: 7\n{steps}").as_bytes()).unwrap_err();
    assert!(unknown.to_string().contains("`sleep` is not known"), "{unknown}");
    assert_eq!(unknown.rule(), "package/test");
    assert!(test("tests/a.yaml", &vec![b'a'; HOST_TEST_BYTES_MAX + 1]).is_err());
}
