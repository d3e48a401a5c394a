//! Rights on fields and relations.

use tenon_model::{FieldRight, system};

use crate::house::{House, portal, staff};

#[test]
fn a_field_has_its_own_right_else_that_of_all_else_none() {
    let house = House::new();
    let object = house.model.object(house.deal).unwrap();
    let field = |policy: &tenon_access::Policy, name: &str| policy.field_right(house.deal, object.field_named(name).unwrap().ix);
    let relation = |policy: &tenon_access::Policy, name: &str| policy.relation_right(house.deal, object.relation_named(name).unwrap().ix);
    let rep = house.policy(&staff(&house, &["rep"]));
    assert_eq!(field(&rep, "name"), FieldRight::Write);
    assert_eq!(field(&rep, "number"), FieldRight::Read);
    assert_eq!(field(&rep, "stage"), FieldRight::None);
    assert_eq!((relation(&rep, "account"), relation(&rep, "owner")), (FieldRight::Write, FieldRight::Write));
    let auditor = house.policy(&staff(&house, &["auditor"]));
    assert_eq!((field(&auditor, "number"), field(&auditor, "name")), (FieldRight::Mask, FieldRight::Read));
    assert_eq!((relation(&auditor, "account"), relation(&auditor, "owner")), (FieldRight::None, FieldRight::Mask));
    let portal = house.policy(&portal(&["distributor"]));
    assert_eq!((field(&portal, "number"), field(&portal, "name")), (FieldRight::None, FieldRight::Read));
    assert_eq!((relation(&portal, "account"), relation(&portal, "owner")), (FieldRight::Read, FieldRight::None));
}

#[test]
fn rights_on_fields_add_up_as_well() {
    let house = House::new();
    let object = house.model.object(house.deal).unwrap();
    let both = house.policy(&staff(&house, &["rep", "auditor"]));
    for (name, right) in [("name", FieldRight::Write), ("number", FieldRight::Read), ("stage", FieldRight::Read)] {
        assert_eq!(both.field_right(house.deal, object.field_named(name).unwrap().ix), right, "{name}");
    }
}

#[test]
fn a_masked_field_is_shown_and_neither_read_nor_written() {
    let house = House::new();
    let number = house.model.object(house.deal).unwrap().field_named("number").unwrap().ix;
    let auditor = house.policy(&staff(&house, &["auditor"]));
    assert!(auditor.may_select_field(house.deal, number));
    assert!(!auditor.may_read_field(house.deal, number) && !auditor.may_write_field(house.deal, number));
}

#[test]
fn what_the_system_keeps_is_read_with_the_object_and_never_written() {
    let house = House::new();
    let base = house.policy(&staff(&house, &["base"]));
    for field in [system::ID, system::VERSION, system::CREATED_AT, system::UPDATED_AT, system::DELETED_AT] {
        assert_eq!(base.field_right(house.deal, field), FieldRight::Read);
    }
    for relation in [system::CREATED_BY, system::UPDATED_BY] {
        assert_eq!(base.relation_right(house.deal, relation), FieldRight::Read);
    }
    assert_eq!(base.relation_right(house.deal, system::OWNER), FieldRight::None);
}
