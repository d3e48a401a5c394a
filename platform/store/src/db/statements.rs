//! Prepared statements of one connection by their text, so many and no more: the one not used for longest goes.

use std::collections::HashMap;

/// The statements a connection keeps.
#[derive(Debug)]
pub(crate) struct Statements<S> {
    /// How many (`statements` of the limits).
    max: usize,
    /// Counts uses.
    clock: u64,
    /// What was prepared before this was raised is not trusted.
    broken: u64,
    known: HashMap<Box<str>, (S, u64)>,
}

impl<S: Clone> Statements<S> {
    pub(crate) fn new(max: usize) -> Self {
        Self { max: max.max(1), clock: 0, broken: 0, known: HashMap::new() }
    }

    /// The statement of a text. Forgets all first where a change of shape has broken some of them since.
    pub(crate) fn get(&mut self, sql: &str, broken: u64) -> Option<S> {
        if self.broken != broken {
            // The server keeps them until the connection ends; shapes change seldom.
            self.known.clear();
            self.broken = broken;
        }
        self.clock += 1;
        let (statement, used) = self.known.get_mut(sql)?;
        *used = self.clock;
        Some(statement.clone())
    }

    /// Keeps a statement that was asked for when `broken` stood there. The answer is the one that is not kept: it, or another
    /// in its place.
    pub(crate) fn put(&mut self, sql: &str, statement: S, broken: u64) -> Option<S> {
        if self.broken != broken {
            return Some(statement);
        }
        let mut gone = None;
        if self.known.len() >= self.max
            && !self.known.contains_key(sql)
            && let Some(oldest) = self.known.iter().min_by_key(|(_, (_, used))| *used).map(|(sql, _)| sql.clone())
        {
            gone = self.known.remove(&oldest);
        }
        self.clock += 1;
        let replaced = self.known.insert(sql.into(), (statement, self.clock));
        gone.or(replaced).map(|(statement, _)| statement)
    }
}
