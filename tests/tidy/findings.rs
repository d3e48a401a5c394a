//! What a rule found, told all at once: the rule, then a line per place.

use std::fmt::Display;

/// The findings of one rule.
pub(crate) struct Findings {
    rule: String,
    places: Vec<String>,
}

impl Findings {
    pub(crate) fn new(rule: &str) -> Self {
        Self { rule: rule.to_owned(), places: Vec::new() }
    }

    /// Notes one place and what is wrong there.
    pub(crate) fn add(&mut self, place: impl Display, what: impl Display) {
        self.places.push(format!("{place}: {what}"));
    }

    /// Fails the test if anything was found.
    pub(crate) fn report(mut self) {
        self.places.sort();
        assert!(self.places.is_empty(), "\ntidy: {}\n  {}\n", self.rule, self.places.join("\n  "));
    }
}
