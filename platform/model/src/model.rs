//! One tenant's whole description.

use std::collections::HashMap;
use std::sync::Arc;

use tenon_value::{ElementId, Name, TenantId, Value};

use crate::{Building, Expression, Fact, Link, LinkIx, Object, ObjectIx, Role, RoleIx, Rule, Settings, State};

/// Counts the changes of a tenant's metadata, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ModelVersion(pub u64);

/// The checked, immutable description of one tenant.
#[derive(Clone, Debug)]
pub struct Model {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub version: ModelVersion,
    /// Zone, currency, language and the like.
    pub settings: Settings,
    /// Objects, retired ones included; [`ObjectIx`] is the place here. Tenants that have one alike share it.
    pub objects: Vec<Arc<Object>>,
    /// Link tables of many-to-many relations.
    pub links: Vec<Link>,
    /// Roles, retired ones included; [`RoleIx`] is the place here. `administrator` is built in and not among them.
    pub roles: Vec<Role>,
    /// Every fact that a rule of this model needs, once each, in order.
    pub facts: Vec<Fact>,
    /// Every value written in a rule of this model, once each: plans name them by their places.
    pub literals: Vec<Value>,
    /// Every part of a rule that says something of who asks and nothing of a record, once each.
    pub conditions: Vec<Expression>,
    /// Elements that a job brings to what is wished; the rest of the model says what they are meanwhile.
    pub building: HashMap<ElementId, Building>,
    /// API name → object, active ones.
    pub by_name: HashMap<Name, ObjectIx>,
}

impl Model {
    /// A tenant that has nothing: before its first metadata, and where a call has no tenant.
    #[must_use]
    pub fn empty(tenant: TenantId, version: ModelVersion) -> Self {
        Self {
            tenant,
            version,
            settings: Settings::default(),
            objects: Vec::new(),
            links: Vec::new(),
            roles: Vec::new(),
            facts: Vec::new(),
            literals: Vec::new(),
            conditions: Vec::new(),
            building: HashMap::new(),
            by_name: HashMap::new(),
        }
    }

    /// An object by its place.
    #[must_use]
    pub fn object(&self, ix: ObjectIx) -> Option<&Object> {
        self.objects.get(usize::from(ix.0)).map(Arc::as_ref)
    }

    /// An active object by API name.
    #[must_use]
    pub fn object_named(&self, name: &str) -> Option<&Object> {
        self.object(*self.by_name.get(name)?)
    }

    /// A role by its place.
    #[must_use]
    pub fn role(&self, ix: RoleIx) -> Option<&Role> {
        self.roles.get(usize::from(ix.0))
    }

    /// An active role by API name: its own, else the one it had before, or at first. Who was given it keeps it over a rename.
    #[must_use]
    pub fn role_named(&self, name: &str) -> Option<&Role> {
        let mut active = self.roles.iter().filter(|role| role.state == State::Active);
        let former = |role: &&Role| {
            let first = || tenon_value::ElementId::derive(role.package.as_str(), &format!("role:{name}")) == role.id;
            role.was.as_ref().is_some_and(|was| was.as_str() == name) || first()
        };
        active.clone().find(|role| role.name.as_str() == name).or_else(|| active.find(former))
    }

    /// A link table by its place.
    #[must_use]
    pub fn link(&self, ix: LinkIx) -> Option<&Link> {
        self.links.get(usize::from(ix.0))
    }

    /// Objects in use.
    pub fn active_objects(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter().map(Arc::as_ref).filter(|object| object.state == State::Active)
    }

    /// The place of a value written in a rule.
    #[must_use]
    pub fn literal(&self, value: &Value) -> Option<u16> {
        u16::try_from(self.literals.iter().position(|known| known == value)?).ok()
    }

    /// The rules in use: of grants and of sharing.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.active_objects().flat_map(Object::rules)
    }

    /// Fills [`Model::facts`], [`Model::literals`] and [`Model::conditions`] from the rules: the last thing the compiler does.
    pub fn gather(&mut self) {
        let (mut facts, mut literals, mut conditions) = (Vec::new(), Vec::new(), Vec::new());
        for rule in self.rules() {
            rule.expression.each_fact(&mut |fact| facts.push(fact));
            rule.expression.each_literal(&mut |value| {
                if !literals.contains(value) {
                    literals.push(value.clone());
                }
            });
            rule.expression.each_condition(&mut |condition| {
                if !conditions.contains(condition) {
                    conditions.push(condition.clone());
                }
            });
        }
        facts.sort_unstable();
        facts.dedup();
        (self.facts, self.literals, self.conditions) = (facts, literals, conditions);
        self.gather_reaches();
    }
}
