//! A plan: the steps from what is to what is wished, with a hash that names exactly these steps from exactly this base.

use sha2::{Digest, Sha256};
use tenon_diagnostics::{Diagnostic, Severity};
use tenon_model::ModelVersion;
use tenon_value::{DateTime, Json};

use crate::{Operation, Risk};

/// How long a plan can be applied.
pub const PLAN_KEPT_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// What would be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Names it: hexadecimal SHA-256 of base and steps.
    pub hash: String,
    /// The version it starts from.
    pub base: ModelVersion,
    /// The steps, in order.
    pub operations: Vec<Operation>,
    /// What is wrong with the wish. Errors keep the plan from being applied.
    pub diagnostics: Vec<Diagnostic>,
    /// Until when it can be applied.
    pub expires_at: DateTime,
}

impl Plan {
    pub(crate) fn new(base: ModelVersion, operations: Vec<Operation>, diagnostics: Vec<Diagnostic>, now: DateTime) -> Self {
        let hash = hash(base, &operations);
        let expires_at = DateTime::from_millis(now.millis().saturating_add(PLAN_KEPT_MILLIS));
        Self { hash, base, operations, diagnostics, expires_at }
    }

    /// True where nothing would change.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// The greatest risk of its steps.
    #[must_use]
    pub fn risk(&self) -> Risk {
        self.operations.iter().map(|operation| operation.risk).max().unwrap_or_default()
    }

    /// The diagnostics that keep it from being applied.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|one| one.severity == Severity::Error)
    }
}

fn hash(base: ModelVersion, operations: &[Operation]) -> String {
    let steps: Vec<Json> = operations.iter().map(Operation::normalized).collect();
    let mut digest = Sha256::new();
    digest.update(base.0.to_be_bytes());
    digest.update(sorted(&Json::Array(steps)).to_string());
    hex::encode(digest.finalize())
}

/// The same value with the keys of every mapping in order, so that equal steps have equal bytes.
fn sorted(value: &Json) -> Json {
    match value {
        Json::Object(map) => {
            let mut keys: Vec<_> = map.iter().collect();
            keys.sort_by(|left, right| left.0.cmp(right.0));
            Json::Object(keys.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect())
        }
        Json::Array(list) => Json::Array(list.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Op;

    fn step(after: Json) -> Vec<Operation> {
        vec![Operation::new("deal.fields.size", Op::Change, "words do not count").values(None, Some(after))]
    }

    #[test]
    fn equal_steps_from_the_same_base_have_one_hash() {
        let one = hash(ModelVersion(3), &step(json!({"min": 1, "max": 2})));
        assert_eq!(one, hash(ModelVersion(3), &step(json!({"max": 2, "min": 1}))));
        assert_ne!(one, hash(ModelVersion(4), &step(json!({"min": 1, "max": 2}))));
        assert_ne!(one, hash(ModelVersion(3), &step(json!({"min": 1, "max": 3}))));
        assert_eq!(one.len(), 64);
    }
}
