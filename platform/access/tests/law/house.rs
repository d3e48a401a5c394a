//! A tenant's model with roles, made from files as an author writes them, and people who hold them.

use std::sync::Arc;

use tenon_access::{Policy, Rows};
use tenon_compiler::{SourceFile, assemble, read};
use tenon_context::{ActorKind, Principal, Standing};
use tenon_expr::{Scope, check, lower};
use tenon_model::{Fact, Model, ModelVersion, ObjectIx, Physical, Settings, Verb};
use tenon_query::{Action, AuthorizedTable, Param, Predicate};
use tenon_value::{Name, TenantId, Uuid, Value};

const OBJECTS: &str = include_str!("files/objects.yaml");
const ROLES: &str = include_str!("files/roles.yaml");
const ACCESS: &str = include_str!("files/access.yaml");

pub(crate) struct House {
    pub(crate) model: Model,
    pub(crate) deal: ObjectIx,
}

impl House {
    pub(crate) fn new() -> Self {
        let mut files = Vec::new();
        for (at, text) in OBJECTS.split("\n---\n").enumerate() {
            files.push(SourceFile::new(format!("objects/o{at}/object.yaml"), text));
        }
        for (at, text) in ROLES.split("\n---\n").enumerate() {
            files.push(SourceFile::new(format!("roles/r{at}.yaml"), text));
        }
        files.push(SourceFile::new("objects/o4/access.yaml".to_owned(), ACCESS));
        let layer = read(&Name::known("tenant"), &files);
        assert!(layer.diagnostics.is_empty(), "{:#?}", layer.diagnostics);
        let assembled = assemble(TenantId(Uuid::nil()), ModelVersion(1), &Settings::default(), &[layer.layer], &Physical::default());
        let model = assembled.model.unwrap_or_else(|| panic!("{:#?}", assembled.diagnostics));
        let deal = model.object_named("deal").unwrap().ix;
        Self { model, deal }
    }

    pub(crate) fn policy(&self, principal: &Principal) -> Policy {
        Policy::resolve(&self.model, principal)
    }

    pub(crate) fn rows(&self, principal: &Principal, verb: Verb) -> Rows {
        self.policy(principal).rows_of(self.deal, verb)
    }

    /// The predicate of a rule, worked out on its own.
    pub(crate) fn ruled(&self, source: &str) -> Predicate {
        let user = self.model.object_named("user").map(|user| user.ix);
        let scope = Scope { objects: &self.model.objects, by_name: &self.model.by_name, object: self.deal, user };
        lower(&check(source, &scope).unwrap().expression, &self.model, &table)
    }
}

#[expect(clippy::disallowed_methods, reason = "a test decides for itself")]
fn table(object: ObjectIx) -> AuthorizedTable {
    AuthorizedTable::assume(object, Action::Read, None)
}

pub(crate) fn some(predicate: Predicate) -> Rows {
    Rows::Some(Arc::new(predicate))
}

/// The row itself is shared.
pub(crate) fn shared(right: Verb) -> Predicate {
    Predicate::Shared { with: vec![Param::Mine(Fact::Me), Param::Mine(Fact::Teams)], right }
}

pub(crate) fn id(number: u128) -> Value {
    Value::Id(Uuid::from_u128(number))
}

/// A member of staff: user 1 of team 10, who is no lead.
pub(crate) fn staff(house: &House, roles: &[&str]) -> Principal {
    let lead = house.model.object_named("user").unwrap().field_named("is_lead").unwrap().ix;
    let standing: Standing = [
        (Fact::Me, id(1)),
        (Fact::Teams, Value::List(vec![id(10)])),
        (Fact::PartnersBelow, Value::List(Vec::new())),
        (Fact::Attribute(lead), Value::Bool(false)),
    ]
    .into_iter()
    .collect();
    Principal {
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        standing: Arc::new(standing),
        ..Principal::new(ActorKind::User, Uuid::from_u128(1), "Wang".to_owned())
    }
}

/// A portal user of partner 20.
pub(crate) fn portal(roles: &[&str]) -> Principal {
    let standing: Standing =
        [(Fact::Me, id(2)), (Fact::Teams, Value::List(Vec::new())), (Fact::PartnersBelow, Value::List(vec![id(20)]))].into_iter().collect();
    Principal {
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        standing: Arc::new(standing),
        ..Principal::new(ActorKind::PortalUser, Uuid::from_u128(2), "Li".to_owned())
    }
}

/// The same person, of whom less is known.
pub(crate) fn without(principal: &Principal, fact: Fact) -> Principal {
    let kept = principal.standing.facts().filter(|known| *known != fact);
    let standing: Standing = kept.filter_map(|known| Some((known, principal.standing.get(known)?.clone()))).collect();
    Principal { standing: Arc::new(standing), ..principal.clone() }
}
