//! Cells: the PostgreSQL databases in which one installation keeps its tenants.
//!
//! The first is `main`, where `system` lies too; an operator names further ones. Which cell a tenant lies in stands in
//! `system`, and a node believes what it has read there for [`EPOCH_LEASE`](crate::EPOCH_LEASE). A tenant is moved by
//! stopping its writes, copying its home as the database has it, and switching its place (`moving.rs`).
//! Invariants: a tenant has one living home; one that writes were stopped in never takes a write again, whatever a node
//! believes; the old home is removed after the switch is durable and believed by everybody.

mod changes;
mod copy;
mod fence;
mod moving;
mod place;
mod pools;
mod text;
mod verify;

use std::collections::HashMap;
use std::sync::Arc;

pub(crate) use fence::{FENCED, asking};
pub use moving::Moved;
pub(crate) use place::Place;
pub(crate) use pools::Pools;

use crate::{StoreConfig, StoreError};

/// The cell that `system` lies in.
pub const MAIN_CELL: &str = "main";

/// A further database for tenants.
#[derive(Clone, PartialEq, Eq)]
pub struct Cell {
    /// What operators call it.
    pub name: String,
    /// `postgres://user:password@host/database`.
    pub url: String,
}

impl std::fmt::Debug for Cell {
    // The address may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cell").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A cell as this process reaches it.
#[derive(Debug)]
pub(crate) struct Reached {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) pools: Pools,
}

/// All cells this process was told of.
#[derive(Debug)]
pub(crate) struct Cells {
    main: Arc<Reached>,
    others: HashMap<String, Arc<Reached>>,
}

impl Cells {
    pub(crate) fn new(url: &str, config: &StoreConfig) -> Result<Self, StoreError> {
        let reached = |name: &str, url: &str| -> Result<Arc<Reached>, StoreError> {
            Ok(Arc::new(Reached { name: name.to_owned(), url: url.to_owned(), pools: Pools::new(url, config)? }))
        };
        let mut others = HashMap::new();
        for cell in &config.cells {
            if cell.name == MAIN_CELL || others.insert(cell.name.clone(), reached(&cell.name, &cell.url)?).is_some() {
                return Err(StoreError::Cell(format!("there are two cells `{}`", cell.name)));
            }
        }
        Ok(Self { main: reached(MAIN_CELL, url)?, others })
    }

    pub(crate) const fn main(&self) -> &Arc<Reached> {
        &self.main
    }

    /// A cell by name.
    pub(crate) fn named(&self, name: &str) -> Result<&Arc<Reached>, StoreError> {
        let found = if name == MAIN_CELL { Some(&self.main) } else { self.others.get(name) };
        found.ok_or_else(|| StoreError::Cell(format!("this server was told of no cell `{name}`")))
    }

    /// Whether a tenant may lie elsewhere than in `main`.
    pub(crate) fn are_several(&self) -> bool {
        !self.others.is_empty()
    }

    pub(crate) fn each(&self) -> impl Iterator<Item = &Arc<Reached>> {
        std::iter::once(&self.main).chain(self.others.values())
    }
}
