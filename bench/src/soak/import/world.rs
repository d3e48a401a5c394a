//! What there must be: every account by its name, and what a file, or taking one back, makes of them. Worked out here row by
//! row, and never asked of the server.

use std::collections::{BTreeMap, BTreeSet};

use super::sheet::{Flaw, Row};

/// What happens to accounts that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// No key: every row creates.
    Create,
    /// A row of a known key changes its account.
    Update,
    /// A row of a known key is passed over.
    Skip,
}

/// An account as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) employees: i64,
    pub(super) note: String,
    /// Each save once: a row that was worked twice is seen here.
    pub(super) version: u64,
    /// It has a key, by which other files find it.
    pub(super) keyed: bool,
}

/// All accounts by name.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) accounts: BTreeMap<String, Account>,
    /// Names that must not be there: of rows that were refused, and of accounts that were taken back.
    pub(super) gone: BTreeSet<String>,
}

/// What a job must have counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) created: u64,
    pub(super) updated: u64,
    pub(super) unchanged: u64,
    pub(super) skipped: u64,
    pub(super) failed: u64,
}

impl Counts {
    pub(super) const fn total(self) -> u64 {
        self.created + self.updated + self.unchanged + self.skipped + self.failed
    }
}

/// What rows made of the world.
#[derive(Debug, Default)]
pub(super) struct Worked {
    pub(super) counts: Counts,
    /// Lines of the rows that are wrong.
    pub(super) wrong: BTreeSet<u64>,
    /// Accounts that were written, with what each was before the first row of it; none where it was not there.
    pub(super) written: BTreeMap<String, Option<Account>>,
    /// Those of them that several rows wrote.
    pub(super) again: BTreeSet<String>,
}

impl World {
    /// Works rows in the order of their file.
    pub(super) fn work(&mut self, rows: &[Row], manner: Manner) -> Worked {
        let mut worked = Worked::default();
        for row in rows {
            self.row(row, manner, &mut worked);
        }
        worked
    }

    fn row(&mut self, row: &Row, manner: Manner, worked: &mut Worked) {
        let name = row.name();
        if row.flaw != Flaw::None {
            worked.counts.failed += 1;
            worked.wrong.insert(row.line);
            if !self.accounts.contains_key(&name) {
                self.gone.insert(name);
            }
            return;
        }
        let Some(known) = self.accounts.get_mut(&name).filter(|_| manner != Manner::Create) else {
            worked.counts.created += 1;
            worked.written.entry(name.clone()).or_insert(None);
            self.gone.remove(&name);
            self.accounts
                .insert(name, Account { employees: row.employees, note: row.note.clone(), version: 1, keyed: manner != Manner::Create });
            return;
        };
        if manner == Manner::Skip {
            worked.counts.skipped += 1;
        } else if known.employees == row.employees && known.note == row.note {
            worked.counts.unchanged += 1;
        } else {
            worked.counts.updated += 1;
            worked.again.extend(worked.written.contains_key(&name).then(|| name.clone()));
            worked.written.entry(name).or_insert_with(|| Some(known.clone()));
            *known = Account { employees: row.employees, note: row.note.clone(), version: known.version + 1, keyed: true };
        }
    }

    /// Somebody gives an account another number of employees.
    pub(super) fn touch(&mut self, name: &str, employees: i64) {
        if let Some(known) = self.accounts.get_mut(name) {
            known.employees = employees;
            known.version += 1;
        }
    }

    /// Takes back what rows have made, but for what was touched since.
    pub(super) fn take_back(&mut self, worked: &Worked, touched: &BTreeSet<String>) -> Counts {
        let mut counts = Counts::default();
        for (name, before) in &worked.written {
            if touched.contains(name) {
                counts.skipped += 1;
                continue;
            }
            let Some(before) = before else {
                counts.updated += 1;
                self.accounts.remove(name);
                self.gone.insert(name.clone());
                continue;
            };
            let Some(known) = self.accounts.get_mut(name) else { continue };
            if (known.employees, &known.note) == (before.employees, &before.note) {
                counts.unchanged += 1;
            } else {
                counts.updated += 1;
                *known = Account { version: known.version + 1, ..before.clone() };
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: u64, key: u64, employees: i64, flaw: Flaw) -> Row {
        Row { line, key, employees, note: "n".to_owned(), flaw }
    }

    #[test]
    fn rows_meet_what_earlier_ones_made_and_are_taken_back_whole() {
        let mut world = World::default();
        let first = world.work(&[row(2, 1, 5, Flaw::None), row(3, 2, 5, Flaw::Number)], Manner::Update);
        assert_eq!(first.counts, Counts { created: 1, failed: 1, ..Counts::default() });
        assert_eq!(first.wrong, BTreeSet::from([3]));
        let rows = [
            row(2, 1, 6, Flaw::None),
            row(3, 1, 7, Flaw::None),
            row(4, 1, 7, Flaw::None),
            row(5, 3, 1, Flaw::None),
            row(6, 3, 2, Flaw::None),
        ];
        let second = world.work(&rows, Manner::Update);
        assert_eq!(second.counts, Counts { created: 1, updated: 3, unchanged: 1, ..Counts::default() });
        assert_eq!(world.accounts["soak 1"], Account { employees: 7, note: "n".to_owned(), version: 3, keyed: true });
        let counts = world.take_back(&second, &BTreeSet::new());
        assert_eq!(counts, Counts { updated: 2, ..Counts::default() });
        assert_eq!(world.accounts["soak 1"], Account { employees: 5, note: "n".to_owned(), version: 4, keyed: true });
        assert!(!world.accounts.contains_key("soak 3") && world.gone.contains("soak 3"));
    }
}
