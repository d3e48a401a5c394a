//! Thumbnails: a picture decoded within limits, turned as its camera says, made small.
//!
//! It takes processor time: callers run it on a blocking thread. A picture whose head promises more dots than the limits
//! is refused before anything is decoded; a decoder that wants more memory is stopped.

use std::io::{BufRead, Cursor, Seek};

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use thiserror::Error;

use crate::limits::{THUMBNAIL_MEMORY_MAX, THUMBNAIL_SIDE_MAX, WIDTHS};

/// A small picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its type: PNG where there is something to see through, else JPEG.
    pub mime: &'static str,
}

/// No thumbnail can be drawn.
#[derive(Debug, Error)]
pub enum Undrawable {
    /// The bytes are no picture, or a broken one.
    #[error("the picture cannot be read")]
    Broken(#[source] image::ImageError),
    /// It would take more than the limits.
    #[error("the picture is too large")]
    TooLarge,
}

impl From<image::ImageError> for Undrawable {
    fn from(error: image::ImageError) -> Self {
        if let image::ImageError::Limits(_) = error { Self::TooLarge } else { Self::Broken(error) }
    }
}

/// The width that is drawn where another is wanted: there are few, so that few are kept.
#[must_use]
pub fn width(wanted: u32) -> u32 {
    let [.., largest] = WIDTHS;
    WIDTHS.into_iter().find(|width| *width >= wanted).unwrap_or(largest)
}

/// Draws a thumbnail: no wider and no higher than `width`, never larger than the picture.
///
/// # Errors
/// [`Undrawable`].
pub fn draw(picture: impl BufRead + Seek, mime: &str, width: u32) -> Result<Thumbnail, Undrawable> {
    let format = match mime {
        "image/png" => ImageFormat::Png,
        "image/jpeg" => ImageFormat::Jpeg,
        "image/gif" => ImageFormat::Gif,
        "image/webp" => ImageFormat::WebP,
        _ => return Err(Undrawable::TooLarge),
    };
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(THUMBNAIL_SIDE_MAX);
    limits.max_image_height = Some(THUMBNAIL_SIDE_MAX);
    limits.max_alloc = Some(THUMBNAIL_MEMORY_MAX);
    let mut reader = ImageReader::with_format(picture, format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    if decoder.total_bytes() > THUMBNAIL_MEMORY_MAX {
        return Err(Undrawable::TooLarge);
    }
    let turned = decoder.orientation()?;
    let picture = DynamicImage::from_decoder(decoder)?;
    let mut small = if picture.width() > width || picture.height() > width { picture.thumbnail(width, width) } else { picture };
    small.apply_orientation(turned);
    let mut bytes = Cursor::new(Vec::new());
    let mime = if small.color().has_alpha() {
        small.into_rgba8().write_to(&mut bytes, ImageFormat::Png)?;
        "image/png"
    } else {
        small.into_rgb8().write_to(&mut bytes, ImageFormat::Jpeg)?;
        "image/jpeg"
    };
    Ok(Thumbnail { bytes: bytes.into_inner(), mime })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(width, height).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_thumbnail_keeps_its_shape_and_never_grows() {
        let drawn = draw(Cursor::new(picture(400, 200, ImageFormat::Png)), "image/png", 128).unwrap();
        let small = image::load_from_memory(&drawn.bytes).unwrap();
        assert_eq!((small.width(), small.height(), drawn.mime), (128, 64, "image/jpeg"));
        let drawn = draw(Cursor::new(picture(10, 20, ImageFormat::Gif)), "image/gif", 128).unwrap();
        let small = image::load_from_memory(&drawn.bytes).unwrap();
        assert_eq!((small.width(), small.height()), (10, 20));
    }

    #[test]
    fn few_widths_are_drawn() {
        assert_eq!([0, 1, 32, 33, 256, 1000, 5000].map(width), [32, 32, 32, 64, 256, 1024, 1024]);
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_decoded() {
        // A PNG whose head says 60,000 × 60,000 dots, and which has no more than its head.
        let mut bomb = b"\x89PNG\r\n\x1a\n".to_vec();
        let mut head = b"IHDR".to_vec();
        head.extend_from_slice(&60_000_u32.to_be_bytes());
        head.extend_from_slice(&60_000_u32.to_be_bytes());
        head.extend_from_slice(&[8, 6, 0, 0, 0]);
        bomb.extend_from_slice(&13_u32.to_be_bytes());
        bomb.extend_from_slice(&head);
        bomb.extend_from_slice(&crc(&head).to_be_bytes());
        assert!(draw(Cursor::new(bomb), "image/png", 64).is_err());
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        for mime in ["image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml", "text/html"] {
            for bytes in [&b""[..], b"<svg/>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 "] {
                assert!(draw(Cursor::new(bytes), mime, 64).is_err(), "{mime} {bytes:?}");
            }
        }
        let whole = picture(64, 64, ImageFormat::Png);
        for end in (0..whole.len()).step_by(7) {
            drop(draw(Cursor::new(&whole[..end]), "image/png", 32));
        }
    }

    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
        })
    }
}
