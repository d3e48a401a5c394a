//! Who shares a plan with whom.

use std::sync::Arc;

use tenon_access::Policy;
use tenon_context::{Principal, Standing};
use tenon_model::Fact;
use tenon_value::{Uuid, Value};

use crate::house::{House, id, portal, staff, without};

#[test]
fn equal_rights_have_one_key_whoever_asks() {
    let house = House::new();
    let one = staff(&house, &["rep"]);
    let facts = one.standing.facts().map(|fact| (fact, if fact == Fact::Me { id(99) } else { one.standing.get(fact).unwrap().clone() }));
    let standing: Standing = facts.collect();
    let other = Principal { id: Uuid::from_u128(99), display: "Zhao".to_owned(), standing: Arc::new(standing), ..one.clone() };
    let key = |principal: &Principal| Policy::key_of(&house.model, principal);
    assert_eq!(key(&one), key(&other));
    assert_eq!(house.rows(&one, tenon_model::Verb::Read), house.rows(&other, tenon_model::Verb::Read));
    // A role and its parents named in any order, or twice.
    assert_eq!(key(&staff(&house, &["rep", "base"])), key(&staff(&house, &["base", "rep", "rep"])));
    assert_eq!(key(&staff(&house, &["rep", "base"])), key(&one));
    assert_eq!(key(&staff(&house, &["rep", "unheard_of"])), key(&one));
    // Other teams reach no other sharing rule.
    assert_eq!(key(&Principal { teams: vec!["West".to_owned()], ..one.clone() }), key(&one));
}

#[test]
fn other_rights_have_another_key() {
    let house = House::new();
    let user = house.model.object_named("user").unwrap();
    let lead = Fact::Attribute(user.field_named("is_lead").unwrap().ix);
    let switcher = staff(&house, &["switcher"]);
    let leading: Standing = switcher
        .standing
        .facts()
        .map(|fact| (fact, if fact == lead { Value::Bool(true) } else { switcher.standing.get(fact).unwrap().clone() }))
        .collect();
    let rep = staff(&house, &["rep"]);
    let all = [
        staff(&house, &[]),
        rep.clone(),
        staff(&house, &["lead"]),
        staff(&house, &["auditor"]),
        staff(&house, &["rep", "auditor"]),
        Principal { teams: vec!["East".to_owned()], ..rep.clone() },
        without(&rep, Fact::Teams),
        without(&rep, Fact::Me),
        Principal { standing: Arc::new(leading), ..switcher.clone() },
        switcher,
        portal(&["distributor"]),
        Principal::system(),
    ];
    let keys: Vec<u64> = all.iter().map(|principal| Policy::key_of(&house.model, principal)).collect();
    for (at, key) in keys.iter().enumerate() {
        assert_eq!(keys.iter().position(|other| other == key), Some(at), "{:?}", all.get(at));
    }
    for (principal, key) in all.iter().zip(&keys) {
        assert_eq!(house.policy(principal).fingerprint(), *key);
    }
}

#[test]
fn a_condition_on_who_asks_leaves_no_trace_in_the_rows() {
    let house = House::new();
    let switcher = staff(&house, &["switcher"]);
    let tenon_access::Rows::Some(rows) = house.rows(&switcher, tenon_model::Verb::Read) else { panic!("rows") };
    let own = house.ruled("owner == me");
    assert_eq!(*rows, tenon_query::Predicate::Any(vec![own, crate::house::shared(tenon_model::Verb::Read)]));
}
