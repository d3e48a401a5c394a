//! The tar inside: plain files in the `ustar` form, written in one way only.
//!
//! Invariant: what is read would be written byte for byte the same. So links, devices, owners, times, other forms of a
//! number, hidden second headers and bytes between files cannot occur; they are not looked for, they just differ.

use super::limits::{ENTRIES_MAX, UNPACKED_MAX};
use super::{BundleError, paths};

/// Everything in a tar comes in such pieces.
const BLOCK: usize = 512;
/// Where the checksum of a header stands.
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// The header of a file.
fn header(path: &str, bytes: usize) -> Option<[u8; BLOCK]> {
    let mut header = [0_u8; BLOCK];
    let mut put = |at: usize, text: &[u8]| header.get_mut(at..at + text.len()).map(|place| place.copy_from_slice(text));
    put(0, path.as_bytes())?;
    put(100, b"0000644\0")?;
    put(108, b"0000000\0")?;
    put(116, b"0000000\0")?;
    put(124, format!("{bytes:011o}\0").as_bytes())?;
    put(136, b"00000000000\0")?;
    put(CHECKSUM.start, b"        ")?;
    put(156, b"0")?;
    put(257, b"ustar\x0000")?;
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header.get_mut(CHECKSUM)?.copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Some(header)
}

/// Bytes from the end of a file to the next block.
const fn padding(bytes: usize) -> usize {
    (BLOCK - bytes % BLOCK) % BLOCK
}

/// Writes files in the order they come.
pub(super) fn write<'f>(files: impl IntoIterator<Item = (&'f str, &'f [u8])>) -> Result<Vec<u8>, BundleError> {
    let mut tar = Vec::new();
    for (path, bytes) in files {
        let header = header(path, bytes.len()).ok_or(BundleError::Unpacked)?;
        tar.extend_from_slice(&header);
        tar.extend_from_slice(bytes);
        tar.resize(tar.len() + padding(bytes.len()), 0);
        if tar.len() > UNPACKED_MAX {
            return Err(BundleError::Unpacked);
        }
    }
    tar.resize(tar.len() + 2 * BLOCK, 0);
    Ok(tar)
}

/// Reads files in their order; whoever calls looks at paths and order.
pub(super) fn read(tar: &[u8]) -> Result<Vec<(String, Vec<u8>)>, BundleError> {
    let mut files = Vec::new();
    let mut rest = tar;
    loop {
        let (head, after) = rest.split_at_checked(BLOCK).ok_or(BundleError::Truncated)?;
        if head.iter().all(|byte| *byte == 0) {
            return if after == [0; BLOCK] { Ok(files) } else { Err(odd("it does not end as a tar ends")) };
        }
        if files.len() == ENTRIES_MAX {
            return Err(BundleError::Entries);
        }
        let name = head.get(..100).unwrap_or_default();
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        let path = std::str::from_utf8(name).map_err(|_| BundleError::Path { path: "?".to_owned(), reason: "it is no text" })?;
        if ![paths::INDEX, paths::SIGNATURE].contains(&path) {
            paths::check(path)?;
        }
        let size = head.get(124..135).and_then(|digits| std::str::from_utf8(digits).ok());
        let size = size.and_then(|digits| usize::from_str_radix(digits, 8).ok()).ok_or_else(|| odd("a size is no number"))?;
        if header(path, size).as_ref().map(<[u8; BLOCK]>::as_slice) != Some(head) {
            return Err(BundleError::Path {
                path: path.to_owned(),
                reason: "it is no plain file, or its header says more than path and size",
            });
        }
        let (bytes, after) = after.split_at_checked(size).ok_or(BundleError::Truncated)?;
        let (filling, after) = after.split_at_checked(padding(size)).ok_or(BundleError::Truncated)?;
        if filling.iter().any(|byte| *byte != 0) {
            return Err(odd("there are bytes between its files"));
        }
        files.push((path.to_owned(), bytes.to_vec()));
        rest = after;
    }
}

fn odd(what: &str) -> BundleError {
    BundleError::Damaged(what.to_owned())
}
