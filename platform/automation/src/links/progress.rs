//! How far a link has come: kept with its job, in the transaction of each chunk.

use serde::{Deserialize, Serialize};
use tenon_records::{BatchRow, Status, StepOutcome};
use tenon_store::JobProgress;
use tenon_value::{Json, Locale};

/// What a link is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    /// Everything that is given is written, page by page.
    #[default]
    Fill,
    /// What is mirrored and not given any more goes: after a gap.
    Sweep,
    /// What the giving side commits is followed.
    Follow,
    /// It is revoked: the mirror goes.
    Remove,
    /// It is revoked, and nothing is left to do.
    Ended,
}

/// How far a link has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Progress {
    pub(super) phase: Phase,
    /// Where the next page begins.
    pub(super) cursor: Option<String>,
    /// Where the giving side's changes are followed from.
    pub(super) place: Option<String>,
    /// Records in the mirror.
    pub(super) mirrored: i64,
    /// Chunks written.
    pub(super) chunks: i64,
    /// Records that could not be mirrored, each as often as it was tried.
    pub(super) failed: i64,
    /// Why the last of them could not.
    pub(super) last_problem: Option<Json>,
}

impl Progress {
    pub(super) fn of_json(json: &Json) -> Self {
        serde_json::from_value(json.clone()).unwrap_or_default()
    }

    pub(super) fn json(&self) -> Json {
        serde_json::to_value(self).unwrap_or_default()
    }

    pub(super) fn stored(&self) -> JobProgress {
        JobProgress { progress: self.json(), total: None, done: self.chunks, failed: self.failed, parts: Vec::new() }
    }

    /// The same after a chunk.
    pub(super) fn after(&self, outcomes: &[StepOutcome]) -> Self {
        let mut next = Self { chunks: self.chunks + 1, ..self.clone() };
        let rows = outcomes.iter().flat_map(|outcome| if let StepOutcome::Batch { rows, .. } = outcome { rows.as_slice() } else { &[] });
        for BatchRow { status, problems, .. } in rows {
            match status {
                Status::Created => next.mirrored += 1,
                Status::Destroyed => next.mirrored -= 1,
                Status::Failed => {
                    next.failed += 1;
                    next.last_problem = problems.first().map(|problem| {
                        serde_json::json!({
                            "code": problem.kind.code(), "rule": problem.rule, "field": problem.field,
                            "message": problem.message.in_locale(Locale::En),
                        })
                    });
                }
                _ => {}
            }
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_comes_back_as_it_was_written_and_counts_what_became_of_records() {
        let row = |status| BatchRow { index: 0, status, id: None, problems: Vec::new() };
        let rows = vec![row(Status::Created), row(Status::Created), row(Status::Destroyed), row(Status::Failed), row(Status::Unchanged)];
        let begun = Progress { phase: Phase::Follow, place: Some("7".to_owned()), mirrored: 5, ..Progress::default() };
        let next = begun.after(&[StepOutcome::Batch { rows, answer: None }]);
        assert_eq!((next.mirrored, next.failed, next.chunks), (6, 1, 1));
        assert_eq!(Progress::of_json(&next.json()), next);
        assert_eq!(Progress::of_json(&Json::Null), Progress::default());
    }
}
