//! One tenant's whole description.

use std::collections::HashMap;

use tenon_value::{Name, TenantId};

use crate::{Fact, Link, LinkIx, Object, ObjectIx, Role, RoleIx, Settings, State};

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
    /// Objects, retired ones included; [`ObjectIx`] is the place here.
    pub objects: Vec<Object>,
    /// Link tables of many-to-many relations.
    pub links: Vec<Link>,
    /// Roles, retired ones included; [`RoleIx`] is the place here. `administrator` is built in and not among them.
    pub roles: Vec<Role>,
    /// Every fact that a rule of this model needs, once each, in order.
    pub facts: Vec<Fact>,
    /// API name → object, active ones.
    pub by_name: HashMap<Name, ObjectIx>,
}

impl Model {
    /// An object by its place.
    #[must_use]
    pub fn object(&self, ix: ObjectIx) -> Option<&Object> {
        self.objects.get(usize::from(ix.0))
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

    /// An active role by API name.
    #[must_use]
    pub fn role_named(&self, name: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.state == State::Active && role.name.as_str() == name)
    }

    /// A link table by its place.
    #[must_use]
    pub fn link(&self, ix: LinkIx) -> Option<&Link> {
        self.links.get(usize::from(ix.0))
    }

    /// Objects in use.
    pub fn active_objects(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter().filter(|object| object.state == State::Active)
    }
}
