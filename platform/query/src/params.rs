//! Values that a plan names without knowing them: those of the request, and what is known of who asks.

use tenon_model::Fact;
use tenon_value::Value;

/// A value that comes with the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Param {
    /// The place of a value in [`Params`].
    Request(u16),
    /// Something known of the principal. Row policies are made of these, so that equal rights share a plan.
    Mine(Fact),
    /// A value written in a rule: its place in [`tenon_model::Model::literals`]. Lowering puts the value itself into the statement.
    Literal(u16),
}

/// The values of one request, in the order in which the plan names them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params(pub Vec<Value>);

impl Params {
    /// Adds a value and names its place. Plans have fewer than 65,535 values: `filter_nodes` and `tokens` bound them.
    pub fn push(&mut self, value: Value) -> Param {
        let place = u16::try_from(self.0.len()).unwrap_or(u16::MAX);
        self.0.push(value);
        Param::Request(place)
    }

    /// The value at a place; `Null` where there is none.
    #[must_use]
    pub fn at(&self, place: u16) -> &Value {
        self.0.get(usize::from(place)).unwrap_or(&Value::Null)
    }

    /// Puts a value at a place, with `Null` before it where nothing stands yet.
    pub fn put(&mut self, place: u16, value: Value) {
        let place = usize::from(place);
        if self.0.len() <= place {
            self.0.resize(place + 1, Value::Null);
        }
        if let Some(slot) = self.0.get_mut(place) {
            *slot = value;
        }
    }
}
