//! The frame outside: zstd, and behind it the digest of its bytes, in a frame that every zstd skips.
//!
//! Invariant: no bit of a file can change unnoticed, those of the compression included.

use std::io::{Read, Write};

use sha2::{Digest, Sha256};
use zstd::stream::{read::Decoder, write::Encoder};

use super::BundleError;
use super::limits::{BUNDLE_BYTES_MAX, UNPACKED_MAX, WINDOW_LOG_MAX};

/// How hard zstd works. Another number makes other bytes of the same files.
const LEVEL: i32 = 12;
/// How a zstd frame begins.
const FRAME: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// How the frame with the digest begins: a skippable one of 32 bytes.
const SKIPPED: [u8; 8] = [0x5e, 0x2a, 0x4d, 0x18, 32, 0, 0, 0];
/// Bytes of the frame with the digest.
const TAIL: usize = SKIPPED.len() + 32;

/// Compresses a tar.
pub(super) fn close(tar: &[u8]) -> Result<Vec<u8>, BundleError> {
    let failed = |error: std::io::Error| BundleError::Damaged(error.to_string());
    let mut encoder = Encoder::new(Vec::new(), LEVEL).map_err(failed)?;
    encoder.include_checksum(true).map_err(failed)?;
    encoder.set_pledged_src_size(u64::try_from(tar.len()).ok()).map_err(failed)?;
    encoder.write_all(tar).map_err(failed)?;
    let mut bytes = encoder.finish().map_err(failed)?;
    let digest = Sha256::digest(&bytes);
    bytes.extend_from_slice(&SKIPPED);
    bytes.extend_from_slice(&digest);
    if bytes.len() > BUNDLE_BYTES_MAX {
        return Err(BundleError::TooLarge(bytes.len()));
    }
    Ok(bytes)
}

/// The tar of a file.
pub(super) fn open(bytes: &[u8]) -> Result<Vec<u8>, BundleError> {
    if bytes.len() > BUNDLE_BYTES_MAX {
        return Err(BundleError::TooLarge(bytes.len()));
    }
    let begins = FRAME.get(..bytes.len().min(FRAME.len())).unwrap_or_default();
    if bytes.is_empty() || !bytes.starts_with(begins) {
        return Err(BundleError::NotAPackage("it does not begin like one"));
    }
    let (frame, tail) = bytes.split_at_checked(bytes.len().saturating_sub(TAIL)).ok_or(BundleError::Truncated)?;
    let digest = tail.strip_prefix(&SKIPPED).ok_or(BundleError::Truncated)?;
    if digest != Sha256::digest(frame).as_slice() {
        return Err(BundleError::Damaged("its bytes are not those that were packed".to_owned()));
    }
    let failed = |error: std::io::Error| BundleError::Damaged(error.to_string());
    let mut decoder = Decoder::with_buffer(frame).map_err(failed)?.single_frame();
    decoder.window_log_max(WINDOW_LOG_MAX).map_err(failed)?;
    let most = u64::try_from(UNPACKED_MAX).unwrap_or(u64::MAX);
    let mut tar = Vec::new();
    decoder.by_ref().take(most + 1).read_to_end(&mut tar).map_err(failed)?;
    if tar.len() > UNPACKED_MAX {
        return Err(BundleError::Unpacked);
    }
    if !decoder.finish().is_empty() {
        return Err(BundleError::Damaged("something stands behind its files".to_owned()));
    }
    Ok(tar)
}
