//! What is known of a principal: the values of the facts that row rules ask for.

use std::collections::BTreeMap;

use tenon_model::Fact;
use tenon_value::Value;

/// Facts with their values: an `Id`, a list of ids, a scalar. A fact that is not here does not resolve, and what
/// needs it is denied; an empty list resolves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing(BTreeMap<Fact, Value>);

impl Standing {
    /// The value of a fact; none: it does not resolve.
    #[must_use]
    pub fn get(&self, fact: Fact) -> Option<&Value> {
        self.0.get(&fact)
    }

    /// The facts that resolve, in order.
    pub fn facts(&self) -> impl Iterator<Item = Fact> {
        self.0.keys().copied()
    }
}

impl FromIterator<(Fact, Value)> for Standing {
    fn from_iter<T: IntoIterator<Item = (Fact, Value)>>(facts: T) -> Self {
        Self(facts.into_iter().collect())
    }
}
