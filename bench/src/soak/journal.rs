//! What the platform has promised: every acknowledged save, and the one that was under way when it died.

use serde_json::Value;

/// One record of one writer.
#[derive(Clone)]
pub(crate) struct Entry {
    /// Its id.
    pub(crate) id: String,
    /// The value saved by each version, the first at place 0.
    pub(crate) values: Vec<i64>,
    /// The value that was sent and not answered.
    pub(crate) pending: Option<i64>,
}

/// One writer's records.
#[derive(Default)]
pub(crate) struct Journal {
    /// Those that exist for certain.
    pub(crate) entries: Vec<Entry>,
    /// Names of records whose creation was not answered, with their value.
    pub(crate) unanswered: Vec<(String, i64)>,
    /// Acknowledged saves.
    pub(crate) saves: u64,
}

impl Entry {
    /// The version that was acknowledged last.
    pub(crate) fn version(&self) -> usize {
        self.values.len()
    }

    /// Compares with what the server has now; an unanswered save may have happened or not, but nothing else.
    pub(crate) fn settle(&mut self, node: Option<&Value>) -> Result<(), String> {
        let Some(node) = node else { return Err(format!("{}: acknowledged at version {}, and gone", self.id, self.version())) };
        let version = node.get("version").and_then(Value::as_u64).and_then(|version| usize::try_from(version).ok());
        let value = node.get("employeeCount").and_then(Value::as_i64);
        let pending = self.pending.take();
        if version == Some(self.version()) && value == self.values.last().copied() {
            return Ok(());
        }
        if version == Some(self.version() + 1) && value == pending && pending.is_some() {
            self.values.extend(pending);
            return Ok(());
        }
        let known = self.values.last();
        Err(format!(
            "{}: acknowledged version {} with {known:?} (pending {pending:?}), found {version:?} with {value:?}",
            self.id,
            self.version()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::Entry;
    use serde_json::json;

    fn entry(pending: Option<i64>) -> Entry {
        Entry { id: "a".to_owned(), values: vec![7, 9], pending }
    }

    #[test]
    fn an_acknowledged_save_must_be_there() {
        assert_eq!(entry(None).settle(Some(&json!({ "version": 2, "employeeCount": 9 }))), Ok(()));
        assert!(entry(None).settle(None).is_err());
        assert!(entry(None).settle(Some(&json!({ "version": 1, "employeeCount": 7 }))).is_err());
        assert!(entry(None).settle(Some(&json!({ "version": 3, "employeeCount": 9 }))).is_err());
    }

    #[test]
    fn an_unanswered_save_may_have_happened_or_not() {
        let mut happened = entry(Some(11));
        assert_eq!(happened.settle(Some(&json!({ "version": 3, "employeeCount": 11 }))), Ok(()));
        assert_eq!(happened.values, [7, 9, 11]);
        let mut lost = entry(Some(11));
        assert_eq!(lost.settle(Some(&json!({ "version": 2, "employeeCount": 9 }))), Ok(()));
        assert_eq!((lost.values.as_slice(), lost.pending), ([7, 9].as_slice(), None));
        assert!(entry(Some(11)).settle(Some(&json!({ "version": 3, "employeeCount": 12 }))).is_err());
    }
}
