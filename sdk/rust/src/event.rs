//! What was saved, told after it was.

use crate::{DateTime, Operation};

/// Records of one object that one save wrote. They may have changed since: read what you need.
///
/// ```
/// let event = tenon_sdk::testing::event("lead", tenon_sdk::Operation::Create, &["7"]);
/// assert_eq!((event.object.as_str(), event.records[0].0.as_str()), ("lead", "7"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// API name of the object.
    pub object: String,
    /// What happened to the records.
    pub operation: Operation,
    /// Their ids, and the version that each got; 200 at most.
    pub records: Vec<(String, i64)>,
    /// API names of the fields that changed in any of them, as far as the package was granted them.
    pub changed: Vec<String>,
    /// When they were saved, by the tenant's clock.
    pub at: DateTime,
}
