//! Walks over the head of every page before the first is read: what all of them claim is held against the limits.

use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use crate::error::ReadError;
use crate::limits::{LIST_VALUES_MAX, OPEN_MAX, PAGE_MAX, PAGES_MAX, ROWS_MAX};
use crate::spool::Spool;
use crate::thrift::{I32, STRUCT, Walk};

/// Bytes read for a page's head; most take fewer, none more than the second number.
const HEAD_BYTES: u64 = 512;
const HEAD_BYTES_MAX: u64 = 64 * 1024;
/// What the library keeps for each value of a dictionary.
const DICTIONARY_VALUE: u64 = 32;
/// Types of pages.
const DATA: i64 = 0;
const INDEX: i64 = 1;
const DICTIONARY: i64 = 2;
const DATA_2: i64 = 3;
/// Encodings whose values take no more room than their page: plain, by dictionary (both spellings), run lengths, packed bits.
const ENCODINGS: [i64; 5] = [0, 2, 8, 3, 4];

/// What a page says of itself.
#[derive(Default)]
struct Head {
    ty: i64,
    inflated: i64,
    packed: i64,
    values: i64,
    encoding: i64,
    /// Bytes of the head itself.
    length: u64,
}

/// What the pages of a column come to.
#[derive(Default)]
struct Counted {
    values: u64,
    pages: u64,
    dictionary: u64,
    largest: u64,
}

fn malformed(what: &str) -> ReadError {
    ReadError::Malformed(what.to_owned())
}

fn whole(number: i64) -> Result<u64, ReadError> {
    u64::try_from(number).map_err(|_| malformed("it has a length below zero"))
}

/// Looks at all pages; `end` is where the data ends.
pub(crate) fn look(spool: &Spool, metadata: &ParquetMetaData, end: u64) -> Result<(), ReadError> {
    let (mut rows, mut pages) = (0_u64, 0);
    for group in metadata.row_groups() {
        let own = whole(group.num_rows())?;
        rows = rows.saturating_add(own);
        let (mut open, mut listed) = (0_u64, 0_u64);
        for column in group.columns() {
            let counted = column_pages(spool, column, end)?;
            pages += counted.pages;
            open += counted.dictionary + 2 * counted.largest;
            if column.column_descr().max_rep_level() > 0 {
                listed = listed.saturating_add(counted.values);
            } else if counted.values != own {
                return Err(malformed("its pages have another number of rows than it says"));
            }
        }
        within("parquet_open_bytes", OPEN_MAX, open)?;
        within("parquet_list_values", LIST_VALUES_MAX, listed)?;
        within("parquet_pages", PAGES_MAX, pages)?;
        within("parquet_rows", ROWS_MAX, rows)?;
    }
    if rows != whole(metadata.file_metadata().num_rows())? {
        return Err(malformed("its row groups have another number of rows than it says"));
    }
    Ok(())
}

const fn within(limit: &'static str, max: u64, actual: u64) -> Result<(), ReadError> {
    if actual > max { Err(ReadError::Limit { limit, max }) } else { Ok(()) }
}

fn column_pages(spool: &Spool, column: &ColumnChunkMetaData, end: u64) -> Result<Counted, ReadError> {
    let unsupported = |why| ReadError::Unsupported { column: column.column_descr().path().string(), why };
    if !matches!(column.compression(), Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_)) {
        return Err(unsupported("only Snappy, Zstandard and no compression are read"));
    }
    if column.file_path().is_some() {
        return Err(unsupported("it lies in another file"));
    }
    let begin = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
    let (mut at, length) = (whole(begin)?, whole(column.compressed_size())?);
    whole(column.data_page_offset())?;
    let behind = at.checked_add(length).filter(|behind| *behind <= end).ok_or_else(|| malformed("a column ends behind its data"))?;
    let mut counted = Counted::default();
    while at < behind {
        let head = head(spool, at, behind - at)?;
        let (inflated, packed, values) = (whole(head.inflated)?, whole(head.packed)?, whole(head.values)?);
        within("parquet_page_bytes", PAGE_MAX, inflated.max(packed))?;
        within("parquet_pages", PAGES_MAX, counted.pages)?;
        if head.ty != INDEX && !ENCODINGS.contains(&head.encoding) {
            return Err(unsupported("only plain values, dictionaries and run lengths are read"));
        }
        counted.pages += 1;
        match head.ty {
            DATA | DATA_2 => {
                counted.values = counted.values.saturating_add(values);
                counted.largest = counted.largest.max(inflated.max(packed));
            }
            // Each of its values takes a byte at least.
            DICTIONARY if values > inflated => return Err(malformed("a dictionary has more values than bytes")),
            DICTIONARY => counted.dictionary = counted.dictionary.max(inflated + values * DICTIONARY_VALUE),
            INDEX => {}
            _ => return Err(malformed("it has pages of an unknown type")),
        }
        at += head.length + packed;
    }
    if at == behind { Ok(counted) } else { Err(malformed("a page ends behind its column")) }
}

/// The head of the page at a place.
fn head(spool: &Spool, at: u64, left: u64) -> Result<Head, ReadError> {
    let short = left.min(HEAD_BYTES);
    parsed(&spool.piece(at, short)?).or_else(|error| match left.min(HEAD_BYTES_MAX) {
        long if long > short => parsed(&spool.piece(at, long)?),
        _ => Err(error),
    })
}

fn parsed(bytes: &[u8]) -> Result<Head, ReadError> {
    let mut walk = Walk::new(bytes);
    let (mut head, mut last) = (Head { ty: -1, ..Head::default() }, 0);
    while let Some((id, ty)) = walk.field(&mut last)? {
        match (id, ty) {
            (1, I32) => head.ty = walk.number()?,
            (2, I32) => head.inflated = walk.number()?,
            (3, I32) => head.packed = walk.number()?,
            // Data, dictionary, data of the second version: only that has its encoding elsewhere.
            (5 | 7, STRUCT) => inner(&mut walk, &mut head, 2)?,
            (8, STRUCT) => inner(&mut walk, &mut head, 4)?,
            (_, ty) => walk.skip(ty)?,
        }
    }
    head.length = walk.at() as u64;
    Ok(head)
}

/// How many values a page has, and how they are encoded.
fn inner(walk: &mut Walk<'_>, head: &mut Head, encoding: i64) -> Result<(), ReadError> {
    let mut last = 0;
    while let Some((id, ty)) = walk.field(&mut last)? {
        match (id, ty) {
            (1, I32) => head.values = walk.number()?,
            (id, I32) if id == encoding => head.encoding = walk.number()?,
            (_, ty) => walk.skip(ty)?,
        }
    }
    Ok(())
}
