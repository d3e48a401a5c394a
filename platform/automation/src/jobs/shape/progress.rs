//! How far a change of shape has come, as its job keeps it.

use serde_json::json;
use tenon_store::JobProgress;
use tenon_value::{Json, Uuid};

use super::verdict::Findings;

/// What is to be done next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// Look for what stands in the way.
    #[default]
    Check,
    /// Put columns and triggers in place.
    Begin,
    /// Go over all records.
    Fill,
    /// Make indexes.
    Index,
    /// Go over what was written meanwhile, and bring it into force.
    Last,
    /// Drop the columns of before.
    Drop,
    /// Nothing.
    Done,
}

impl Phase {
    const ALL: [Self; 7] = [Self::Check, Self::Begin, Self::Fill, Self::Index, Self::Last, Self::Drop, Self::Done];

    const fn word(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Begin => "begin",
            Self::Fill => "fill",
            Self::Index => "index",
            Self::Last => "last",
            Self::Drop => "drop",
            Self::Done => "done",
        }
    }
}

/// How far a change of shape has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) phase: Phase,
    /// The last record that was gone over.
    pub(super) cursor: Option<Uuid>,
    /// Records looked at and gone over, and how many there are, twice.
    pub(super) done: i64,
    pub(super) total: i64,
    /// What stands in the way.
    pub(super) findings: Findings,
    /// The table, and its columns that are to go.
    pub(super) table: String,
    pub(super) left: Vec<String>,
}

impl Progress {
    pub(super) fn of_json(json: &Json) -> Self {
        let text = |key: &str| json.get(key).and_then(Json::as_str);
        let number = |key: &str| json.get(key).and_then(Json::as_i64).unwrap_or_default();
        let list = json.get("left").and_then(Json::as_array);
        Self {
            phase: Phase::ALL.into_iter().find(|phase| Some(phase.word()) == text("phase")).unwrap_or_default(),
            cursor: text("cursor").and_then(|id| id.parse().ok()),
            done: number("done"),
            total: number("total"),
            findings: Findings::of_json(json.get("findings").unwrap_or(&Json::Null)),
            table: text("table").unwrap_or_default().to_owned(),
            left: list.into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect(),
        }
    }

    pub(super) fn stored(&self) -> JobProgress {
        let progress = json!({
            "phase": self.phase.word(), "cursor": self.cursor.map(|id| id.to_string()), "done": self.done, "total": self.total,
            "findings": self.findings.to_json(), "table": self.table, "left": self.left,
        });
        let failed = i64::try_from(self.findings.count).unwrap_or(i64::MAX);
        JobProgress { progress, total: (self.total > 0).then_some(self.total.max(self.done)), done: self.done, failed, parts: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_comes_back_as_it_was_written() {
        for phase in Phase::ALL {
            let cursor = Some(Uuid::from_u128(7));
            let left = vec!["f_1".to_owned(), "f_1_f".to_owned()];
            let at = Progress { phase, cursor, done: 3, total: 8, table: "o_1".to_owned(), left, ..Progress::default() };
            assert_eq!(Progress::of_json(&at.stored().progress), at);
        }
        assert_eq!(Progress::of_json(&Json::Null), Progress::default());
    }
}
