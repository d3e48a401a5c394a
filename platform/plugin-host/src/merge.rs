//! The records of a save while one plugin after the other has its say: each sees the patches of those before it.

use std::sync::Arc;

use tenon_hooks::{HookChange, Refusal, Verdict};
use tenon_model::{FieldIx, Object};
use tenon_query::Record;
use tenon_value::Value;

use crate::linked::Linked;
use crate::since_1::{Change, Row};

/// The records of a save.
pub(crate) struct Rows<'a> {
    rows: Vec<Working<'a>>,
    shown: Option<Shown>,
}

/// The records as they were shown to a plugin, in portions, each with the place of its first.
pub(crate) type Portions = Vec<(usize, Arc<[Change]>)>;

/// As they were shown last.
struct Shown {
    to: Arc<Linked>,
    portions: Portions,
}

struct Working<'a> {
    change: &'a HookChange<'a>,
    /// With the patches; none as long as there are none.
    patched: Option<Record>,
    changed: Vec<String>,
    patches: Vec<(FieldIx, Value)>,
    refusals: Vec<Refusal>,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(changes: &'a [HookChange<'a>]) -> Self {
        let working = |change: &'a HookChange<'a>| Working {
            change,
            patched: None,
            changed: change.changed.clone(),
            patches: Vec::new(),
            refusals: Vec::new(),
        };
        Self { rows: changes.iter().map(working).collect(), shown: None }
    }

    /// The records as the next plugin sees them.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|row| {
            let new = row.patched.as_ref().unwrap_or(row.change.new);
            Row { id: new.id, old: row.change.old, new, changed: &row.changed }
        })
    }

    /// The records as a plugin is shown them: as the one before it was, where that was granted the same and has changed nothing.
    pub(crate) fn shown<E>(&mut self, to: &Arc<Linked>, show: impl FnOnce(&Self) -> Result<Portions, E>) -> Result<Portions, E> {
        let is_same = |shown: &&Shown| (shown.to.size, &shown.to.grant) == (to.size, &to.grant);
        if let Some(shown) = self.shown.as_ref().filter(is_same) {
            return Ok(shown.portions.clone());
        }
        let portions = show(self)?;
        self.shown = Some(Shown { to: Arc::clone(to), portions: portions.clone() });
        Ok(portions)
    }

    /// Keeps what a plugin said of the records from `first` on. Who was refused stays refused.
    pub(crate) fn apply(&mut self, object: &Object, first: usize, verdicts: Vec<Verdict>) {
        for (row, verdict) in self.rows.iter_mut().skip(first).zip(verdicts) {
            match verdict {
                Verdict::Keep => {}
                Verdict::Patch(patches) => {
                    row.patch(object, patches);
                    self.shown = None;
                }
                Verdict::Refuse(refusals) => row.refusals.extend(refusals),
            }
        }
    }

    /// What became of each record.
    pub(crate) fn into_verdicts(self) -> Vec<Verdict> {
        let verdict = |row: Working<'_>| match (row.refusals.is_empty(), row.patches.is_empty()) {
            (false, _) => Verdict::Refuse(row.refusals),
            (true, false) => Verdict::Patch(row.patches),
            (true, true) => Verdict::Keep,
        };
        self.rows.into_iter().map(verdict).collect()
    }
}

impl Working<'_> {
    fn patch(&mut self, object: &Object, patches: Vec<(FieldIx, Value)>) {
        let record = self.patched.get_or_insert_with(|| self.change.new.clone());
        for (ix, value) in patches {
            record.set_field(ix, value.clone());
            match self.patches.iter_mut().find(|(patched, _)| *patched == ix) {
                Some((_, slot)) => *slot = value,
                None => self.patches.push((ix, value)),
            }
            let name = object.field(ix).map(|field| field.name.as_str()).unwrap_or_default();
            if !self.changed.iter().any(|changed| changed == name) {
                self.changed.push(name.to_owned());
            }
        }
    }
}
