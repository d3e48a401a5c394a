//! How far a reader of the outbox has come.
//!
//! PostgreSQL: everything that one snapshot sees is read, and of what a later one sees everything up to a number. A
//! transaction that commits late is therefore read late and never skipped. SQLite: a number, since there is one writer.
//! Invariant: what lies after a position never changes but for what is committed later (or pruned).

use std::cmp::Ordering;
use std::fmt;

/// What can be seen at a moment: PostgreSQL's own words, `xmin:xmax:xip,…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// Every transaction below it has ended.
    pub(crate) low: u64,
    /// No transaction from it on had begun.
    high: u64,
    /// Between the two: those under way.
    running: Vec<u64>,
}

impl Snapshot {
    /// The snapshot that sees nothing.
    pub(crate) const NOTHING: Self = Self { low: 1, high: 1, running: Vec::new() };

    /// The snapshot that sees every transaction below one.
    pub(crate) const fn before(transaction: u64) -> Self {
        Self { low: transaction, high: transaction, running: Vec::new() }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (low, high, running) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
        let running = running.split(',').filter(|one| !one.is_empty()).map(|one| one.parse().ok()).collect::<Option<Vec<u64>>>()?;
        (parts.next().is_none() && low <= high && running.len() <= 10_000).then_some(Self { low, high, running })
    }

    /// Whether it sees what a transaction has done.
    pub(crate) fn sees(&self, transaction: u64) -> bool {
        transaction < self.low || (transaction < self.high && !self.running.contains(&transaction))
    }

    /// Whether it was taken after another, or may have been.
    pub(crate) fn is_since(&self, other: &Self) -> bool {
        self.high >= other.high
    }

    /// Which of two of one database is later. Of two that see the same it does not matter.
    fn order(&self, other: &Self) -> Ordering {
        (self.high, self.low).cmp(&(other.high, other.low)).then(other.running.len().cmp(&self.running.len()))
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:", self.low, self.high)?;
        for (place, one) in self.running.iter().enumerate() {
            write!(f, "{}{one}", if place == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

/// A place in a tenant's outbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Of which home of the tenant.
    pub(crate) era: i64,
    /// PostgreSQL: all that this sees is read.
    pub(crate) done: Option<Snapshot>,
    /// PostgreSQL: what this sees is being read.
    pub(crate) upto: Option<Snapshot>,
    /// The number of the last row that is read whole.
    pub(crate) after: i64,
    /// Records that are read of the next row.
    pub(crate) part: u32,
}

impl Position {
    /// A place as text, for cursors: never shown unsigned.
    #[must_use]
    pub fn text(&self) -> String {
        let snapshot = |one: &Option<Snapshot>| one.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{}|{}|{}|{}|{}", self.era, snapshot(&self.done), snapshot(&self.upto), self.after, self.part)
    }

    /// The place that a text names; none where it is no such text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let [era, done, upto, after, part] = <[&str; 5]>::try_from(text.split('|').collect::<Vec<_>>()).ok()?;
        let snapshot = |text: &str| if text.is_empty() { Some(None) } else { Snapshot::parse(text).map(Some) };
        Some(Self {
            era: era.parse().ok()?,
            done: snapshot(done)?,
            upto: snapshot(upto)?,
            after: after.parse().ok()?,
            part: part.parse().ok()?,
        })
    }

    /// Whether both are places in one home of the tenant. Those in different ones cannot be compared.
    #[must_use]
    pub const fn is_of_home_of(&self, other: &Self) -> bool {
        self.era == other.era
    }

    /// Whether a row was read already, all of it, by who stands here.
    pub(crate) fn has_read(&self, transaction: u64, seq: i64) -> bool {
        if transaction == 0 {
            return seq <= self.after;
        }
        self.done.as_ref().is_some_and(|done| done.sees(transaction))
            || (seq <= self.after && self.upto.as_ref().is_some_and(|upto| upto.sees(transaction)))
    }

    pub(crate) fn later_of<'s>(one: &'s Option<Snapshot>, other: &'s Option<Snapshot>) -> Option<&'s Snapshot> {
        match (one, other) {
            (Some(one), Some(other)) => Some(if other.order(one) == Ordering::Greater { other } else { one }),
            (one, other) => one.as_ref().or(other.as_ref()),
        }
    }

    /// The place of who stood here and has read a piece that ends at `end`, or had read it before.
    #[must_use]
    pub fn reaching(self, end: &Self) -> Self {
        match (&self.done, &end.done, &end.upto) {
            // SQLite: numbers alone.
            (None, None, None) => {
                if (end.after, end.part) > (self.after, self.part) {
                    end.clone()
                } else {
                    self
                }
            }
            // In the middle of what `upto` sees.
            (done, _, Some(upto)) => {
                let known = done.as_ref().is_some_and(|done| upto.order(done) != Ordering::Greater);
                if known { self } else { Self { done: Self::later_of(done, &end.done).cloned(), ..end.clone() } }
            }
            (Some(done), Some(to), None) if to.order(done) != Ordering::Greater => self,
            _ => end.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_sees_what_had_ended() {
        let snapshot = Snapshot::parse("10:20:12,15").unwrap();
        let seen: Vec<u64> = (8..23).filter(|transaction| snapshot.sees(*transaction)).collect();
        assert_eq!(seen, [8, 9, 10, 11, 13, 14, 16, 17, 18, 19]);
        assert_eq!(snapshot.to_string(), "10:20:12,15");
        assert!(!Snapshot::NOTHING.sees(3));
    }

    #[test]
    fn places_survive_their_text_and_no_other_text_is_one() {
        let place = Position { era: 9, done: Snapshot::parse("10:12:"), upto: Snapshot::parse("11:20:15,16"), after: 42, part: 7 };
        assert_eq!(Position::parse(&place.text()), Some(place));
        assert_eq!(Position::parse(&Position::default().text()), Some(Position::default()));
        for wrong in ["", "||||", "0|x|y|1|2", "0||1:2|3|4", "0|20:10:||1|0", "|||1|2|3", "0|||1|-2", "|||1|2"] {
            assert_eq!(Position::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_commits_late_is_not_read_by_who_came_further() {
        let place = Position { done: Snapshot::parse("10:12:10"), after: 99, ..Position::default() };
        assert!(!place.has_read(10, 5), "it ran when the snapshot was taken");
        assert!(place.has_read(11, 6));
        let within = Position { upto: Snapshot::parse("12:12:"), after: 5, ..place };
        assert!(within.has_read(10, 5) && !within.has_read(10, 6));
    }

    #[test]
    fn who_came_further_does_not_go_back() {
        let at = |text| Position { done: Snapshot::parse(text), ..Position::default() };
        assert_eq!(at("10:12:").reaching(&at("10:13:11")), at("10:13:11"));
        assert_eq!(at("10:13:").reaching(&at("10:13:11")), at("10:13:"), "fewer under way is later");
        assert_eq!(Position::default().reaching(&at("10:13:")), at("10:13:"));
        let middle = Position { upto: Snapshot::parse("12:20:"), after: 7, ..at("10:12:") };
        assert_eq!(at("11:14:").reaching(&middle), Position { done: Snapshot::parse("11:14:"), ..middle.clone() });
        assert_eq!(at("12:21:").reaching(&middle), at("12:21:"), "it was all read before");
        let file = |after, part| Position { after, part, ..Position::default() };
        assert_eq!(file(4, 2).reaching(&file(4, 1)), file(4, 2));
        assert_eq!(file(4, 2).reaching(&file(5, 0)), file(5, 0));
    }
}
