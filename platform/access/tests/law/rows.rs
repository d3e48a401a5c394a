//! Rows and verbs.

use std::sync::Arc;

use tenon_access::{Denied, Place, Rows};
use tenon_context::{ActorKind, Principal};
use tenon_model::{Fact, ObjectIx, Special, Verb};
use tenon_query::{Action, Predicate};

use crate::house::{House, portal, shared, some, staff, without};

fn any(parts: Vec<Predicate>) -> Rows {
    some(Predicate::Any(parts))
}

#[test]
fn what_no_role_gives_is_denied() {
    let house = House::new();
    for principal in [staff(&house, &[]), staff(&house, &["unheard_of"]), staff(&house, &["shopper"])] {
        let policy = house.policy(&principal);
        assert_eq!(policy.table(&house.model, house.deal, Action::Read, Place::Root).unwrap_err(), Denied::Unseen);
        assert!(!policy.may_change_metadata() && !policy.may_import(house.deal) && !policy.may_mass_update());
        assert!(!policy.may_select_field(house.deal, tenon_model::system::ID));
    }
    let policy = house.policy(&staff(&house, &["auditor"]));
    assert_eq!(policy.table(&house.model, house.deal, Action::Update, Place::Root).unwrap_err(), Denied::Forbidden);
    assert_eq!(policy.table(&house.model, ObjectIx(99), Action::Read, Place::Root).unwrap_err(), Denied::Unseen);
}

#[test]
fn administrators_may_everything_but_not_what_there_is_not() {
    let house = House::new();
    let policy = house.policy(&Principal::system());
    for verb in Verb::ALL {
        assert_eq!(policy.rows_of(house.deal, verb), Rows::All);
    }
    assert!(Special::ALL.into_iter().all(|special| policy.may_special(special)) && policy.is_administrator());
    assert_eq!(policy.check_rows(house.deal, Action::Update), None);
    assert_eq!(policy.table(&house.model, ObjectIx(99), Action::Read, Place::Root).unwrap_err(), Denied::Unseen);
}

#[test]
fn a_role_reads_its_rows_and_what_is_shared_beyond() {
    let house = House::new();
    let own = house.ruled("owner == me");
    assert_eq!(house.rows(&staff(&house, &["base"]), Verb::Read), any(vec![own.clone(), shared(Verb::Read)]));
    let team = house.ruled("owner.team in my.teams");
    let won = house.ruled("stage == 'won'");
    assert_eq!(house.rows(&staff(&house, &["rep"]), Verb::Read), any(vec![own, team, won, shared(Verb::Read)]));
}

#[test]
fn the_most_permissive_of_several_roles_wins() {
    let house = House::new();
    assert_eq!(house.rows(&staff(&house, &["rep", "auditor"]), Verb::Read), Rows::All);
    assert_eq!(house.rows(&staff(&house, &["auditor"]), Verb::Read), Rows::All);
    // Reading everything gives no more to write than before.
    let (alone, both) = (house.rows(&staff(&house, &["rep"]), Verb::Update), house.rows(&staff(&house, &["rep", "auditor"]), Verb::Update));
    assert_eq!(alone, both);
    assert_eq!(house.rows(&staff(&house, &["rep", "auditor"]), Verb::Restore), Rows::None);
}

#[test]
fn a_change_is_always_within_what_the_same_role_reads() {
    let house = House::new();
    let read = house.ruled("owner == me || owner.team in my.teams");
    let own = house.ruled("owner == me");
    let within = Predicate::All(vec![read, own]);
    let rep = staff(&house, &["rep"]);
    assert_eq!(house.rows(&rep, Verb::Update), any(vec![within.clone(), shared(Verb::Update)]));
    // What says nothing of its own follows `update`.
    assert_eq!(house.rows(&rep, Verb::Delete), any(vec![within, shared(Verb::Delete)]));
    assert_eq!(house.rows(&rep, Verb::Destroy), Rows::None);
    // A role that gives a verb without reading gives it within what others read.
    assert_eq!(house.rows(&staff(&house, &["editor"]), Verb::Update), Rows::None);
    assert_eq!(house.rows(&staff(&house, &["editor", "auditor"]), Verb::Update), Rows::All);
    assert_eq!(
        house.rows(&staff(&house, &["editor", "base"]), Verb::Update),
        any(vec![house.ruled("owner == me"), shared(Verb::Read), shared(Verb::Update)])
    );
}

#[test]
fn a_role_has_what_its_parents_have() {
    let house = House::new();
    let lead = house.rows(&staff(&house, &["lead"]), Verb::Read);
    let expected = ["owner == me", "owner.team in my.teams", "stage == 'open'", "stage == 'won'"].map(|source| house.ruled(source));
    let Rows::Some(lead) = lead else { panic!("rows") };
    let Predicate::Any(parts) = Arc::unwrap_or_clone(lead) else { panic!("several") };
    assert!(expected.iter().all(|part| parts.contains(part)), "{parts:#?}");
    let policy = house.policy(&staff(&house, &["lead"]));
    assert!(policy.may_import(house.deal) && policy.may_export(house.deal) && policy.may_mass_update());
    let policy = house.policy(&staff(&house, &["rep"]));
    assert!(!policy.may_import(house.deal) && policy.may_export(house.deal) && !policy.may_mass_update());
}

