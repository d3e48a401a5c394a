//! Why, and who sees a record.

use std::sync::Arc;

use tenon_access::{By, Reason, Rows, Subject, explain, sees, witnesses};
use tenon_context::Principal;
use tenon_model::{Fact, FieldRight, Leaf, Path, RoleIx, Verb};
use tenon_value::Value;

use crate::house::{House, id, portal, shared, some, staff, without};

fn of(reasons: &[Reason], right: Subject) -> Vec<&Reason> {
    reasons.iter().filter(|reason| reason.right == right).collect()
}

fn role(house: &House, name: &str) -> RoleIx {
    house.model.role_named(name).unwrap().ix
}

#[test]
fn every_right_is_given_by_something_or_denied_by_nobody() {
    let house = House::new();
    let lead = staff(&house, &["lead"]);
    let reasons = explain(&house.model, &lead, house.deal);
    let read = of(&reasons, Subject::Verb(Verb::Read));
    let by: Vec<By> = read.iter().map(|reason| reason.by.clone()).collect();
    let held = role(&house, "lead");
    let expected = [
        By::Role { held, role: role(&house, "base") },
        By::Role { held, role: role(&house, "rep") },
        By::Role { held, role: held },
        By::Sharing("won_for_reps".parse().unwrap()),
        By::Share,
    ];
    assert_eq!(by.len(), expected.len(), "{by:?}");
    assert!(expected.iter().all(|one| by.contains(one)), "{by:?}");
    let rules: Vec<&str> = read.iter().filter_map(|reason| reason.rule.as_deref()).map(|rule| rule.source.as_str()).collect();
    assert!(rules.contains(&"owner == me || owner.team in my.teams") && rules.contains(&"stage == 'won'"));
    let destroy = of(&reasons, Subject::Verb(Verb::Destroy));
    assert!(matches!(destroy.as_slice(), [Reason { by: By::Nobody, rows: Rows::None, .. }]));
    let share = read.iter().find(|reason| reason.by == By::Share).unwrap();
    assert_eq!(share.rows, some(shared(Verb::Read)));
    let stage = house.model.object(house.deal).unwrap().field_named("stage").unwrap().ix;
    let most = of(&reasons, Subject::Field(stage)).iter().filter_map(|reason| reason.field).max();
    assert_eq!(most, Some(FieldRight::Read));
}

#[test]
fn reasons_add_up_to_the_rights() {
    let house = House::new();
    for roles in [&["base"][..], &["rep"], &["lead"], &["auditor"], &["editor", "auditor"], &["rep", "switcher"], &[]] {
        let principal = staff(&house, roles);
        let policy = house.policy(&principal);
        let reasons = explain(&house.model, &principal, house.deal);
        for verb in Verb::ALL {
            let given = of(&reasons, Subject::Verb(verb)).iter().any(|reason| reason.gives());
            assert_eq!(given, policy.may_verb(house.deal, verb), "{roles:?} {verb:?}");
        }
        for field in house.model.object(house.deal).unwrap().active_fields() {
            let most = of(&reasons, Subject::Field(field.ix)).iter().filter_map(|reason| reason.field).max();
            assert_eq!(most.unwrap(), policy.field_right(house.deal, field.ix), "{roles:?} {}", field.name);
        }
    }
}

#[test]
fn a_verb_given_without_reading_is_within_what_is_read_otherwise() {
    let house = House::new();
    let reasons = explain(&house.model, &staff(&house, &["editor", "base"]), house.deal);
    let update = of(&reasons, Subject::Verb(Verb::Update));
    let editor = update.iter().find(|reason| matches!(&reason.by, By::Role { held, .. } if *held == role(&house, "editor"))).unwrap();
    assert_eq!(editor.rows, house.rows(&staff(&house, &["editor", "base"]), Verb::Read));
}

#[test]
fn a_rule_that_denies_says_what_it_does_not_know() {
    let house = House::new();
    let rep = without(&staff(&house, &["rep"]), Fact::Teams);
    let reasons = explain(&house.model, &rep, house.deal);
    let read = of(&reasons, Subject::Verb(Verb::Read));
    let denied = read.iter().find(|reason| !reason.unresolved.is_empty()).unwrap();
    assert_eq!((denied.unresolved.as_slice(), &denied.rows), (&[Fact::Teams][..], &Rows::None));
}

#[test]
fn whoever_sees_a_record_sees_it_by_something() {
    let house = House::new();
    let record = |owner: u128, team: u128, stage: &'static str| {
        let house = &house;
        move |path: &Path| {
            let end = house.model.object(path.object).unwrap();
            match path.leaf {
                Leaf::Relation(relation) if end.relation(relation).unwrap().name.as_str() == "team" => id(team),
                Leaf::Relation(relation) if end.relation(relation).unwrap().name.as_str() == "owner" => id(owner),
                Leaf::Field(field, _) if end.field(field).unwrap().name.as_str() == "stage" => Value::text(stage),
                _ => Value::Null,
            }
        }
    };
    let by = |principal: &Principal, record: &dyn Fn(&Path) -> Value, shared| sees(&house.model, principal, house.deal, record, shared);
    let (rep, base) = (staff(&house, &["rep"]), staff(&house, &["base"]));
    let held = |name: &str, of: &str| Some(By::Role { held: role(&house, name), role: role(&house, of) });
    assert_eq!(by(&base, &record(1, 9, "open"), false), held("base", "base"));
    assert_eq!(by(&base, &record(5, 9, "open"), false), None);
    assert_eq!(by(&base, &record(5, 9, "open"), true), Some(By::Share));
    assert_eq!(by(&rep, &record(5, 10, "open"), false), held("rep", "rep"));
    assert_eq!(by(&rep, &record(5, 9, "won"), false), Some(By::Sharing("won_for_reps".parse().unwrap())));
    assert_eq!(by(&Principal::system(), &record(5, 9, "open"), false), Some(By::Administrator));
    assert_eq!(by(&portal(&["distributor"]), &record(5, 9, "open"), false), None);
    // A share is worth nothing to somebody whom no role lets see such records.
    assert_eq!(by(&staff(&house, &["shopper"]), &record(1, 10, "won"), true), None);
    let nobody = Principal { standing: Arc::default(), ..rep };
    assert_eq!(by(&nobody, &record(1, 10, "open"), false), None);
}

#[test]
fn what_must_be_loaded_of_a_record_is_named_once() {
    let house = House::new();
    let paths = witnesses(&house.model, house.deal);
    assert_eq!(paths.len(), 4, "owner, the owner's team, stage, the account's partner: {paths:#?}");
}
