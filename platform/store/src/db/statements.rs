//! Prepared statements of one connection by their text, so many and no more: the one not used for longest goes.

use std::collections::HashMap;

use tokio_postgres::Statement;

/// The statements a connection keeps.
#[derive(Debug)]
pub(crate) struct Statements {
    /// How many (`statements` of the limits).
    max: usize,
    /// Counts uses.
    clock: u64,
    /// What was prepared before this was raised is not trusted.
    broken: u64,
    known: HashMap<Box<str>, (Statement, u64)>,
}

impl Statements {
    pub(crate) fn new(max: usize) -> Self {
        Self { max: max.max(1), clock: 0, broken: 0, known: HashMap::new() }
    }

    /// The statement of a text. Forgets all first where a change of shape has broken some of them since.
    pub(crate) fn get(&mut self, sql: &str, broken: u64) -> Option<Statement> {
        if self.broken != broken {
            self.known.clear();
            self.broken = broken;
        }
        self.clock += 1;
        let (statement, used) = self.known.get_mut(sql)?;
        *used = self.clock;
        Some(statement.clone())
    }

    /// Keeps a statement that was asked for when `broken` stood there. The server is told of what is dropped by the driver.
    pub(crate) fn put(&mut self, sql: &str, statement: Statement, broken: u64) {
        if self.broken != broken {
            return;
        }
        if self.known.len() >= self.max
            && !self.known.contains_key(sql)
            && let Some(oldest) = self.known.iter().min_by_key(|(_, (_, used))| *used).map(|(sql, _)| sql.clone())
        {
            self.known.remove(&oldest);
        }
        self.clock += 1;
        self.known.insert(sql.into(), (statement, self.clock));
    }
}
