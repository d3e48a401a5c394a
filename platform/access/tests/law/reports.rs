//! What is told of a rule when it is saved.

use tenon_access::{compared, counted, is_served};
use tenon_context::Standing;
use tenon_expr::{Scope, check};
use tenon_model::Rule;

use crate::house::{House, staff};

fn rule(house: &House, source: &str) -> Rule {
    let user = house.model.object_named("user").map(|user| user.ix);
    let scope = Scope { objects: &house.model.objects, by_name: &house.model.by_name, object: house.deal, user };
    check(source, &scope).unwrap()
}

#[test]
fn an_index_serves_a_rule_if_every_way_is_narrow() {
    let house = House::new();
    for (source, served) in [
        ("close_date > '2026-01-01'", true),
        ("stage == 'won'", true),
        ("owner == me", true),
        ("owner.team in my.teams", true),
        ("owner.name == 'x'", false),
        ("stage == 'won' && close_date > '2026-01-01'", true),
        ("stage == 'won' || close_date > '2026-01-01'", true),
        ("stage == 'won' || number == 'x'", false),
        ("stage != 'won'", false),
        ("account == null", false),
        ("account.partner in my.partners.subtree", true),
        ("account.name == 'x'", false),
        ("id == '00000000-0000-0000-0000-000000000001'", true),
        ("!(close_date > '2026-01-01')", false),
        ("close_date != '2026-01-01'", false),
        ("name == 'x'", false),
        ("true", false),
    ] {
        assert_eq!(is_served(&house.model, &rule(&house, source)), served, "{source}");
    }
    let both = compared(&house.model, &rule(&house, "stage == 'won' && close_date > '2026-01-01' && number != 'x'"));
    assert_eq!(both.iter().map(|one| one.indexed).collect::<Vec<_>>(), [true, true, false]);
}

#[test]
fn a_rule_is_counted_for_somebody_of_whom_enough_is_known() {
    let house = House::new();
    let own = rule(&house, "owner == me");
    let counted_for = |standing: &Standing| counted(&house.model, house.deal, &own, standing);
    let aggregate = counted_for(&staff(&house, &["rep"]).standing).unwrap();
    assert_eq!(aggregate.table.rows(), Some(&house.ruled("owner == me")));
    assert_eq!(counted_for(&Standing::default()), None);
}
