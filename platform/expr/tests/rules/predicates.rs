//! Rules as predicates.

use tenon_expr::lower;
use tenon_model::{Fact, ObjectIx};
use tenon_query::{Action, AuthorizedTable, ColumnRef, CompareOp, Param, Predicate, RefOp};
use tenon_value::Value;

use crate::house::House;

#[expect(clippy::disallowed_methods, reason = "a test decides for itself")]
pub(crate) fn table(object: ObjectIx) -> AuthorizedTable {
    AuthorizedTable::assume(object, Action::Read, None)
}

fn lowered(house: &mut House, source: &str) -> Predicate {
    let rule = house.rule(source);
    rule.each_literal(&mut |value| house.model.literals.push(value.clone()));
    lower(&rule, &house.model, &table)
}

#[test]
fn a_way_over_relations_is_a_condition_within_conditions() {
    let mut house = House::new();
    let object = |name: &str| house.model.object_named(name).unwrap().clone();
    let (deal, account, user) = (object("deal"), object("account"), object("user"));
    let relation = |object: &tenon_model::Object, name: &str| object.relation_named(name).unwrap().ix;
    let (owner, team) = (relation(&deal, "owner"), relation(&user, "team"));
    assert_eq!(lowered(&mut house, "owner == me"), Predicate::Ref { relation: owner, op: RefOp::Eq(Param::Mine(Fact::Me)) });
    assert_eq!(
        lowered(&mut house, "owner.team in my.teams"),
        Predicate::ToOne {
            relation: owner,
            table: table(user.ix),
            holds: Box::new(Predicate::Ref { relation: team, op: RefOp::In(Param::Mine(Fact::Teams)) }),
        }
    );
    let name = account.field_named("name").unwrap().ix;
    let named = Predicate::Compare { column: ColumnRef::whole(name), op: CompareOp::Eq, with: Param::Literal(0) };
    let parent = Predicate::ToOne { relation: relation(&account, "parent"), table: table(account.ix), holds: Box::new(named) };
    let whole = Predicate::ToOne { relation: relation(&deal, "account"), table: table(account.ix), holds: Box::new(parent) };
    assert_eq!(lowered(&mut house, "account.parent.name != 'x'"), Predicate::Not(Box::new(whole)));
    assert_eq!(house.model.literals, [Value::text("x")]);
}

#[test]
fn what_cannot_be_lowered_closes_everything_also_below_a_not() {
    let house = House::new();
    // The literal has no place in the model.
    let rule = house.rule("!(name == 'x') || owner == me");
    assert_eq!(lower(&rule, &house.model, &table), Predicate::no());
    // A condition on who asks that nobody settled.
    let rule = house.rule("!me.is_lead || owner == me");
    assert_eq!(lower(&rule, &house.model, &table), Predicate::no());
}
