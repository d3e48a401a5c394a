//! The footer: where it lies, and that its schema and its row groups are of a size that the library may build.

use crate::error::ReadError;
use crate::limits::{COLUMNS_MAX, FOOTER_MAX, GROUPS_MAX};
use crate::spool::Spool;
use crate::thrift::{BINARY, I32, LIST, STRUCT, Walk};

/// The first and the last bytes of a file.
const MAGIC: &[u8] = b"PAR1";
/// Bytes after the footer: its length, and the magic.
const TAIL: u64 = 8;
/// Elements of a schema: a list takes three.
const ELEMENTS_MAX: u64 = 1 + 3 * COLUMNS_MAX;
/// How deep a schema goes: the library walks it by recursion. What is deeper than a list is refused by its column later.
const DEPTH_MAX: usize = 32;

fn malformed(what: &str) -> ReadError {
    ReadError::Malformed(what.to_owned())
}

/// The footer's bytes, looked through, and where the data before it ends.
pub(crate) fn footer(spool: &Spool) -> Result<(Vec<u8>, u64), ReadError> {
    let magic = MAGIC.len() as u64;
    if spool.length < magic + TAIL || spool.piece(0, magic)? != MAGIC {
        return Err(malformed("it does not begin as one"));
    }
    let tail = spool.piece(spool.length - TAIL, TAIL)?;
    let (length, end) = tail.split_at(4);
    if end != MAGIC {
        return Err(malformed("it does not end as one: is it cut off?"));
    }
    let length = u64::from(u32::from_le_bytes(length.try_into().map_err(|_| malformed("no length"))?));
    if length > FOOTER_MAX {
        return Err(ReadError::Limit { limit: "parquet_footer_bytes", max: FOOTER_MAX });
    }
    let end = (spool.length - TAIL).checked_sub(length).filter(|end| *end >= magic);
    let end = end.ok_or_else(|| malformed("its footer is longer than the file"))?;
    let bytes = spool.piece(end, length)?;
    look(&bytes)?;
    Ok((bytes, end))
}

/// Looks a footer through.
fn look(bytes: &[u8]) -> Result<(), ReadError> {
    let mut walk = Walk::new(bytes);
    let mut last = 0;
    while let Some((id, ty)) = walk.field(&mut last)? {
        match (id, ty) {
            (2, LIST) => schema(&mut walk)?,
            (4, LIST) => {
                let (element, count) = walk.list()?;
                if count as u64 > GROUPS_MAX {
                    return Err(ReadError::Limit { limit: "parquet_groups", max: GROUPS_MAX });
                }
                (0..count).try_for_each(|_| walk.skip(element))?;
            }
            (_, ty) => walk.skip(ty)?,
        }
    }
    Ok(())
}

fn schema(walk: &mut Walk<'_>) -> Result<(), ReadError> {
    let (element, count) = walk.list()?;
    if element != STRUCT {
        return Err(malformed("its schema is none"));
    }
    if count as u64 > ELEMENTS_MAX {
        return Err(ReadError::Limit { limit: "parquet_columns", max: COLUMNS_MAX });
    }
    // How many elements are still to come at each depth.
    let mut open: Vec<i64> = Vec::new();
    for _ in 0..count {
        while open.last() == Some(&0) {
            open.pop();
        }
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        let (name, children) = schema_element(walk)?;
        if children < 0 || children > count as i64 {
            return Err(malformed("its schema counts wrongly"));
        }
        if children > 0 {
            open.push(children);
        }
        if open.len() > DEPTH_MAX {
            return Err(ReadError::Unsupported { column: name, why: "it is nested too deep" });
        }
    }
    Ok(())
}

/// An element's name, and how many are inside of it.
fn schema_element(walk: &mut Walk<'_>) -> Result<(String, i64), ReadError> {
    let (mut name, mut children, mut last) = (String::new(), 0, 0);
    while let Some((id, ty)) = walk.field(&mut last)? {
        match (id, ty) {
            (4, BINARY) => name = String::from_utf8_lossy(walk.binary()?).into_owned(),
            (5, I32) => children = walk.number()?,
            (_, ty) => walk.skip(ty)?,
        }
    }
    Ok((name, children))
}
