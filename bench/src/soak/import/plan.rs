//! Which file is imported next, and what is done to its job beside the kills.

use std::collections::BTreeSet;

use super::sheet::{Flaw, Format, Row};
use super::world::{Manner, World};
use crate::chance::Chance;

/// Rows of a file: some chunks of a thousand, so that there are borders to be killed at.
const ROWS_MIN: usize = 1_200;
const ROWS_MORE: usize = 2_800;
/// Accounts are added while there are fewer, so that an export has an end.
const ACCOUNTS_MAX: usize = 8_000;
/// Rows in a hundred that are wrong, that repeat a key of their file, that change nothing.
const WRONG: usize = 4;
const REPEATED: usize = 5;
const SAME: usize = 20;

/// An import to come.
#[expect(clippy::struct_excessive_bools, reason = "what is done beside it are chances of their own")]
pub(super) struct Plan {
    pub(super) rows: Vec<Row>,
    pub(super) bytes: Vec<u8>,
    pub(super) format: Format,
    pub(super) manner: Manner,
    pub(super) cancels: bool,
    /// Records are exported while it runs. Like `cancels` only where no key is repeated: then each chunk is one transaction,
    /// and what is there between two of them is known.
    pub(super) exports: bool,
    pub(super) undoes: bool,
}

/// Where keys and plans come from.
#[derive(Default)]
pub(super) struct Planner {
    number: usize,
    last_key: u64,
}

impl Planner {
    pub(super) fn next(&mut self, world: &World, chance: &mut Chance) -> anyhow::Result<Plan> {
        let number = self.number;
        self.number += 1;
        let format = Format::ALL.into_iter().cycle().nth(number).unwrap_or(Format::Csv);
        let crowded = world.accounts.len() > ACCOUNTS_MAX;
        let manner = match number % 4 {
            0 if !crowded => Manner::Create,
            2 => Manner::Skip,
            _ => Manner::Update,
        };
        let (cancels, exports) = (chance.percent(20), chance.percent(40));
        let repeats = !cancels && !exports && manner != Manner::Create && chance.percent(70);
        let mut rows = self.rows(world, (manner, repeats), chance);
        let bytes = format.write(&mut rows)?;
        // Accounts without a key are of no use to other files.
        let undoes = manner == Manner::Create || chance.percent(50);
        Ok(Plan { rows, bytes, format, manner, cancels, exports, undoes })
    }

    fn rows(&mut self, world: &World, (manner, repeats): (Manner, bool), chance: &mut Chance) -> Vec<Row> {
        let keyed = world.accounts.iter().filter(|(_, account)| account.keyed);
        let mut known: Vec<(u64, i64, String)> = keyed
            .filter_map(|(name, account)| Some((name.strip_prefix("soak ")?.parse().ok()?, account.employees, account.note.clone())))
            .collect();
        let mut used: Vec<u64> = Vec::new();
        let room = world.accounts.len() < ACCOUNTS_MAX;
        let count = ROWS_MIN + chance.below(ROWS_MORE);
        let mut rows = Vec::with_capacity(count);
        for _ in 0..count {
            let employees = i64::try_from(chance.below(1_000_000)).unwrap_or_default();
            let fresh = Row { line: 0, key: 0, employees, note: note(employees), flaw: Flaw::None };
            if chance.percent(WRONG) {
                let flaws = [Flaw::Number, Flaw::Name, Flaw::Shape, Flaw::Key];
                // Without a match nobody reads the key.
                let flaws = flaws.get(..if manner == Manner::Create { 3 } else { 4 }).unwrap_or_default();
                let flaw = chance.pick(flaws).copied().unwrap_or(Flaw::Number);
                rows.push(Row { key: self.fresh(), flaw, ..fresh });
                continue;
            }
            if repeats && chance.percent(REPEATED) && !used.is_empty() {
                rows.push(Row { key: chance.pick(&used).copied().unwrap_or_default(), ..fresh });
                continue;
            }
            let old = (manner != Manner::Create && !known.is_empty() && !(room && chance.percent(50)))
                .then(|| known.swap_remove(chance.below(known.len())));
            let row = match old {
                Some((key, employees, note)) if chance.percent(SAME) => Row { key, employees, note, ..fresh },
                Some((key, ..)) => Row { key, ..fresh },
                None => Row { key: self.fresh(), ..fresh },
            };
            used.push(row.key);
            rows.push(row);
        }
        rows
    }

    /// A key that was never there.
    const fn fresh(&mut self) -> u64 {
        self.last_key += 1;
        self.last_key
    }
}

/// A text with what files quote.
fn note(number: i64) -> String {
    format!("n{number}; \"quoted\", 上海")
}

/// Accounts that somebody changes after the import, before it is taken back.
pub(super) fn touched(written: impl Iterator<Item = String>, chance: &mut Chance) -> BTreeSet<String> {
    written.filter(|_| chance.below(200) == 0).collect()
}
