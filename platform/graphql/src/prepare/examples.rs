//! Each rule with a document that breaks it, and what is said then.

use crate::prepare::validate;
use crate::syntax::parse;
use crate::testing;

fn said(text: &str) -> Vec<String> {
    let schema = testing::schema();
    let problems = validate(&schema, &parse(text).unwrap()).unwrap_err();
    problems.as_slice().iter().map(|problem| problem.message.en.clone()).collect()
}

#[test]
fn each_rule_says_what_is_wrong() {
    for (text, expected) in [
        ("{ nope }", "Cannot query field \"nope\" on type \"Query\"."),
        ("{ accounts { nodes { nam } } }", "Cannot query field \"nam\" on type \"Account\". Did you mean \"name\"?"),
        (
            "{ accounts }",
            "Field \"accounts\" of type \"AccountConnection!\" must have a selection of subfields. Did you mean \"accounts { ... }\"?",
        ),
        ("{ me { id { x } } }", "Field \"id\" must not have a selection since type \"ID!\" has no subfields."),
        ("{ accounts(frist: 1) { nodes { id } } }", "Unknown argument \"frist\" on \"accounts\". Did you mean \"first\"?"),
        ("{ accounts(first: 1, first: 2) { nodes { id } } }", "There can be only one argument named \"first\"."),
        ("{ record(object: \"a\") { id } }", "Field \"record\" argument \"id\" of type \"ID!\" is required, but it was not provided."),
        ("{ accounts(first: \"x\") { nodes { id } } }", "Expected value of type \"Int\"."),
        ("{ accounts(orderBy: [{ name: UP }]) { nodes { id } } }", "Value \"UP\" does not exist in \"Sort\" enum."),
        (
            "{ accounts(orderBy: [{ name: ASC, id: ASC }]) { nodes { id } } }",
            "OneOf Input Object \"AccountOrder\" must specify exactly one key.",
        ),
        ("{ accounts(filter: { nope: 1 }) { nodes { id } } }", "Field \"nope\" is not defined by type \"AccountFilter\"."),
        ("{ accounts(filter: { not: {}, not: {} }) { nodes { id } } }", "There can be only one input field named \"not\"."),
        ("mutation { createAccount(input: null) { id } }", "Expected value of type \"CreateAccountInput!\", found null."),
        ("query($a: Nope) { me { id } }", "Unknown type \"Nope\"."),
        ("query($a: Account) { me { id } }", "Variable \"$a\" cannot be non-input type \"Account\"."),
        ("query($a: Int, $a: Int) { accounts(first: $a) { nodes { id } } }", "There can be only one variable named \"$a\"."),
        ("query($a: Int) { me { id } }", "Variable \"$a\" is never used."),
        ("query Q { accounts(first: $a) { nodes { id } } }", "Variable \"$a\" is not defined by operation \"Q\"."),
        (
            "query($a: String) { accounts(first: $a) { nodes { id } } }",
            "Variable \"$a\" of type \"String\" used in position expecting type \"Int\".",
        ),
        ("{ me { ...x } }", "Unknown fragment \"x\"."),
        ("{ me { id } } fragment x on Me { id }", "Fragment \"x\" is never used."),
        ("{ me { ...x } } fragment x on Nope { id }", "Unknown type \"Nope\"."),
        ("{ me { ...x } } fragment x on Int { id }", "Fragment cannot condition on non composite type \"Int\"."),
        ("{ me { ... on Account { id } } }", "Fragment cannot be spread here as objects of type \"Me\" can never be of type \"Account\"."),
        ("{ me { ...x } } fragment x on Me { ...x }", "Cannot spread fragment \"x\" within itself."),
        ("{ me { id @nope } }", "Unknown directive \"@nope\"."),
        ("query @skip(if: true) { me { id } }", "Directive \"@skip\" may not be used on QUERY."),
        ("{ me { id @skip(if: true) @skip(if: true) } }", "The directive \"@skip\" can only be used once at this location."),
        ("query A { me { id } } query A { me { id } }", "There can be only one operation named \"A\"."),
        ("query A { me { id } } { me { id } }", "This anonymous operation must be the only defined operation."),
        ("subscription { x }", "Cannot query field \"x\" on type \"Subscription\"."),
        (
            "subscription { a: metadataChanged { version } b: metadataChanged { version } }",
            "Anonymous Subscription must select only one top level field.",
        ),
        ("subscription S { __typename }", "Subscription \"S\" must not select an introspection top level field."),
        (
            "{ a: me { id } a: accounts { nodes { id } } }",
            "Fields \"a\" conflict because they are different fields (first at 1:3). Use different aliases on the fields to fetch both.",
        ),
    ] {
        assert!(said(text).iter().any(|message| message == expected), "{text}: {:?}", said(text));
    }
}

#[test]
fn all_problems_are_told_at_once() {
    assert_eq!(said("{ nope accounts(x: 1) { nodes { nope } } }").len(), 3);
}
