//! What fits a field, and what does not. Expected values are worked out by hand.

use serde_json::json;
use tenon_model::{Choice, Field, FieldIx, FieldKind, Settings, SortRule, State};
use tenon_value::{ElementId, Json, Localized, Name, Value};

use super::coerce;

fn field(kind: FieldKind) -> Field {
    Field {
        ix: FieldIx(9),
        id: ElementId::derive("tenant", "x"),
        name: Name::known("x"),
        graphql: "x".to_owned(),
        label: Localized::default(),
        about: Localized::default(),
        kind,
        required: false,
        unique: false,
        read_only: false,
        personal: false,
        system: false,
        default: Value::Null,
        sort: SortRule::Fold,
        columns: Vec::new(),
        past: None,
        package: Name::known("tenant"),
        state: State::Active,
        aliases: Vec::new(),
    }
}

fn text(max: u32, min: u32, pattern: Option<&str>) -> Field {
    field(FieldKind::Text { max, min, pattern: pattern.map(str::to_owned) })
}

/// The value in words, or the rule that the input breaks.
fn told(field: &Field, input: &Json) -> String {
    match coerce(field, input, &Settings::default()) {
        Ok(value) => format!("{value:?}"),
        Err(problem) => {
            assert_eq!(problem.field.as_deref(), Some("x"));
            problem.rule.as_deref().unwrap_or("-").to_owned()
        }
    }
}

fn check(field: &Field, cases: &[(Json, &str)]) {
    for (input, expected) in cases {
        assert_eq!(told(field, input), *expected, "{input}");
    }
}

#[test]
fn decimals_are_exact_or_refused() {
    let two = field(FieldKind::Decimal { scale: 2, min: Some("-1".parse().unwrap()), max: Some("9999999999999999".parse().unwrap()) });
    check(
        &two,
        &[
            (json!("0.3"), "Decimal(0.30)"),
            (json!(0.3), "Decimal(0.30)"),
            (json!(12), "Decimal(12.00)"),
            (json!("0.301"), "scale"),
            (json!("0.300"), "Decimal(0.30)"),
            (json!("-1.01"), "min"),
            (json!("99999999999999999"), "range"),
            (json!("abc"), "type"),
            (json!(true), "type"),
            (json!([1]), "type"),
            (Json::Null, "Null"),
        ],
    );
}

#[test]
fn whole_numbers_have_32_bits() {
    let whole = field(FieldKind::Integer { min: None, max: Some("2147483647".parse().unwrap()) });
    check(
        &whole,
        &[
            (json!(2_147_483_647), "Int(2147483647)"),
            (json!(-2_147_483_648_i64), "Int(-2147483648)"),
            (json!(2_147_483_648_i64), "range"),
            (json!(3.5), "type"),
            (json!("3"), "type"),
            (json!(1e300), "range"),
        ],
    );
}

#[test]
fn text_is_cleaned_counted_in_letters_and_matched_whole() {
    let short = text(3, 2, Some("[a-zé]+"));
    check(
        &short,
        &[
            (json!("  ab "), "Text(\"ab\")"),
            (json!("e\u{301}e\u{301}e\u{301}"), "Text(\"ééé\")"),
            (json!("abcd"), "length"),
            (json!("a"), "length"),
            (json!("ab1"), "pattern"),
            (json!("a\u{0}b"), "pattern"),
            (json!(""), "Null"),
            (json!("   "), "Null"),
            (json!(5), "type"),
        ],
    );
    check(&text(10, 0, None), &[(json!("a\nb"), "pattern")]);
}

#[test]
fn phones_become_e164() {
    check(
        &field(FieldKind::Phone),
        &[
            (json!("138 0013 8000"), "Text(\"+8613800138000\")"),
            (json!("+86-138-0013-8000"), "Text(\"+8613800138000\")"),
            (json!("010-8888 8888"), "Text(\"+861088888888\")"),
            (json!("400-810-8888"), "Text(\"+864008108888\")"),
            (json!("0049 30 901820"), "Text(\"+4930901820\")"),
            (json!("+1 (212) 555-0100"), "Text(\"+12125550100\")"),
            (json!("１３８００１３８０００"), "Text(\"+8613800138000\")"),
            (json!("12345"), "pattern"),
            (json!("call me"), "pattern"),
            (json!("+0123456789"), "pattern"),
        ],
    );
}

