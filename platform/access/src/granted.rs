//! The rights a package was granted, as rights like those of anybody: `within` makes them the caller's at most.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use tenon_model::{FieldRight, Model, Object, State, Verb};

use crate::Policy;
use crate::fields::Fields;
use crate::held::EVERYTHING;
use crate::policy::{Grants, Rights};
use crate::resolve::ObjectRights;
use crate::rows::Rows;

/// What is granted of one object: verbs, and the right on each field and relation by API name.
pub struct Granted<'g> {
    /// The verbs; without `Read` the object is not seen.
    pub verbs: Vec<Verb>,
    /// The right on a field or relation.
    pub right: &'g dyn Fn(&str) -> FieldRight,
}

impl Policy {
    /// Rights on all rows of the objects granted. `of` says what is granted of each.
    #[must_use]
    pub fn granted<'g>(model: &Model, of: &dyn Fn(&Object) -> Option<Granted<'g>>) -> Self {
        let mut hash = DefaultHasher::new();
        let mut objects = Vec::with_capacity(model.objects.len());
        for object in &model.objects {
            let granted = of(object).filter(|granted| object.state == State::Active && granted.verbs.contains(&Verb::Read));
            let rights = granted.map(|granted| rights(object, &granted));
            if let Some(rights) = &rights {
                let given: Vec<bool> = rights.rows.iter().map(Option::is_some).collect();
                (object.ix, given, &rights.fields.fields, &rights.fields.relations).hash(&mut hash);
            }
            objects.push(rights);
        }
        let grants = Grants::Given { objects, special: Vec::new() };
        Self { rights: Arc::new(Rights { grants, fingerprint: hash.finish().max(EVERYTHING + 1) }) }
    }
}

fn rights(object: &Object, granted: &Granted<'_>) -> ObjectRights {
    let kept = |system: bool, name: &str| if system { FieldRight::Read } else { (granted.right)(name) };
    ObjectRights {
        rows: Verb::ALL.into_iter().map(|verb| granted.verbs.contains(&verb).then_some(Rows::All)).collect(),
        check_new: Rows::All,
        check_changed: Rows::All,
        fields: Fields {
            fields: object.fields.iter().map(|field| kept(field.system, field.name.as_str())).collect(),
            relations: object.relations.iter().map(|relation| kept(crate::fields::is_kept(relation), relation.name.as_str())).collect(),
        },
    }
}
