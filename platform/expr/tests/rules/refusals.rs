//! What is no rule, with its code, its place and its help.

use tenon_expr::{NESTING_MAX, OPERATORS_MAX};

use crate::house::House;

/// The code, the words the fault stands at, and its help.
fn fault(house: &House, source: &str) -> (String, String, String) {
    let faults = house.check(source).map(|rule| panic!("{source} passes: {:?}", rule.expression)).unwrap_err();
    let first = faults.first().unwrap();
    (first.code.to_owned(), source.get(first.at.clone()).unwrap().to_owned(), first.help.clone().unwrap_or_default())
}

#[test]
fn a_name_that_leads_nowhere_is_placed_and_the_nearest_is_named() {
    let house = House::new();
    for (source, words, help) in [
        ("stagee == 'won'", "stagee", "did you mean `stage`?"),
        ("owner == me && acount.partner == null", "acount", "did you mean `account`?"),
        ("account.partnr in my.partners.subtree", "partnr", "did you mean `partner`?"),
        ("owner in my.team", "team", "did you mean `teams`?"),
        ("account.partner in my.partners.subtre", "subtre", "did you mean `subtree`?"),
        ("stage == 'wom'", "'wom'", "did you mean `won`?"),
        ("stage in ['open', 'lots']", "'lots'", "did you mean `lost`?"),
        ("amount.amont > 5", "amont", "did you mean `amount`?"),
        ("owner.team in my.departments", "departments", ""),
        ("me.regio == 'north'", "regio", "did you mean `region`?"),
        ("'中文' == nam", "nam", "did you mean `name`?"),
        ("account . parner == null", "parner", "did you mean `partner`?"),
    ] {
        assert_eq!(fault(&house, source), ("rule/unknown-name".to_owned(), words.to_owned(), help.to_owned()), "{source}");
    }
}

#[test]
fn what_does_not_go_together_is_refused() {
    let house = House::new();
    for (source, words) in [
        ("name == 5", "5"),
        ("size == '5'", "'5'"),
        ("close_date > 'soon'", "'soon'"),
        ("close_date > timestamp('2026-01-01T00:00:00Z')", "'2026-01-01T00:00:00Z'"),
        ("next_call > '2026-01-01'", "'2026-01-01'"),
        ("close_date > date('2026-02-30')", "'2026-02-30'"),
        ("amount > 5", "amount"),
        ("ship_to == 'x'", "ship_to"),
        ("tags == 'hot'", "tags"),
        ("owner == my.teams", "my.teams"),
        ("owner in me", "me"),
        ("owner in my.teams", "owner"),
        ("owner == account", "account"),
        ("owner == 'me'", "'me'"),
        ("stage < 'won'", "<"),
        ("owner < me", "<"),
        ("stage < null", "stage < null"),
        ("is_open == null", "is_open == null"),
        ("size in [1, null]", "null"),
        ("stage", "stage"),
        ("'yes'", "'yes'"),
        ("owner", "owner"),
        ("watchers == me", "watchers"),
        ("(stage == 'won') == true", "=="),
        ("is_open == 'true'", "'true'"),
    ] {
        let (code, at, _) = fault(&house, source);
        assert_eq!((code.as_str(), at.as_str()), ("rule/type", words), "{source}");
    }
}

#[test]
fn what_cel_can_and_rules_cannot_is_named() {
    let house = House::new();
    for (source, words) in [
        ("stage == 'won' ? true : false", "?"),
        ("name.startsWith('x')", "("),
        ("size(name) > 3", "("),
        ("size + 1 > 3", "+"),
        ("-size > 3", "-"),
        ("has(account.name)", "("),
        ("[1, 2].exists(x, x == size)", "("),
        ("tags.all(t, t == 'hot')", "("),
        ("size == 1u", "1u"),
        ("name == b'x'", "b'x'"),
        ("{'a': 1} == name", "{"),
        ("name == ship_to.city", "name == ship_to.city"),
        ("size == rate", "size == rate"),
        ("size in [rate]", "in"),
        ("1 == 1", "=="),
        ("account.parent.parent.parent.parent.parent.name == 'x'", "account.parent.parent.parent.parent.parent.name"),
        ("origin.name == 'x'", "origin"),
        ("pin == 'x'", "pin"),
        ("me.team.lead == me", "me.team.lead"),
        ("me.budget == null", "budget"),
        ("5 in my.teams", "5"),
        ("name[0] == 'x'", "["),
    ] {
        let (code, at, _) = fault(&house, source);
        assert_eq!((code.as_str(), at.as_str()), ("rule/unsupported", words), "{source}");
    }
}

#[test]
fn four_relations_are_as_far_as_a_path_goes() {
    let house = House::new();
    house.rule("account.parent.parent.parent.name == 'x'");
    assert_eq!(fault(&house, "account.parent.parent.parent.parent.name == 'x'").0, "rule/unsupported");
}

#[test]
fn what_is_no_cel_is_placed_by_letters_not_bytes() {
    let house = House::new();
    for (source, words, help) in [
        ("stage = 'won'", "=", "write `==`"),
        ("name == '中文' and is_open", "a", "write `&&`"),
        ("stage == 'won' &&", "", ""),
        ("'中' == name && 我 == 1", "我", ""),
        ("", "", "leave the key out where there is no rule"),
        ("name == 'x", "'", ""),
        ("(owner == me", "", ""),
        ("owner == me)", ")", ""),
    ] {
        assert_eq!(fault(&house, source), ("rule/syntax".to_owned(), words.to_owned(), help.to_owned()), "{source}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let house = House::new();
    let faults = house.check("stagee == 'x' || size == 'y' && !(nam == 'z')").unwrap_err();
    let codes: Vec<&str> = faults.iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["rule/unknown-name", "rule/type", "rule/unknown-name"]);
}

#[test]
fn a_text_at_its_limits_is_read_and_one_beyond_is_told_before_it_is_read() {
    let house = House::new();
    let nested = |depth: usize| format!("{}is_open{}", "(".repeat(depth), ")".repeat(depth));
    house.rule(&nested(NESTING_MAX));
    assert_eq!(fault(&house, &nested(NESTING_MAX + 1)).0, "rule/too-large");
    let chained = |count: usize| format!("is_open{}", " || is_open".repeat(count));
    house.rule(&chained(OPERATORS_MAX));
    assert_eq!(fault(&house, &chained(OPERATORS_MAX + 1)).0, "rule/too-large");
    house.rule(&format!("{}is_open", "!".repeat(OPERATORS_MAX)));
    let hostile = ["(", "[", "{", "!", "-", "a.", "a?", "'", "a(", "\\", "\u{0}", "\u{202e}", "a ? a : "];
    for piece in hostile {
        for count in [1, 20, 40, 300, 5_000] {
            assert!(house.check(&piece.repeat(count)).is_err(), "{piece} {count}");
        }
    }
}

#[test]
fn strings_that_would_hurt_in_sql_are_only_values() {
    let house = House::new();
    for text in ["'; drop table deal; --", "\\u0000", "%", "$1", "\"", "❄'"] {
        let source = format!("name == {}", serde_text(text));
        let rule = house.rule(&source);
        assert!(format!("{rule:?}").contains("Literal"), "{source}");
    }
}

fn serde_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