#[test]
fn addresses_of_mail_and_web_are_checked() {
    check(
        &field(FieldKind::Email),
        &[
            (json!("Li.Lei@Example.COM"), "Text(\"Li.Lei@example.com\")"),
            (json!("a@b"), "pattern"),
            (json!("a b@c.de"), "pattern"),
            (json!("@c.de"), "pattern"),
            (json!("a@-c.de"), "pattern"),
        ],
    );
    check(
        &field(FieldKind::Url),
        &[
            (json!("example.com/a?b"), "Text(\"https://example.com/a?b\")"),
            (json!("HTTP://example.com"), "Text(\"http://example.com\")"),
            (json!("http://localhost:8080/x"), "Text(\"http://localhost:8080/x\")"),
            (json!("https://例子.中国/路"), "Text(\"https://例子.中国/路\")"),
            (json!("javascript:alert(1)"), "pattern"),
            (json!("nohost"), "pattern"),
            (json!("https://a b.de"), "pattern"),
        ],
    );
}

#[test]
fn moments_need_an_offset_and_days_are_real() {
    check(
        &field(FieldKind::DateTime),
        &[(json!("2026-02-28T16:00:00+08:00"), "DateTime(2026-02-28T08:00:00.000Z)"), (json!("2026-02-28T16:00:00"), "offset_required")],
    );
    check(
        &field(FieldKind::Date),
        &[(json!("2026-02-28"), "Date(2026-02-28)"), (json!("2026-02-30"), "type"), (json!("28.02.2026"), "type")],
    );
    check(&field(FieldKind::Duration), &[(json!("PT90M"), "Duration(PT1H30M)"), (json!("P1M"), "type")]);
}

#[test]
fn choices_are_codes_in_declared_order() {
    let option = |name: &str, state| Choice {
        name: Name::code(name).unwrap(),
        graphql: tenon_value::screaming(name),
        label: Localized::default(),
        color: None,
        closed: false,
        state,
    };
    let options = || vec![option("5_star", State::Active), option("won", State::Active), option("old", State::Retired)];
    check(
        &field(FieldKind::Choice(options())),
        &[(json!("won"), "Text(\"won\")"), (json!("old"), "choice"), (json!("WON"), "choice"), (json!(1), "type")],
    );
    check(
        &field(FieldKind::Choices(options())),
        &[
            (json!(["won", "5_star", "won"]), "List([Text(\"5_star\"), Text(\"won\")])"),
            (json!([]), "Null"),
            (json!(["nope"]), "choice"),
            (json!("won"), "type"),
        ],
    );
    let stars = field(FieldKind::Choice(options()));
    assert_eq!(super::option_by_graphql(&stars, "_5_STAR").map(|option| option.name.as_str()), Some("5_star"));
}

#[test]
fn composites_name_their_parts() {
    let money = field(FieldKind::Money { scale: 2, min: Some("0".parse().unwrap()), max: None });
    check(
        &money,
        &[
            (json!({ "amount": "1.5", "currency": "usd" }), "Money(Money { amount: 1.50, currency: \"USD\", base: None })"),
            (json!({ "amount": 2 }), "Money(Money { amount: 2.00, currency: \"CNY\", base: None })"),
            (json!({ "amount": "1.555" }), "scale"),
            (json!({ "amount": "-1" }), "min"),
            (json!({ "currency": "USD" }), "required"),
            (json!({ "amount": "1", "currency": "DOLLARS" }), "currency"),
            (json!({ "amount": "1", "currency": "XYZ" }), "currency"),
            (json!({ "amount": "1", "worth": "2" }), "type"),
            (json!("1"), "type"),
        ],
    );
    check(
        &field(FieldKind::Geo),
        &[
            (json!({ "lat": 31.2, "lng": 121.5 }), "Geo(Geo { lat: 31.2, lng: 121.5 })"),
            (json!({ "lat": 91, "lng": 0 }), "range"),
            (json!({ "lat": 1 }), "type"),
        ],
    );
    let address = field(FieldKind::Address);
    check(
        &address,
        &[
            (json!({}), "Null"),
            (json!({ "city": "  " }), "Null"),
            (json!({ "country": "China" }), "pattern"),
            (json!({ "city": 5 }), "type"),
        ],
    );
    assert!(told(&address, &json!({ "country": "cn", "city": "上海", "postalCode": "200000" })).contains("Some(\"CN\")"));
}

#[test]
fn a_boolean_is_never_null() {
    check(
        &field(FieldKind::Boolean),
        &[(Json::Null, "Bool(false)"), (json!(true), "Bool(true)"), (json!("true"), "type"), (json!(1), "type")],
    );
}

#[test]
fn what_the_system_sets_is_no_input() {
    check(&field(FieldKind::AutoNumber { format: "N{0}".to_owned() }), &[(json!("N7"), "read_only")]);
}
