//! Sets of rows, and how they are joined and cut.
//!
//! Invariant: joining never loses a row and cutting never adds one; "all" and "none" are known without asking a database.

use std::sync::Arc;

use tenon_query::Predicate;

/// Which of an object's rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Rows {
    /// Not one.
    #[default]
    None,
    /// Each.
    All,
    /// Those that hold.
    Some(Arc<Predicate>),
}

impl Rows {
    /// Rows of a predicate, which may come to all or none.
    pub(crate) fn of(predicate: Predicate) -> Self {
        match predicate {
            Predicate::All(parts) if parts.is_empty() => Self::All,
            Predicate::Any(parts) if parts.is_empty() => Self::None,
            other => Self::Some(Arc::new(other)),
        }
    }

    /// Rows that are in one of the sets.
    pub(crate) fn any(sets: impl IntoIterator<Item = Self>) -> Self {
        let mut parts: Vec<Predicate> = Vec::new();
        for set in sets {
            match set {
                Self::None => {}
                Self::All => return Self::All,
                Self::Some(predicate) => match Arc::unwrap_or_clone(predicate) {
                    Predicate::Any(inner) => inner.into_iter().for_each(|part| add(&mut parts, part)),
                    other => add(&mut parts, other),
                },
            }
        }
        Self::of(one_or(parts, Predicate::Any))
    }

    /// Rows that are in both sets.
    pub(crate) fn and(self, other: Self) -> Self {
        let (here, there) = match (self, other) {
            (Self::None, _) | (_, Self::None) => return Self::None,
            (Self::All, one) | (one, Self::All) => return one,
            (Self::Some(here), Self::Some(there)) => (here, there),
        };
        let mut parts = Vec::new();
        for predicate in [here, there] {
            match Arc::unwrap_or_clone(predicate) {
                Predicate::All(inner) => inner.into_iter().for_each(|part| add(&mut parts, part)),
                other => add(&mut parts, other),
            }
        }
        Self::of(one_or(parts, Predicate::All))
    }

    /// As a condition; none where there is nothing to ask.
    #[must_use]
    pub fn condition(&self) -> Option<Arc<Predicate>> {
        match self {
            Self::None => Some(Arc::new(Predicate::no())),
            Self::All => None,
            Self::Some(predicate) => Some(Arc::clone(predicate)),
        }
    }

    /// Whether there may be any.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

fn add(parts: &mut Vec<Predicate>, part: Predicate) {
    if !parts.contains(&part) {
        parts.push(part);
    }
}

fn one_or(mut parts: Vec<Predicate>, join: fn(Vec<Predicate>) -> Predicate) -> Predicate {
    match parts.len() {
        1 => parts.pop().unwrap_or_else(Predicate::no),
        _ => join(parts),
    }
}

#[cfg(test)]
mod tests {
    use tenon_model::FieldIx;
    use tenon_query::ColumnRef;

    use super::*;

    fn some(field: u16) -> Rows {
        Rows::of(Predicate::IsNull(ColumnRef::whole(FieldIx(field))))
    }

    #[test]
    fn the_most_permissive_wins_and_nothing_adds_nothing() {
        assert_eq!(Rows::any([]), Rows::None);
        assert_eq!(Rows::any([Rows::None, some(1)]), some(1));
        assert_eq!(Rows::any([some(1), Rows::All, some(2)]), Rows::All);
        assert_eq!(Rows::any([some(1), some(1)]), some(1));
        let both = Rows::any([some(1), some(2)]);
        assert_eq!(Rows::any([both.clone(), some(2)]), both);
    }

    #[test]
    fn cutting_with_all_keeps_and_with_none_empties() {
        assert_eq!(some(1).and(Rows::All), some(1));
        assert_eq!(Rows::All.and(Rows::All), Rows::All);
        assert_eq!(some(1).and(Rows::None), Rows::None);
        assert_eq!(some(1).and(some(1)), some(1));
    }

    #[test]
    fn one_of_nothing_is_not_all_of_nothing() {
        assert_eq!(Rows::of(Predicate::yes()), Rows::All);
        assert_eq!(Rows::of(Predicate::no()), Rows::None);
        assert_eq!(Rows::None.condition(), Some(Arc::new(Predicate::no())));
    }
}
