//! What changes and records have in common, for code that is made by `tenon plugin typegen`.

use crate::{Change, Record, Value};

/// Something with fields: a change, or a record that was read.
///
/// ```
/// use tenon_sdk::{Fields, Value};
///
/// fn is_named(it: &impl Fields) -> bool {
///     it.field("name").is_some()
/// }
/// assert!(is_named(&tenon_sdk::testing::create("lead").after("name", "Li").build()));
/// ```
pub trait Fields {
    /// What a field or relation holds; of a change what it will hold, patches included.
    ///
    /// ```
    /// use tenon_sdk::{Fields, Value};
    /// let change = tenon_sdk::testing::create("lead").after("city", "Bonn").build();
    /// assert_eq!(change.field("city"), Some(&Value::from("Bonn")));
    /// ```
    fn field(&self, name: &str) -> Option<&Value>;
}

impl Fields for Change {
    fn field(&self, name: &str) -> Option<&Value> {
        self.get(name)
    }
}

impl Fields for Record {
    fn field(&self, name: &str) -> Option<&Value> {
        self.get(name)
    }
}

impl<F: Fields> Fields for &F {
    fn field(&self, name: &str) -> Option<&Value> {
        (**self).field(name)
    }
}

impl<F: Fields> Fields for &mut F {
    fn field(&self, name: &str) -> Option<&Value> {
        (**self).field(name)
    }
}
