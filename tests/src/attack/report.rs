//! What an attack run tried and found.

use std::collections::{BTreeMap, BTreeSet};

/// Findings of one place shown at most: more of the same help nobody.
const SHOWN_MAX: usize = 3;

/// What was tried, found and not reached.
#[derive(Clone, Debug, Default)]
pub struct Report {
    doors: BTreeMap<String, (usize, usize)>,
    findings: BTreeMap<String, Vec<String>>,
    uncovered: BTreeSet<String>,
    unanswered: BTreeMap<String, String>,
    taken: BTreeSet<String>,
    counts: (usize, usize),
}

impl Report {
    pub(super) fn tried(&mut self, door: &str, baits: usize) {
        let (attacks, ids) = self.doors.entry(door.to_owned()).or_default();
        *attacks += 1;
        *ids += baits;
    }

    /// An entry point, and whether an attack comes in there.
    pub(super) fn meets(&mut self, entry: &str, is_covered: bool) {
        if !is_covered {
            self.uncovered.insert(entry.to_owned());
        }
    }

    pub(super) fn unanswered(&mut self, entry: &str, why: &str) {
        self.unanswered.insert(entry.to_owned(), why.to_owned());
    }

    pub(super) fn finds(&mut self, attack: &str, what: &str) {
        self.findings.entry(attack.to_owned()).or_default().push(what.to_owned());
    }

    pub(super) fn counts(&mut self, reads: usize, writes: usize) {
        self.counts = (reads, writes);
    }

    /// Takes over what was found by somebody with this role.
    pub(super) fn adopt(&mut self, role: &str, other: Self) {
        let (attacks, ids) = other.doors.values().fold((0, 0), |(attacks, ids), (more, further)| (attacks + more, ids + further));
        let door = self.doors.entry(format!("role {role}")).or_default();
        *door = (door.0 + attacks, door.1 + ids);
        self.findings.extend(other.findings.into_iter().map(|(attack, found)| (format!("{role}: {attack}"), found)));
        self.unanswered.extend(other.unanswered.into_iter().map(|(entry, why)| (format!("{role}: {entry}"), why)));
    }

    /// What a part of the attacks ended with: where it could not go on, that is a finding.
    pub(super) fn ends(&mut self, part: &str, ended: anyhow::Result<()>) {
        if let Err(error) = ended {
            self.finds(part, &format!("could not go on: {error:#}"));
        }
    }

    pub(super) fn tells_taken(&mut self, attack: &str) {
        self.taken.insert(attack.to_owned());
    }

    /// Entry points that no attack covers, one a line.
    #[must_use]
    pub fn uncovered(&self) -> String {
        let all = self.uncovered.iter().chain(self.unanswered.keys());
        all.map(|entry| format!("{entry}\n")).collect()
    }

    /// The first finding that is none of another report's.
    pub(super) fn beyond(&self, known: &Self) -> Option<String> {
        let mut new = self.findings.iter().filter(|(attack, _)| !known.findings.contains_key(*attack));
        new.next().map(|(attack, found)| format!("{attack}: {:.300}", found.first().map_or("", String::as_str)))
    }

    /// Whether anything was found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// How many attacks there were at each door, and how many foreign and hidden ids.
    #[must_use]
    pub fn summary(&self) -> String {
        let lines = self.doors.iter().map(|(door, (attacks, ids))| format!("{door}: {attacks} attacks, {ids} baits"));
        let taken = format!("{} places say that a unique value is taken, and nothing else", self.taken.len());
        let counts = format!("{} questions and {} writes", self.counts.0, self.counts.1);
        lines.chain([taken, counts]).collect::<Vec<_>>().join("\n")
    }

    /// The findings in words.
    #[must_use]
    pub fn findings(&self) -> String {
        let mut text = format!("{} places with findings\n", self.findings.len());
        for (attack, found) in &self.findings {
            text.push_str(&format!("- {attack}: {} findings\n", found.len()));
            for one in found.iter().take(SHOWN_MAX) {
                text.push_str(&format!("    {one}\n"));
            }
        }
        for (entry, why) in &self.unanswered {
            text.push_str(&format!("- never got in: {entry}: {why}\n"));
        }
        text
    }
}
