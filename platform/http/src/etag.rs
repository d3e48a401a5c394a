//! Tags of answers, and whether the caller has the answer already (`ETag`, `If-None-Match`).

use axum::http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

/// Bytes of the hash that make a tag.
const TAG_BYTES: usize = 16;

/// The tag of a body but for the texts equal to `without`: the id of the request, which differs in every answer.
pub(crate) fn of(body: &[u8], without: Option<&str>) -> HeaderValue {
    let mut hash = Sha256::new();
    for part in body.split(|byte| *byte == b'"').filter(|part| without.is_none_or(|text| *part != text.as_bytes())) {
        hash.update(part);
        hash.update(b"\"");
    }
    let tag = format!("\"{}\"", hex::encode(hash.finalize().get(..TAG_BYTES).unwrap_or_default()));
    HeaderValue::from_str(&tag).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// Whether the caller names this tag, or any (`*`); compared weakly, as for every GET.
pub(crate) fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let lists = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == *tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_request_id_does_not_count() {
        let answer = |id: &str, request: &str| format!(r#"{{"data":{{"id":"{id}"}},"extensions":{{"requestId":"{request}"}}}}"#);
        let tag = |id: &str, request: &str| of(answer(id, request).as_bytes(), Some(request));
        assert_eq!(tag("a", "r-1"), tag("a", "r-2"));
        assert_ne!(tag("a", "r-1"), tag("b", "r-1"), "another record");
        assert_ne!(of(br#"["ab","c"]"#, None), of(br#"["a","bc"]"#, None));
    }

    #[test]
    fn a_known_tag_is_found_in_every_form_of_the_header() {
        let tag = HeaderValue::from_static("\"x\"");
        let known = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static(value));
            is_known(&headers, &tag)
        };
        assert!(known("\"x\"") && known("W/\"x\"") && known("\"y\", \"x\"") && known("*"));
        assert!(!known("\"y\"") && !known("x") && !known(""));
        assert!(!is_known(&HeaderMap::new(), &tag));
    }
}
