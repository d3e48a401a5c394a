//! The thread that reads: it opens the file, binds the mapping, passes over what is behind, and shapes a few chunks ahead.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use tenon_access::Policy;
use tenon_model::Model;
use tokio::sync::mpsc;

use super::bind::{Bound, bind};
use super::format::Format;
use super::mapping::Mapping;
use super::row::{Shaped, Shaper};
use super::run::ImportError;
use super::source::Source;

/// Rows of one chunk of the file.
pub const CHUNK_ROWS: usize = 1_000;
/// Bytes of the rows of one chunk: it ends with the row that reaches them, so that memory is bounded where rows are long.
const CHUNK_BYTES: u64 = 4 * 1024 * 1024;
/// Chunks read ahead of the database.
const CHUNKS_AHEAD: usize = 2;

/// Makes the bytes of a file: called on the reading thread.
pub type OpenSource = Box<dyn FnOnce() -> std::io::Result<Box<dyn Read + Send>> + Send>;

/// Rows of a file that belong together.
pub(super) struct Chunk {
    pub(super) rows: Vec<Shaped>,
    /// Bytes of the file up to here.
    pub(super) bytes: u64,
    /// What `replace` changed in them.
    pub(super) replaced: Vec<(String, String, String, u64)>,
}

/// What the reading thread sends.
pub(super) enum Piece {
    /// First: the mapping fits.
    Bound(Arc<Bound>, Vec<String>),
    Chunk(Chunk),
    Broken(ImportError),
    End,
}

/// What is read.
pub(super) struct ToRead {
    pub(super) open: OpenSource,
    pub(super) format: Format,
    pub(super) mapping: Mapping,
    /// Rows that are behind.
    pub(super) behind: u64,
}

/// Begins to read.
pub(super) fn read_ahead(file: ToRead, model: Arc<Model>, policy: Policy) -> mpsc::Receiver<Piece> {
    let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = read(file, &model, &policy, &sender) {
            // The receiver is gone only if the import has ended already.
            drop(sender.blocking_send(Piece::Broken(error)));
        }
    });
    receiver
}

fn read(file: ToRead, model: &Model, policy: &Policy, sender: &mpsc::Sender<Piece>) -> Result<(), ImportError> {
    let ToRead { open, format, mapping, behind } = file;
    let mapped = mapping.columns.keys().cloned().collect();
    let mut source = Source::open(open().map_err(super::SourceError::Io)?, format, &mapping.reading, mapped)?;
    let bound = Arc::new(bind((model, policy), &mapping, &source.columns).map_err(ImportError::Mapping)?);
    if sender.blocking_send(Piece::Bound(Arc::clone(&bound), source.columns.clone())).is_err() {
        return Ok(());
    }
    for _ in 0..behind {
        if source.next()?.is_none() {
            break;
        }
    }
    let mut shaper = Shaper { model, bound: &bound, replaced: HashMap::new() };
    let (mut rows, mut taken) = (Vec::with_capacity(CHUNK_ROWS), 0);
    loop {
        let row = source.next()?;
        let ended = row.is_none();
        taken += row.as_ref().map_or(0, |row| row.bytes);
        rows.extend(row.map(|row| shaper.shape(row)));
        if (ended && !rows.is_empty()) || rows.len() == CHUNK_ROWS || taken >= CHUNK_BYTES {
            taken = 0;
            let replaced = std::mem::take(&mut shaper.replaced);
            let replaced = replaced.into_iter().map(|((column, from, to), count)| (column, from, to, count)).collect();
            let chunk = Chunk { rows: std::mem::take(&mut rows), bytes: source.bytes(), replaced };
            if sender.blocking_send(Piece::Chunk(chunk)).is_err() {
                return Ok(());
            }
        }
        if ended {
            drop(sender.blocking_send(Piece::End));
            return Ok(());
        }
    }
}