#[test]
fn a_sharing_rule_reaches_roles_and_teams_with_its_rights() {
    let house = House::new();
    let east = Principal { teams: vec!["East".to_owned()], ..staff(&house, &["base"]) };
    let (own, open) = (house.ruled("owner == me"), house.ruled("stage == 'open'"));
    assert_eq!(house.rows(&east, Verb::Read), any(vec![own, open, shared(Verb::Read)]));
    // It adds rows to verbs that a role gives, never verbs.
    assert_eq!(house.rows(&east, Verb::Update), Rows::None);
    let rep = Principal { teams: vec!["East".to_owned()], ..staff(&house, &["rep"]) };
    let Rows::Some(update) = house.rows(&rep, Verb::Update) else { panic!("rows") };
    let Predicate::Any(parts) = update.as_ref() else { panic!("several") };
    assert!(parts.contains(&house.ruled("stage == 'open'")) && !parts.contains(&house.ruled("stage == 'won'")));
}

#[test]
fn what_is_not_known_of_somebody_denies_the_rule_that_needs_it() {
    let house = House::new();
    let rep = staff(&house, &["rep"]);
    let teamless = without(&rep, Fact::Teams);
    // The whole rule, not only the half of it; what other rules give remains.
    let Rows::Some(rows) = house.rows(&teamless, Verb::Read) else { panic!("rows") };
    let mine = Predicate::Shared { with: vec![tenon_query::Param::Mine(Fact::Me)], right: Verb::Read };
    assert_eq!(*rows, Predicate::Any(vec![house.ruled("owner == me"), house.ruled("stage == 'won'"), mine]));
    let nobody = Principal { standing: Arc::default(), ..staff(&house, &["base"]) };
    assert_eq!(house.rows(&nobody, Verb::Read), Rows::None);
    assert_eq!(house.policy(&nobody).table(&house.model, house.deal, Action::Read, Place::Root).unwrap_err(), Denied::Unseen);
}

#[test]
fn a_written_row_satisfies_its_check_afterwards() {
    let house = House::new();
    let rep = house.policy(&staff(&house, &["rep"]));
    let own = house.ruled("owner == me");
    assert_eq!(rep.check_rows(house.deal, Action::Create), Some(Arc::new(own.clone())));
    assert_eq!(rep.check_rows(house.deal, Action::Update), Some(Arc::new(Predicate::Any(vec![own, shared(Verb::Update)]))));
    assert_eq!(rep.check_rows(house.deal, Action::Delete), None);
    let editor = house.policy(&staff(&house, &["editor", "auditor"]));
    let check = Predicate::Any(vec![house.ruled("stage != 'won'"), shared(Verb::Update)]);
    assert_eq!(editor.check_rows(house.deal, Action::Update), Some(Arc::new(check)));
    // Nobody gives `create`: no new row would ever do.
    assert_eq!(editor.check_rows(house.deal, Action::Create), Some(Arc::new(Predicate::no())));
    // Without rules of its own for writing a new row must be one that can be read.
    let distributor = house.policy(&portal(&["distributor"]));
    let read = house.ruled("account.partner in my.partners.subtree");
    assert_eq!(distributor.check_rows(house.deal, Action::Create), Some(Arc::new(read)));
    let lead = house.policy(&staff(&house, &["lead"])).check_rows(house.deal, Action::Update).unwrap();
    let Predicate::Any(parts) = lead.as_ref() else { panic!("several") };
    assert!(parts.contains(&house.ruled("stage == 'open'")), "a row is not moved out of what the role reads");
}

#[test]
fn portal_users_hold_portal_roles_and_staff_the_others() {
    let mut house = House::new();
    // As no compiler would let it through.
    house.model.roles.iter_mut().for_each(|role| role.special.push(Special::Audit));
    let read = house.ruled("account.partner in my.partners.subtree");
    assert_eq!(house.rows(&portal(&["distributor"]), Verb::Read), any(vec![read, shared(Verb::Read)]));
    assert_eq!(house.rows(&portal(&["auditor", "rep"]), Verb::Read), Rows::None);
    assert_eq!(house.rows(&staff(&house, &["distributor"]), Verb::Read), Rows::None);
    assert!(!house.policy(&portal(&["administrator"])).is_administrator());
    let policy = house.policy(&portal(&["distributor"]));
    assert!(!policy.may_special(Special::Audit) && policy.may_special(Special::Export));
    for kind in [ActorKind::ApiKey, ActorKind::Service, ActorKind::Plugin, ActorKind::Link] {
        let other = Principal { kind, ..staff(&house, &["distributor"]) };
        assert_eq!(house.rows(&other, Verb::Read), Rows::None);
    }
}

#[test]
fn a_plugin_may_what_both_its_caller_and_its_grant_permit() {
    let house = House::new();
    let (rep, auditor) = (house.policy(&staff(&house, &["rep"])), house.policy(&staff(&house, &["auditor"])));
    let both = rep.within(&auditor);
    assert_eq!(both.rows_of(house.deal, Verb::Read), rep.rows_of(house.deal, Verb::Read));
    assert_eq!(both.rows_of(house.deal, Verb::Update), Rows::None);
    let account = house.model.object_named("deal").unwrap().relation_named("account").unwrap().ix;
    assert!(!both.may_read_relation(house.deal, account));
    assert!(!both.may_special(Special::Export));
    let all = house.policy(&Principal::system());
    assert_eq!(all.within(&rep).fingerprint(), rep.fingerprint());
    assert_eq!(rep.within(&all).fingerprint(), rep.fingerprint());
    assert_ne!(both.fingerprint(), rep.fingerprint());
    assert!(!all.within(&house.policy(&staff(&house, &[]))).may(house.deal, Action::Read));
}
