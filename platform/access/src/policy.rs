//! The effective rights of one principal over one model.

use std::sync::Arc;

use tenon_context::{ActorKind, Principal};
use tenon_model::{FieldIx, FieldRight, Model, ObjectIx, RelationIx, Special, State, Verb};
use tenon_query::{Action, AuthorizedTable, Predicate};

use crate::held::{EVERYTHING, Held};
use crate::resolve::{ObjectRights, Rules, report, rights};
use crate::{Denied, Place, Rows};

/// What the roles of a principal add up to.
#[derive(Debug)]
pub(crate) enum Grants {
    /// Everything within the tenant.
    Everything,
    /// What roles give.
    Given {
        /// By the place of the object; none where it cannot be seen.
        objects: Vec<Option<ObjectRights>>,
        special: Vec<Special>,
    },
}

#[derive(Debug)]
pub(crate) struct Rights {
    pub(crate) grants: Grants,
    pub(crate) fingerprint: u64,
}

/// The effective rights of one principal. Cheap to clone; resolved once for all who have equal rights, see [`Policy::key_of`].
#[derive(Clone, Debug)]
pub struct Policy {
    pub(crate) rights: Arc<Rights>,
}

impl Policy {
    /// The rights a principal has over a model.
    #[must_use]
    pub fn resolve(model: &Model, principal: &Principal) -> Self {
        if Held::is_administrator(principal) {
            return Self::everything();
        }
        let held = Held::of(model, principal);
        let fingerprint = held.key(model);
        let rules = Rules { model, mine: &principal.standing };
        let of = |object: &tenon_model::Object| {
            let rights = (object.state == State::Active).then(|| rights(&held, &rules, object)).flatten();
            if rights.is_some() {
                report(&held, &rules, object);
            }
            rights
        };
        let objects = model.objects.iter().map(|object| of(object)).collect();
        let mut special: Vec<Special> =
            held.roles.iter().filter_map(|role| model.role(*role)).flat_map(|role| role.special.clone()).collect();
        if principal.kind == ActorKind::PortalUser {
            // The compiler refuses the others; a portal user is nobody's staff, whatever a role says.
            special.retain(|special| *special == Special::Export);
        }
        Self { rights: Arc::new(Rights { grants: Grants::Given { objects, special }, fingerprint }) }
    }

    /// Everything within the tenant: what an administrator has, and a plugin that an operator has put into his server.
    #[must_use]
    pub fn everything() -> Self {
        Self { rights: Arc::new(Rights { grants: Grants::Everything, fingerprint: EVERYTHING }) }
    }

    /// The fingerprint of the rights a principal has, without finding out what they are.
    #[must_use]
    pub fn key_of(model: &Model, principal: &Principal) -> u64 {
        if Held::is_administrator(principal) { EVERYTHING } else { Held::of(model, principal).key(model) }
    }

