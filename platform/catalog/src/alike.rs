//! Objects that several tenants have alike, kept once: most tenants have most of the base CRM as it comes, and a model without
//! what it shares takes a thirtieth.
//!
//! Compared is everything of an object, the names of its tables and columns included; who changes one has his own from then on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tenon_model::{Model, Object};
use tenon_value::ElementId;

/// Forms of one object that are looked through: one per version of a package, and a few by what tenants added.
const FORMS_MAX: usize = 16;
/// Objects that are known; those beyond are every tenant's own.
const OBJECTS_MAX: usize = 100_000;

/// The objects of all models in memory.
#[derive(Default)]
pub(crate) struct Alike {
    known: Mutex<HashMap<ElementId, Vec<Weak<Object>>>>,
}

impl Alike {
    /// Has a model share what another has alike; the objects that are its own, for now.
    pub(crate) fn share(&self, model: &mut Model) -> Vec<Arc<Object>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= OBJECTS_MAX {
            known.retain(|_, forms| forms.iter().any(|form| form.strong_count() > 0));
        }
        let mut own = Vec::new();
        for object in &mut model.objects {
            if known.len() >= OBJECTS_MAX && !known.contains_key(&object.id) {
                own.push(Arc::clone(object));
                continue;
            }
            let forms = known.entry(object.id).or_default();
            forms.retain(|form| form.strong_count() > 0);
            match forms.iter().filter_map(Weak::upgrade).find(|form| form == object) {
                Some(form) => *object = form,
                None => {
                    own.push(Arc::clone(object));
                    if forms.len() < FORMS_MAX {
                        forms.push(Arc::downgrade(object));
                    }
                }
            }
        }
        own
    }
}
