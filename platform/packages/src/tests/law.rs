//! Roles and rights as elements: given, taken, renamed, retired, pulled.

use serde_json::json;
use tenon_model::{FieldRight, State, Verb};

use super::{Tenant, map, path, said, tenant};
use crate::{ApiEffect, Change, Draft, Op, Operation, Risk, SourceFile};

fn roles() -> Vec<SourceFile> {
    let file = |path: &str, text: &str| SourceFile::new(path, format!("format: tenon/v1\n{text}"));
    vec![
        file("roles/auditor.yaml", "role: auditor\nlabel: { en: Auditor, zh: 审计员 }\nparent: employee\nspecial: [audit]\n"),
        file(
            "objects/account/access.yaml",
            "object: account\nroles:\n  auditor: { can: [read], rows: { read: \"kind != 'person' || owner == me\" }, fields: { \"*\": read, phone: mask } }\n\
             sharing:\n  stores: { label: { en: Stores, zh: 门店 }, rows: kind == 'store', to: { roles: [auditor] } }\n",
        ),
    ]
}

fn model(tenant: &Tenant) -> tenon_model::Model {
    tenon_catalog::model_of(self::tenant(), &tenant.rows).unwrap()
}

/// Nobody's program breaks by rights, and nothing is lost that could not be given back.
fn assert_harmless(steps: &[Operation]) {
    assert!(steps.iter().all(|step| (step.risk, step.api) == (Risk::Instant, ApiEffect::None)), "{steps:#?}");
}

#[test]
fn rights_are_given_and_taken_in_the_apply() {
    let mut tenant = Tenant::new();
    let steps = tenant.apply_files(&roles(), false);
    let expected = [(Op::Add, "role:auditor"), (Op::Add, "account.access.auditor"), (Op::Add, "account.sharing.stores")];
    assert_eq!(said(&steps), expected);
    assert_harmless(&steps);
    assert_eq!(steps.last().map(|step| step.text.as_str()), Some("add sharing rule `account.sharing.stores`"));
    tenant.assert_settled();
    let less = Change::Update {
        path: path("account.access.auditor"),
        properties: map(json!({"fields": {"*": "none", "name": "read"}})),
        rename: None,
    };
    let steps = tenant.change(vec![less]);
    assert_eq!(said(&steps), [(Op::Change, "account.access.auditor")]);
    assert_harmless(&steps);
    tenant.assert_settled();
    let steps = tenant.change(vec![Change::Retire(path("role:auditor"))]);
    assert_eq!(said(&steps), [(Op::Retire, "role:auditor")]);
    assert_harmless(&steps);
    let role = |tenant: &Tenant| model(tenant).roles.iter().find(|role| role.name.as_str() == "auditor").unwrap().clone();
    let after = role(&tenant);
    assert_eq!(after.state, State::Retired);
    assert!(model(&tenant).object_named("account").unwrap().access.iter().all(|grant| grant.role != after.ix));
    tenant.assert_settled();
    assert_eq!(said(&tenant.change(vec![Change::Restore(path("role:auditor"))])), [(Op::Restore, "role:auditor")]);
    assert!(model(&tenant).object_named("account").unwrap().access.iter().any(|grant| grant.role == after.ix));
}

#[test]
fn a_renamed_role_keeps_its_rights() {
    let mut tenant = Tenant::new();
    tenant.apply_files(&roles(), false);
    let (role, rights) = (tenant.id("role:auditor"), tenant.id("account.access.auditor"));
    let rename = Change::Update { path: path("role:auditor"), properties: map(json!({})), rename: Some("inspector".to_owned()) };
    let steps = tenant.change(vec![rename]);
    assert!(said(&steps).contains(&(Op::Rename, "role:inspector")), "{steps:#?}");
    assert_harmless(&steps);
    assert_eq!((tenant.id("role:inspector"), tenant.id("account.access.inspector")), (role, rights));
    let model = model(&tenant);
    let inspector = model.role_named("inspector").unwrap().ix;
    // Who holds it was given it by its former name.
    assert_eq!(model.role_named("auditor").map(|role| role.ix), Some(inspector));
    assert_eq!(model.object_named("account").unwrap().sharing.iter().find(|one| one.name.as_str() == "stores").unwrap().roles, [inspector]);
    tenant.assert_settled();
}

#[test]
fn a_rule_follows_the_field_it_names() {
    let mut tenant = Tenant::new();
    let deal = super::deal();
    let access = SourceFile::new(
        "objects/deal/access.yaml",
        "format: tenon/v1\nobject: deal\nroles:\n  sales_rep: { can: [read], rows: { read: \"stage == 'won' || owner == me\" }, fields: { stage: mask } }\n",
    );
    tenant.apply_files(&[deal, access], false);
    let rename = Change::Update { path: path("deal.fields.stage"), properties: map(json!({})), rename: Some("phase".to_owned()) };
    tenant.change(vec![rename]);
    let model = model(&tenant);
    let grant = model.object_named("deal").unwrap().access.first().unwrap();
    assert_eq!(grant.rows.read.as_ref().unwrap().source, "phase == 'won' || owner == me");
    assert_eq!(grant.fields.fields.first().map(|(_, right)| *right), Some(FieldRight::Mask));
    tenant.assert_settled();
}

#[test]
fn a_right_of_a_package_is_overridden_and_shown_again() {
    let mut tenant = Tenant::new();
    let rep = |tenant: &Tenant| {
        let model = model(tenant);
        let role = model.role_named("sales_rep").unwrap().ix;
        model.object_named("account").unwrap().access.iter().find(|grant| grant.role == role).unwrap().clone()
    };
    let whole = rep(&tenant);
    let only_read = Change::Update { path: path("account.access.sales_rep"), properties: map(json!({"can": ["read"]})), rename: None };
    tenant.change(vec![only_read]);
    let less = rep(&tenant);
    assert_eq!((less.can.as_slice(), less.rows, less.fields), ([Verb::Read].as_slice(), whole.rows, whole.fields));
    tenant.assert_settled();
    assert_eq!(said(&tenant.change(vec![Change::Reset(path("account.access.sales_rep"))])), [(Op::Reset, "account.access.sales_rep")]);
    assert_eq!(rep(&tenant).can, whole.can);
}

#[test]
fn a_name_in_a_role_or_rule_that_leads_nowhere_is_told() {
    let tenant = Tenant::new();
    let put = |at: &str, properties| Draft::Changes(vec![Change::Put { path: path(at), properties: map(properties) }]);
    assert_eq!(tenant.codes(&put("account.access.nobody", json!({"can": ["read"]}))), ["role/unknown"]);
    assert_eq!(tenant.codes(&put("account.access.executive", json!({"rows": {"read": "ownr == me"}}))), ["rule/unknown-name"]);
    assert_eq!(tenant.codes(&put("role:administrator", json!({"label": {"en": "A"}}))), ["role/administrator"]);
    assert_eq!(tenant.codes(&put("nothing.access.executive", json!({"can": ["read"]}))), ["metadata/unknown-element"]);
}
