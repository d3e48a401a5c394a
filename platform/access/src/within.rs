//! The rights of one who acts for another: a plugin acts as its caller, as far as its own grant goes.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use tenon_model::Verb;

use crate::policy::{Grants, Policy, Rights};
use crate::resolve::{ObjectRights, place};
use crate::rows::Rows;

impl Policy {
    /// What both permit.
    #[must_use]
    pub fn within(&self, grant: &Self) -> Self {
        match (&self.rights.grants, &grant.rights.grants) {
            (Grants::Everything, _) => grant.clone(),
            (_, Grants::Everything) => self.clone(),
            (Grants::Given { objects: here, special: first }, Grants::Given { objects: there, special: second }) => {
                let objects = here.iter().zip(there).map(|pair| match pair {
                    (Some(here), Some(there)) => both(here, there),
                    _ => None,
                });
                let mut hash = std::collections::hash_map::DefaultHasher::new();
                (self.fingerprint(), grant.fingerprint()).hash(&mut hash);
                let special = first.iter().copied().filter(|special| second.contains(special)).collect();
                let grants = Grants::Given { objects: objects.collect(), special };
                Self { rights: Arc::new(Rights { grants, fingerprint: hash.finish().max(2) }) }
            }
        }
    }
}

fn both(here: &ObjectRights, there: &ObjectRights) -> Option<ObjectRights> {
    let cut = |verb: Verb| Some(here.rows(verb)?.clone().and(there.rows(verb)?.clone()));
    let rows: Vec<Option<Rows>> = Verb::ALL.into_iter().map(cut).collect();
    rows.get(place(Verb::Read))?.as_ref()?;
    Some(ObjectRights {
        rows,
        check_new: here.check_new.clone().and(there.check_new.clone()),
        check_changed: here.check_changed.clone().and(there.check_changed.clone()),
        fields: here.fields.within(&there.fields),
    })
}
