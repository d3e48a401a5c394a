//! The effective rights of one principal over one model.

use tenon_context::Principal;
use tenon_model::{FieldIx, Model, ObjectIx, RelationIx, State};
use tenon_query::{Action, AuthorizedTable};

use crate::Denied;

/// What the roles of a principal add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Grants {
    /// Everything within the tenant.
    Administrator,
    /// Nothing: no role is known.
    Nothing,
}

/// The effective rights of one principal. Cheap: resolved once per request.
#[derive(Clone, Debug)]
pub struct Policy {
    grants: Grants,
}

impl Policy {
    /// The rights a principal has over a model.
    #[must_use]
    pub fn resolve(_model: &Model, principal: &Principal) -> Self {
        let grants = if principal.has_role(Principal::ADMINISTRATOR) { Grants::Administrator } else { Grants::Nothing };
        Self { grants }
    }

    /// The object, authorized for an action.
    ///
    /// # Errors
    /// `Unseen` where the principal may not read it or there is none, `Forbidden` where he may read it but not do this.
    pub fn table(&self, model: &Model, object: ObjectIx, action: Action) -> Result<AuthorizedTable, Denied> {
        let known = model.object(object).is_some_and(|object| object.state == State::Active);
        if !known || !self.may(object, Action::Read) {
            return Err(Denied::Unseen);
        }
        if !self.may(object, action) {
            return Err(Denied::Forbidden);
        }
        #[expect(clippy::disallowed_methods, reason = "this is the one place that makes them")]
        Ok(AuthorizedTable::assume(object, action, None))
    }

    /// Whether an action is permitted on any of the object's rows.
    #[must_use]
    pub fn may(&self, _object: ObjectIx, _action: Action) -> bool {
        self.grants == Grants::Administrator
    }

    /// Whether a field may be read; else it does not exist for the principal.
    #[must_use]
    pub fn may_read_field(&self, _object: ObjectIx, _field: FieldIx) -> bool {
        self.grants == Grants::Administrator
    }

    /// Whether a field may be written.
    #[must_use]
    pub fn may_write_field(&self, _object: ObjectIx, _field: FieldIx) -> bool {
        self.grants == Grants::Administrator
    }

    /// Whether a relation may be read; else it does not exist for the principal.
    #[must_use]
    pub fn may_read_relation(&self, _object: ObjectIx, _relation: RelationIx) -> bool {
        self.grants == Grants::Administrator
    }

    /// Whether a relation may be written.
    #[must_use]
    pub fn may_write_relation(&self, _object: ObjectIx, _relation: RelationIx) -> bool {
        self.grants == Grants::Administrator
    }

    /// Whether the metadata may be changed.
    #[must_use]
    pub fn may_change_metadata(&self) -> bool {
        self.grants == Grants::Administrator
    }

    /// Whether records may be imported.
    #[must_use]
    pub fn may_import(&self) -> bool {
        self.grants == Grants::Administrator
    }

    /// Equal for principals with equal rights, so that they share plans.
    #[must_use]
    pub const fn fingerprint(&self) -> u64 {
        match self.grants {
            Grants::Administrator => 1,
            Grants::Nothing => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use tenon_context::ActorKind;
    use tenon_model::{ModelVersion, Settings};
    use tenon_value::{TenantId, Uuid};

    use super::*;

    fn nobody() -> Principal {
        Principal { roles: vec!["unheard_of".to_owned()], ..Principal::new(ActorKind::ApiKey, Uuid::nil(), "key".to_owned()) }
    }

    fn empty_model() -> Model {
        Model {
            tenant: TenantId(Uuid::nil()),
            version: ModelVersion(1),
            settings: Settings::default(),
            objects: Vec::new(),
            links: Vec::new(),
            roles: Vec::new(),
            facts: Vec::new(),
            literals: Vec::new(),
            conditions: Vec::new(),
            by_name: HashMap::new(),
        }
    }

    #[test]
    fn what_is_not_granted_is_denied() {
        let (model, object) = (empty_model(), ObjectIx(0));
        let policy = Policy::resolve(&model, &nobody());
        assert_eq!(policy.table(&model, object, Action::Read).unwrap_err(), Denied::Unseen);
        assert!(!policy.may_change_metadata());
        assert!(!policy.may_read_field(object, FieldIx(0)));
    }

    #[test]
    fn an_object_the_model_does_not_have_is_denied_to_everybody() {
        let model = empty_model();
        let policy = Policy::resolve(&model, &Principal::system());
        assert_eq!(policy.table(&model, ObjectIx(7), Action::Read).unwrap_err(), Denied::Unseen);
    }
}
