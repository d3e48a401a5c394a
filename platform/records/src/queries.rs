//! The data API as plugins read through it: the floor above brings it, transactions and stores are where it reads.

use async_trait::async_trait;
use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_diagnostics::Problem;
use tenon_query::{Answer, Params, Row};
use tenon_store::{Prepared, Store, StoreError, Tx};

/// Where reads run.
#[async_trait]
pub trait Source: Send {
    /// Runs a read.
    async fn read(&mut self, prepared: &Prepared, params: &Params) -> Result<Answer, StoreError>;
}

/// Reads documents of the data API for plugins: the text of the plan language.
#[async_trait]
pub trait Queries: Send + Sync {
    /// Reads a document (a query; not a mutation) with rights that may be less than the principal's: its data, as JSON.
    ///
    /// # Errors
    /// The first problem of the document or its values. What the source says is for its owner to look at.
    async fn query(
        &self,
        cx: &OpContext,
        policy: &Policy,
        (document, variables): (&str, &str),
        source: &mut dyn Source,
    ) -> Result<String, Box<Problem>>;
}

/// A source that keeps the error it ran into: inside a transaction nothing is right after one.
pub(crate) struct Watched<'a> {
    pub(crate) place: Place<'a>,
    pub(crate) failed: Option<StoreError>,
    /// Rows of records and groups read so far.
    pub(crate) rows: usize,
}

/// Inside a transaction, or outside of any.
pub(crate) enum Place<'a> {
    Tx(&'a mut Tx),
    Store(&'a Store, &'a OpContext),
}

impl<'a> Watched<'a> {
    pub(crate) const fn new(place: Place<'a>) -> Self {
        Self { place, failed: None, rows: 0 }
    }
}

#[async_trait]
impl Source for Watched<'_> {
    async fn read(&mut self, prepared: &Prepared, params: &Params) -> Result<Answer, StoreError> {
        let answer = match &mut self.place {
            Place::Tx(tx) => tx.read(prepared, params).await,
            Place::Store(store, cx) => store.read(cx, prepared, params).await,
        };
        match &answer {
            Ok(Answer::Page(page)) => self.rows += page.rows.iter().map(rows).sum::<usize>(),
            Ok(Answer::Groups(groups)) => self.rows += groups.len(),
            Err(_) => {}
        }
        answer.map_err(|error| {
            // The document's own account of it is not wanted; a copy would need the error to be one.
            self.failed = Some(error);
            StoreError::Serialization
        })
    }
}

/// A row and those below it.
fn rows(row: &Row) -> usize {
    let ones: usize = row.ones.iter().flatten().map(|row| rows(row)).sum();
    let manys: usize = row.manys.iter().flat_map(|page| &page.rows).map(rows).sum();
    1 + ones + manys
}
