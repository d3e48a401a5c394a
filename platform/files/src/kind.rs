//! The type of a file: what its sender says, held against what its first bytes show.
//!
//! Types whose files begin with a signature (pictures, sound, film, PDF, archives) must show it: a page that calls itself
//! a picture is refused. Of types without one (CSV, plain text, many documents) the sender is believed; none of them is
//! ever shown inline except plain text.

use thiserror::Error;

/// What a file of a type nobody knows is called.
const UNKNOWN: &str = "application/octet-stream";
/// Bytes of a media type at most.
const TYPE_BYTES_MAX: usize = 127;

/// Different words for one type.
const ALIASES: [(&str, &str); 10] = [
    ("image/jpg", "image/jpeg"),
    ("image/pjpeg", "image/jpeg"),
    ("image/x-png", "image/png"),
    ("image/x-icon", "image/vnd.microsoft.icon"),
    ("image/heic", "image/heif"),
    ("application/x-pdf", "application/pdf"),
    ("application/x-zip-compressed", "application/zip"),
    ("application/x-gzip", "application/gzip"),
    ("audio/mp3", "audio/mpeg"),
    ("audio/wav", "audio/x-wav"),
];
/// Types beside pictures, sound and film whose files begin with a signature.
const SIGNED: [&str; 5] = ["application/pdf", "application/zip", "application/gzip", "application/x-7z-compressed", "application/vnd.rar"];
/// Types that say nothing.
const SILENT: [&str; 4] = ["", UNKNOWN, "binary/octet-stream", "application/x-www-form-urlencoded"];
/// Pictures that browsers draw, and that cannot carry a page.
const DRAWN: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];
/// What may be shown where it is opened; everything else is saved.
const INLINE: [&str; 8] = ["image/png", "image/jpeg", "image/gif", "image/webp", "text/plain", "video/mp4", "video/webm", "audio/mpeg"];

/// A file is not what its sender says.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the file is said to be `{declared}`, its bytes are `{found}`")]
pub struct Lie {
    /// What it was said to be.
    pub declared: String,
    /// What it is.
    pub found: String,
}

/// Whether a type is a picture that browsers draw.
#[must_use]
pub fn is_drawn(mime: &str) -> bool {
    DRAWN.contains(&mime)
}

/// Whether a file of a type may be shown where it is opened.
#[must_use]
pub fn is_shown_inline(mime: &str) -> bool {
    INLINE.contains(&mime)
}

/// The type of a file that is `declared` so and begins with these bytes.
///
/// # Errors
/// [`Lie`] where it is said to be of a type whose signature it does not show.
pub fn tell(declared: Option<&str>, head: &[u8]) -> Result<String, Lie> {
    let found = infer::get(head).map(|kind| kind.mime_type());
    let Some(declared) = declared.and_then(essence) else {
        return Ok(found.unwrap_or_else(|| if is_text(head) { "text/plain" } else { UNKNOWN }).to_owned());
    };
    match found {
        Some(found) if declared == found || is_container(&declared, found) => Ok(declared),
        // A picture of another format than its ending says is common, and does no harm: it gets its right name.
        Some(found) if is_media(&declared) && family(&declared) == family(found) => Ok(found.to_owned()),
        _ if is_media(&declared) || SIGNED.contains(&declared.as_str()) => {
            Err(Lie { declared, found: found.unwrap_or("of no type we know").to_owned() })
        }
        Some(found) if family(&declared) == "text" && family(found) != "text" => Ok(found.to_owned()),
        _ => Ok(declared),
    }
}

/// A media type without parameters, in lower case and by its usual word; none where it says nothing or is none.
fn essence(declared: &str) -> Option<String> {
    let essence = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let token = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte));
    let well_formed = essence.split_once('/').is_some_and(|(family, name)| token(family) && token(name));
    if SILENT.contains(&essence.as_str()) || essence.len() > TYPE_BYTES_MAX || !well_formed {
        return None;
    }
    let alias = ALIASES.iter().find(|(alias, _)| *alias == essence);
    Some(alias.map_or(essence, |(_, usual)| (*usual).to_owned()))
}

fn family(mime: &str) -> &str {
    mime.split_once('/').map_or(mime, |(family, _)| family)
}

/// Pictures, sound and film; SVG is text that draws.
fn is_media(mime: &str) -> bool {
    matches!(family(mime), "image" | "audio" | "video") && mime != "image/svg+xml"
}

/// Documents of many programs are archives inside.
fn is_container(declared: &str, found: &str) -> bool {
    let archive = found == "application/zip"
        || found == "application/x-ole-storage"
        || found.starts_with("application/vnd.openxmlformats")
        || found.starts_with("application/vnd.oasis.opendocument");
    archive && family(declared) == "application" && declared != "application/pdf" && !declared.ends_with("gzip")
}

fn is_text(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(_) => true,
        // The head may end in the middle of a letter.
        Err(error) => error.error_len().is_none(),
    };
    valid && !head.contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";

    #[track_caller]
    fn check(declared: &str, head: &[u8], expected: &str) {
        assert_eq!(tell(Some(declared), head).unwrap(), expected);
    }

    #[test]
    fn what_says_nothing_is_told_by_its_bytes() {
        check("application/octet-stream", PNG, "image/png");
        check("", b"%PDF-1.7\n", "application/pdf");
        check("nonsense", "姓名,电话\n".as_bytes(), "text/plain");
        assert_eq!(tell(None, &[0, 1, 2, 255]).unwrap(), UNKNOWN);
        assert_eq!(tell(None, b"").unwrap(), "text/plain");
    }

    #[test]
    fn a_page_that_calls_itself_a_picture_is_refused() {
        for bytes in [&b"<html><script>alert(1)</script>"[..], b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", b"", b"%PDF-1.7"]
        {
            assert!(tell(Some("image/png"), bytes).is_err(), "{bytes:?}");
            assert!(tell(Some("IMAGE/JPG; charset=x"), bytes).is_err(), "{bytes:?}");
        }
        assert!(tell(Some("application/pdf"), PNG).is_err());
        assert!(tell(Some("video/mp4"), b"text").is_err());
    }

    #[test]
    fn a_picture_of_another_format_gets_its_right_name() {
        check("image/png", JPEG, "image/jpeg");
        check("image/jpg", JPEG, "image/jpeg");
        check("text/plain", PNG, "image/png");
    }

    #[test]
    fn of_types_without_a_signature_the_sender_is_believed() {
        check("text/csv", b"a,b\n1,2\n", "text/csv");
        check("image/svg+xml", b"<svg/>", "image/svg+xml");
        check("text/html", b"<html>", "text/html");
        check("application/vnd.acme.drawing", b"PK\x03\x04zip", "application/vnd.acme.drawing");
        for mime in ["image/svg+xml", "text/html", "text/csv", "application/pdf", "text/xml"] {
            assert!(!is_shown_inline(mime), "{mime}");
        }
        assert!(!is_drawn("image/svg+xml") && is_drawn("image/webp"));
    }
}
