//! Which types a schema has, by name: tenants whose names are alike have alike types, and these names are kept once for all of them.
//!
//! Invariant: a roster says nothing of a tenant but names and places in its model, and schemas share one only where both are equal.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use super::seeds::Seed;

/// The types of a schema, in their order: the name of each, and what it is made of.
pub(super) struct Roster {
    types: Vec<(Box<str>, Seed)>,
    places: HashMap<Box<str>, usize>,
}

/// All rosters that some schema has, by the hash of what is in them.
struct Rosters {
    hasher: RandomState,
    known: Mutex<HashMap<u64, Weak<Roster>>>,
}

fn rosters() -> &'static Rosters {
    static ROSTERS: OnceLock<Rosters> = OnceLock::new();
    ROSTERS.get_or_init(|| Rosters { hasher: RandomState::new(), known: Mutex::default() })
}

impl Roster {
    /// Writes down what is named; of two of one name the first stands: a clash of derived names is a diagnostic of the compiler.
    pub(super) fn of(name: impl FnOnce(&mut dyn FnMut(&str, Seed))) -> Arc<Self> {
        let mut own = Self { types: Vec::new(), places: HashMap::new() };
        name(&mut |name, seed| {
            if !own.places.contains_key(name) {
                own.places.insert(name.into(), own.types.len());
                own.types.push((name.into(), seed));
            }
        });
        own.shared()
    }

    /// The equal one that some schema has, or this one.
    fn shared(mut self) -> Arc<Self> {
        let Rosters { hasher, known } = rosters();
        let hash = hasher.hash_one(&self.types);
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(equal) = known.get(&hash).and_then(Weak::upgrade).filter(|other| other.types == self.types) {
            return equal;
        }
        // Of those that nobody has any more nothing is left but their place.
        known.retain(|_, roster| roster.strong_count() > 0);
        self.types.shrink_to_fit();
        self.places.shrink_to_fit();
        let own = Arc::new(self);
        known.insert(hash, Arc::downgrade(&own));
        own
    }

    pub(super) fn len(&self) -> usize {
        self.types.len()
    }

    /// Where a type stands.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// The name of the type at a place, and what it is made of.
    pub(super) fn at(&self, place: usize) -> Option<(&str, Seed)> {
        self.types.get(place).map(|(name, seed)| (&**name, *seed))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.types.iter().map(|(name, _)| &**name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Arc<Roster> {
        made_of(Seed::Query, names)
    }

    fn made_of(seed: Seed, names: &[&str]) -> Arc<Roster> {
        Roster::of(|add| names.iter().for_each(|name| add(name, seed)))
    }

    fn is_known(roster: &Weak<Roster>) -> bool {
        rosters().known.lock().unwrap().values().any(|known| known.ptr_eq(roster))
    }

    #[test]
    fn equal_ones_are_one_and_go_with_the_last_who_has_it() {
        let (one, two) = (of(&["Bolt", "Nut"]), of(&["Bolt", "Nut", "Bolt"]));
        assert!(Arc::ptr_eq(&one, &two));
        assert_eq!((one.place("Nut"), one.place("Screw"), one.len()), (Some(1), None, 2));
        for other in [of(&["Nut", "Bolt"]), of(&["Bolt", "Nut", "Screw"]), made_of(Seed::Mutation, &["Bolt", "Nut"])] {
            assert!(!Arc::ptr_eq(&one, &other));
        }
        let gone = Arc::downgrade(&one);
        drop(one);
        assert!(is_known(&gone), "the second has it");
        drop(two);
        drop(of(&["Washer"]));
        assert!(!is_known(&gone));
    }
}
