//! What a bundle may be at most. Each is refused by name before anything is kept.

/// Bytes of a `.tenon` file (`package_bytes`).
pub const BUNDLE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Bytes of all that is in it (`package_unpacked_bytes`).
pub const UNPACKED_MAX: usize = 64 * 1024 * 1024;
/// Files in it (`package_entries`).
pub const ENTRIES_MAX: usize = 2_000;
/// Letters of a path in it (`package_path`).
pub const PATH_MAX: usize = 100;
/// Bytes of one file of metadata (`package_metadata_file`).
pub const METADATA_FILE_MAX: usize = 1024 * 1024;
/// The window of a frame, as a power of two: what reading it may take of memory.
pub(super) const WINDOW_LOG_MAX: u32 = 27;
