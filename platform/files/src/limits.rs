//! Limits of files by name and number.

use std::time::Duration;

/// Letters of a file's name; what is longer is cut before its ending.
pub const NAME_LETTERS_MAX: usize = 200;
/// How long a signed link may open a file (`file_link`).
pub const LINK_MAX: Duration = Duration::from_secs(60 * 60);
/// How long it does unless said otherwise.
pub const LINK_USUAL: Duration = Duration::from_secs(5 * 60);
/// Widths of thumbnails; another width becomes the next larger of these.
pub const WIDTHS: [u32; 6] = [32, 64, 128, 256, 512, 1024];
/// Bytes of a picture that thumbnails are drawn of (`thumbnail_bytes`).
pub const THUMBNAIL_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Dots of each side of such a picture (`thumbnail_side`).
pub const THUMBNAIL_SIDE_MAX: u32 = 12_000;
/// Memory that decoding one may take (`thumbnail_memory`).
pub const THUMBNAIL_MEMORY_MAX: u64 = 192 * 1024 * 1024;