    /// Equal for principals with equal rights, so that they share plans.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.rights.fingerprint
    }

    /// Whether everything within the tenant is permitted.
    #[must_use]
    pub fn is_administrator(&self) -> bool {
        matches!(self.rights.grants, Grants::Everything)
    }

    /// The object, authorized for an action, with the rows that may be touched.
    ///
    /// # Errors
    /// `Unseen` where the principal may not read it or there is none, `Forbidden` where he may read it but not do this.
    pub fn table(&self, model: &Model, object: ObjectIx, action: Action, place: Place) -> Result<AuthorizedTable, Denied> {
        let known = model.object(object).is_some_and(|object| object.state == State::Active);
        if !known || !self.may(object, Action::Read) {
            return Err(Denied::Unseen);
        }
        let rows = self.rows_of(object, verb(action));
        if rows.is_none() {
            return Err(Denied::Forbidden);
        }
        let rows = rows.condition().filter(|_| !place.is_off());
        #[expect(clippy::disallowed_methods, reason = "this and `whole` are where they are made")]
        Ok(AuthorizedTable::assume(object, action, rows))
    }

    /// All rows of an object, for what the house does of itself: what goes along with its whole, keys that bind all, rates
    /// that are everybody's, what is handed out of a person. There are no rows to forget, so this is no [`Place`].
    ///
    /// # Errors
    /// `Forbidden` for a policy that does not permit everything, `Unseen` where there is no such object.
    pub fn whole(&self, model: &Model, object: ObjectIx, action: Action) -> Result<AuthorizedTable, Denied> {
        if !self.is_administrator() {
            return Err(Denied::Forbidden);
        }
        if model.object(object).is_none_or(|object| object.state != State::Active) {
            return Err(Denied::Unseen);
        }
        #[expect(clippy::disallowed_methods, reason = "everything is permitted: there are no rows to weave in")]
        Ok(AuthorizedTable::assume(object, action, None))
    }

    /// The rows that may be touched with a verb: always within those that may be read. `None` where no row ever may.
    #[must_use]
    pub fn rows_of(&self, object: ObjectIx, verb: Verb) -> Rows {
        match &self.rights.grants {
            Grants::Everything => Rows::All,
            Grants::Given { .. } => self.object(object).and_then(|rights| rights.rows(verb)).cloned().unwrap_or_default(),
        }
    }

    /// What a row must satisfy after it was created or updated; none: nothing.
    #[must_use]
    pub fn check_rows(&self, object: ObjectIx, action: Action) -> Option<Arc<Predicate>> {
        if let Grants::Everything = self.rights.grants {
            return None;
        }
        let check = |of: fn(&ObjectRights) -> &Rows| self.object(object).map(|rights| of(rights).clone()).unwrap_or_default().condition();
        let check = match action {
            Action::Create => check(|rights| &rights.check_new),
            Action::Update => check(|rights| &rights.check_changed),
            _ => None,
        };
        check.filter(|_| !Place::Check.is_off())
    }

    fn object(&self, object: ObjectIx) -> Option<&ObjectRights> {
        match &self.rights.grants {
            Grants::Everything => None,
            Grants::Given { objects, .. } => objects.get(usize::from(object.0))?.as_ref(),
        }
    }

    /// Whether an action is permitted on any of the object's rows.
    #[must_use]
    pub fn may(&self, object: ObjectIx, action: Action) -> bool {
        self.may_verb(object, verb(action))
    }

    /// Whether a verb is permitted on any of the object's rows.
    #[must_use]
    pub fn may_verb(&self, object: ObjectIx, verb: Verb) -> bool {
        !self.rows_of(object, verb).is_none()
    }

    /// Whether a right is held that belongs to no single object.
    #[must_use]
    pub fn may_special(&self, special: Special) -> bool {
        match &self.rights.grants {
            Grants::Everything => true,
            Grants::Given { special: held, .. } => held.contains(&special),
        }
    }

    /// Whether the metadata may be changed.
    #[must_use]
    pub fn may_change_metadata(&self) -> bool {
        self.may_special(Special::Metadata)
    }

    /// Whether records of an object may be imported.
    #[must_use]
    pub fn may_import(&self, object: ObjectIx) -> bool {
        self.may_special(Special::Import) && self.may_verb(object, Verb::Import)
    }

    /// Whether records of an object may be exported.
    #[must_use]
    pub fn may_export(&self, object: ObjectIx) -> bool {
        self.may_special(Special::Export) && self.may_verb(object, Verb::Export)
    }

    /// Whether records may be changed and deleted by filter.
    #[must_use]
    pub fn may_mass_update(&self) -> bool {
        self.may_special(Special::MassUpdate)
    }

    /// The right on a field.
    #[must_use]
    pub fn field_right(&self, object: ObjectIx, field: FieldIx) -> FieldRight {
        match &self.rights.grants {
            Grants::Everything => FieldRight::Write,
            Grants::Given { .. } => self.object(object).map(|rights| rights.fields.field(field)).unwrap_or_default(),
        }
    }

    /// The right on a to-one or many-to-many relation.
    #[must_use]
    pub fn relation_right(&self, object: ObjectIx, relation: RelationIx) -> FieldRight {
        match &self.rights.grants {
            Grants::Everything => FieldRight::Write,
            Grants::Given { .. } => self.object(object).map(|rights| rights.fields.relation(relation)).unwrap_or_default(),
        }
    }

    /// Whether a field exists for the principal: read, or shown in part.
    #[must_use]
    pub fn may_select_field(&self, object: ObjectIx, field: FieldIx) -> bool {
        self.field_right(object, field) >= FieldRight::Mask
    }

    /// Whether a field may be read in clear: filtered, ordered and grouped by.
    #[must_use]
    pub fn may_read_field(&self, object: ObjectIx, field: FieldIx) -> bool {
        self.field_right(object, field) >= FieldRight::Read
    }

    /// Whether a field may be written.
    #[must_use]
    pub fn may_write_field(&self, object: ObjectIx, field: FieldIx) -> bool {
        self.field_right(object, field) == FieldRight::Write
    }

    /// Whether a relation exists for the principal: read, or shown as empty.
    #[must_use]
    pub fn may_select_relation(&self, object: ObjectIx, relation: RelationIx) -> bool {
        self.relation_right(object, relation) >= FieldRight::Mask
    }

    /// Whether a relation may be read.
    #[must_use]
    pub fn may_read_relation(&self, object: ObjectIx, relation: RelationIx) -> bool {
        self.relation_right(object, relation) >= FieldRight::Read
    }

    /// Whether a relation may be written.
    #[must_use]
    pub fn may_write_relation(&self, object: ObjectIx, relation: RelationIx) -> bool {
        self.relation_right(object, relation) == FieldRight::Write
    }
}

const fn verb(action: Action) -> Verb {
    match action {
        Action::Read => Verb::Read,
        Action::Create => Verb::Create,
        Action::Update => Verb::Update,
        Action::Delete => Verb::Delete,
        Action::Restore => Verb::Restore,
        Action::Destroy => Verb::Destroy,
        Action::Share => Verb::Share,
    }
}
