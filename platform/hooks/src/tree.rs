//! What the plugins of one mutation share: fuel, time, how deep they stand, and the way that led there.
//!
//! A write of a plugin asks other plugins, and they write again: that is a tree, and it has one pot. Invariants: a
//! plugin is never asked about the same change of the same record while it is already being asked about it; what one
//! branch has used is gone for the others.

use std::any::Any;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tenon_value::RecordId;

use crate::Phase;

/// One stop on the way: who is asked, when, about which record, and which of its fields changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stop {
    /// `name@version`.
    pub plugin: String,
    /// The moment.
    pub phase: Phase,
    /// The record.
    pub record: RecordId,
    /// What changed, in the order of names.
    pub changed: Vec<String>,
}

/// Why a branch may not grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// The same question is being answered further up.
    Recursion,
    /// It would stand too deep.
    Nesting,
}

#[derive(Debug, Default)]
struct Shared {
    fuel: u64,
    wall: Duration,
    /// When the time of the outermost call under way ends.
    until: Option<Instant>,
    way: Vec<Vec<Stop>>,
}

/// What the plugins of one mutation share. Calls within one mutation come one after the other.
#[derive(Default)]
pub struct Tree {
    shared: Mutex<Shared>,
    /// Room that is held as long as the tree stands; its maker knows what it is.
    room: Option<Box<dyn Any + Send + Sync>>,
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tree").field(&*self.shared()).finish()
    }
}

impl Tree {
    /// A tree with so much fuel and so much time inside the transaction.
    #[must_use]
    pub fn new(fuel: u64, wall: Duration, room: Option<Box<dyn Any + Send + Sync>>) -> Self {
        Self { shared: Mutex::new(Shared { fuel, wall, until: None, way: Vec::new() }), room }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The room that is held, as its maker knows it.
    #[must_use]
    pub fn room<T: Any>(&self) -> Option<&T> {
        self.room.as_deref().and_then(|room| (room as &dyn Any).downcast_ref())
    }

    /// Fuel that is left.
    #[must_use]
    pub fn fuel(&self) -> u64 {
        self.shared().fuel
    }

    /// Takes fuel out of the pot.
    pub fn burn(&self, fuel: u64) {
        let mut shared = self.shared();
        shared.fuel = shared.fuel.saturating_sub(fuel);
    }

    /// How deep the next call would stand: 0 outside of any plugin.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.shared().way.len()
    }

    /// Goes one step further down the way, for calls inside the transaction. [`Tree::leave`] goes back up.
    ///
    /// # Errors
    /// Where the way turns in a circle, or stands deeper than `depth_max`.
    pub fn enter(&self, stops: Vec<Stop>, depth_max: usize, now: Instant) -> Result<Instant, Blocked> {
        let mut shared = self.shared();
        if shared.way.iter().flatten().any(|passed| stops.contains(passed)) {
            return Err(Blocked::Recursion);
        }
        if shared.way.len() >= depth_max {
            return Err(Blocked::Nesting);
        }
        let until = match shared.until {
            Some(until) => until,
            None => now + shared.wall,
        };
        shared.until = Some(until);
        shared.way.push(stops);
        Ok(until)
    }

    /// Goes back up; the time of an outermost call is gone.
    pub fn leave(&self, now: Instant) {
        let mut shared = self.shared();
        shared.way.pop();
        if shared.way.is_empty()
            && let Some(until) = shared.until.take()
        {
            shared.wall = until.saturating_duration_since(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use tenon_value::Uuid;

    use super::*;

    fn stop(plugin: &str, record: u128, changed: &str) -> Vec<Stop> {
        vec![Stop {
            plugin: plugin.to_owned(),
            phase: Phase::AfterSave,
            record: RecordId(Uuid::from_u128(record)),
            changed: vec![changed.to_owned()],
        }]
    }

    #[test]
    fn the_same_question_is_not_asked_below_itself() {
        let (tree, now) = (Tree::new(1, Duration::from_secs(1), None), Instant::now());
        assert!(tree.enter(stop("a", 1, "name"), 8, now).is_ok());
        assert!(tree.enter(stop("b", 1, "name"), 8, now).is_ok());
        assert!(tree.enter(stop("a", 1, "size"), 8, now).is_ok(), "another field is another question");
        assert_eq!(tree.enter(stop("b", 1, "name"), 8, now), Err(Blocked::Recursion));
        tree.leave(now);
        tree.leave(now);
        assert!(tree.enter(stop("b", 1, "name"), 8, now).is_ok(), "beside each other is no circle");
    }

    #[test]
    fn a_way_has_an_end() {
        let (tree, now) = (Tree::new(1, Duration::from_secs(1), None), Instant::now());
        for record in 0..3 {
            assert!(tree.enter(stop("a", record, "name"), 3, now).is_ok());
        }
        assert_eq!(tree.enter(stop("a", 9, "name"), 3, now), Err(Blocked::Nesting));
    }

    #[test]
    fn time_is_one_for_all_and_counted_once() {
        let (tree, now) = (Tree::new(1, Duration::from_millis(500), None), Instant::now());
        let after = |millis| now + Duration::from_millis(millis);
        assert_eq!(tree.enter(stop("a", 1, "x"), 8, now), Ok(after(500)));
        assert_eq!(tree.enter(stop("b", 1, "x"), 8, after(100)), Ok(after(500)), "within another call it is the other's time");
        tree.leave(after(200));
        tree.leave(after(300));
        assert_eq!(tree.enter(stop("c", 1, "x"), 8, after(1_000)), Ok(after(1_200)));
    }

    #[test]
    fn a_pot_is_emptied_by_all() {
        let tree = Tree::new(10, Duration::ZERO, None);
        tree.burn(7);
        assert_eq!(tree.fuel(), 3);
        tree.burn(7);
        assert_eq!(tree.fuel(), 0);
    }
}
