//! The roles that ship: every rule can be answered by a database, and nobody's rights are a surprise of lowering.

use std::path::Path;
use std::sync::Arc;

use tenon_access::{Policy, Rows, explain};
use tenon_compiler::{SourceFile, assemble, read};
use tenon_context::{ActorKind, Principal, Standing};
use tenon_model::{Model, ModelVersion, Physical, Settings, Verb};
use tenon_query::Action;
use tenon_value::{Name, TenantId, Uuid, Value};

fn crm() -> Model {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../metadata/crm");
    let (mut files, mut open) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let relative = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
                files.push(SourceFile::new(relative, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
    let layer = read(&Name::known("crm"), &files).layer;
    assemble(TenantId(Uuid::nil()), ModelVersion(1), &Settings::default(), &[layer], &Physical::default()).model.unwrap()
}

/// Somebody with one role, of whom all is known.
fn holder(model: &Model, role: &tenon_model::Role) -> Principal {
    let kind = if role.portal { ActorKind::PortalUser } else { ActorKind::User };
    let standing: Standing =
        model.facts.iter().chain(&[tenon_model::Fact::Me, tenon_model::Fact::Teams]).map(|fact| (*fact, Value::List(Vec::new()))).collect();
    Principal {
        roles: vec![role.name.to_string()],
        standing: Arc::new(standing),
        ..Principal::new(kind, Uuid::from_u128(1), "Wang".to_owned())
    }
}

#[test]
fn what_a_shipped_role_gives_can_be_asked_of_a_database() {
    let model = crm();
    assert!(model.roles.len() >= 10 && !model.facts.is_empty());
    for role in &model.roles {
        let principal = holder(&model, role);
        let policy = Policy::resolve(&model, &principal);
        assert_eq!(policy.fingerprint(), Policy::key_of(&model, &principal));
        let mut seen = 0;
        for object in model.active_objects() {
            for reason in explain(&model, &principal, object.ix).iter().filter(|reason| reason.rule.is_some()) {
                assert!(reason.gives(), "{} {}: {:?} is closed", role.name, object.name, reason.rule);
            }
            seen += usize::from(policy.may(object.ix, Action::Read));
            for verb in [Verb::Update, Verb::Delete] {
                let (rows, readable) = (policy.rows_of(object.ix, verb), policy.rows_of(object.ix, Verb::Read));
                assert!(rows != Rows::All || readable == Rows::All, "{} {} {verb:?} reaches beyond what is read", role.name, object.name);
            }
        }
        assert!(seen > 0, "{} sees nothing at all", role.name);
    }
}
