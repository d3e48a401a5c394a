//! What rules mean, worked out by hand.

use tenon_context::Standing;
use tenon_expr::{resolves, settle};
use tenon_model::{Expression, Fact};
use tenon_value::{Decimal, Money, Value};

use crate::house::{House, id, mine};

#[test]
fn the_rules_of_the_manual_hold_for_whom_they_should() {
    let house = House::new();
    let own_or_team = "owner == me || owner.team in my.teams";
    assert!(house.holds(own_or_team, &[("owner", id(1))], &mine()));
    assert!(house.holds(own_or_team, &[("owner", id(9)), ("owner.team", id(11))], &mine()));
    assert!(!house.holds(own_or_team, &[("owner", id(9)), ("owner.team", id(12))], &mine()));
    assert!(!house.holds(own_or_team, &[], &mine()));
    let subtree = "account.partner in my.partners.subtree";
    assert!(house.holds(subtree, &[("account.partner", id(20))], &mine()));
    assert!(!house.holds(subtree, &[("account.partner", id(21))], &mine()));
    assert!(!house.holds(subtree, &[], &mine()));
}

#[test]
fn null_is_equal_to_nothing_and_unequal_to_everything() {
    let house = House::new();
    for (source, empty) in [
        ("name == 'x'", false),
        ("name != 'x'", true),
        ("!(name == 'x')", true),
        ("name < 'x'", false),
        ("!(name < 'x')", true),
        ("name in ['x']", false),
        ("!(name in ['x'])", true),
        ("name == null", true),
        ("name != null", false),
        ("account.name != 'x'", true),
        ("account.name == null", true),
        ("account.is_key", false),
        ("!account.is_key", true),
        ("account.is_key == null", true),
        ("owner != me", true),
        ("'hot' in tags", false),
        ("tags == null", true),
        ("owner.team != me.team", true),
        ("owner.team == me.team", false),
    ] {
        let user = house.model.object_named("user").unwrap();
        let team = Fact::Reference(user.relation_named("team").unwrap().ix);
        let standing: Standing = [(Fact::Me, id(1)), (team, Value::Null)].into_iter().collect();
        assert_eq!(house.holds(source, &[], &standing), empty, "{source}");
    }
}

#[test]
fn numbers_are_exact_and_days_are_days() {
    let house = House::new();
    let record = [
        ("rate", Value::Decimal(Decimal::new(30, 2))),
        ("size", Value::Int(3)),
        ("amount", Value::Money(Money { amount: Decimal::new(100_005, 3), currency: "CNY".to_owned(), base: None })),
        ("close_date", Value::Date("2026-03-01".parse().unwrap())),
        ("next_call", Value::DateTime("2026-03-01T08:00:00Z".parse().unwrap())),
        ("effort", Value::Duration("PT90M".parse().unwrap())),
        ("tags", Value::List(vec![Value::text("hot")])),
        ("is_open", Value::Bool(true)),
    ];
    for source in [
        "rate == 0.3",
        "rate == 0.300",
        "0.1 < rate",
        "rate >= 0.3 && rate <= 0.3",
        "size == 3.0",
        "size > -1",
        "size in [1, 2, 3]",
        "amount.amount > 100.0049999999",
        "amount.amount == 100.005",
        "amount.currency == 'CNY'",
        "amount != null",
        "amount.base == null",
        "close_date == '2026-03-01'",
        "close_date > date('2026-02-28')",
        "close_date in ['2026-03-01']",
        "next_call == timestamp('2026-03-01T16:00:00+08:00')",
        "effort == duration('PT1H30M')",
        "effort < 'P1D'",
        "'hot' in tags",
        "is_open",
        "is_open == true",
        "!(is_open != true)",
        "true",
    ] {
        assert!(house.holds(source, &record, &mine()), "{source}");
    }
    for source in ["rate == 0.30000000000000001", "'cold' in tags", "!is_open", "false", "size < 3", "close_date < '2026-03-01'"] {
        assert!(!house.holds(source, &record, &mine()), "{source}");
    }
}

#[test]
fn what_is_not_known_of_who_asks_denies_all_of_the_rule() {
    let house = House::new();
    let owner = [("owner", id(1))];
    assert!(house.holds("owner == me", &owner, &mine()));
    // Nothing is known of the partners themselves, only of what lies below.
    assert!(!house.holds("owner == me || account.partner in my.partners", &owner, &mine()));
    let nobody = Standing::default();
    assert!(!house.holds("owner == me", &owner, &nobody));
    assert!(!house.holds("owner != me", &owner, &nobody));
    assert!(!house.holds("!(owner == me)", &owner, &nobody));
    assert!(!house.holds("true || owner == me", &owner, &nobody));
    assert!(!resolves(&house.rule("owner.team in my.teams"), &nobody));
    // An empty list is known: it holds nobody.
    assert!(!house.holds("owner.team in my.queues", &[("owner.team", id(10))], &mine()));
    assert!(house.holds("!(owner.team in my.queues)", &[("owner.team", id(10))], &mine()));
}

#[test]
fn conditions_on_who_asks_are_settled_before_any_record() {
    let house = House::new();
    let user = house.model.object_named("user").unwrap();
    let lead = Fact::Attribute(user.field_named("is_lead").unwrap().ix);
    let region = Fact::Attribute(user.field_named("region").unwrap().ix);
    let standing = |is_lead: bool, name: &str| -> Standing {
        [(Fact::Me, id(1)), (lead, Value::Bool(is_lead)), (region, Value::text(name))].into_iter().collect()
    };
    let rule = house.rule("me.is_lead && me.region in ['north', 'south'] || owner == me");
    let own = house.rule("owner == me");
    assert_eq!(settle(&rule, &standing(true, "north")), Expression::Literal(Value::Bool(true)));
    assert_eq!(settle(&rule, &standing(true, "west")), own);
    assert_eq!(settle(&rule, &standing(false, "north")), own);
    let narrow = house.rule("owner == me && !me.is_lead");
    assert_eq!(settle(&narrow, &standing(true, "north")), Expression::Literal(Value::Bool(false)));
    assert_eq!(settle(&narrow, &standing(false, "north")), own);
    let mut conditions = 0;
    rule.each_condition(&mut |_| conditions += 1);
    assert_eq!(conditions, 1, "one part says nothing of a record");
}

#[test]
fn sides_may_stand_either_way_round() {
    let house = House::new();
    assert_eq!(house.rule("me == owner"), house.rule("owner == me"));
    assert_eq!(house.rule("5 < size"), house.rule("size > 5"));
    assert_eq!(house.rule("null != owner"), house.rule("owner != null"));
    assert_eq!(house.rule("'north' == me.region"), house.rule("me.region == 'north'"));
}
