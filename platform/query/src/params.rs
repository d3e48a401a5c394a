//! Values of one request, apart from the plan that uses them.

use tenon_value::Value;

/// The place of a value in [`Params`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Param(pub u16);

/// The values of one request, in the order in which the plan names them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params(pub Vec<Value>);

impl Params {
    /// Adds a value and names its place. Plans have fewer than 65,535 values: `filter_nodes` and `tokens` bound them.
    pub fn push(&mut self, value: Value) -> Param {
        let place = u16::try_from(self.0.len()).unwrap_or(u16::MAX);
        self.0.push(value);
        Param(place)
    }

    /// The value at a place; `Null` where there is none.
    #[must_use]
    pub fn get(&self, param: Param) -> &Value {
        self.0.get(usize::from(param.0)).unwrap_or(&Value::Null)
    }
}
