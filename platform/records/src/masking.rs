//! Takes secrets out of what a host answers: some echo what they were sent.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use tenon_hooks::SecretValue;

/// What stands in the place of a secret.
const MASKED: &[u8] = b"***";

/// The secrets of one request, in every way they are usually written.
pub(crate) struct Mask(Vec<Vec<u8>>);

impl Mask {
    pub(crate) fn of<'s>(secrets: impl Iterator<Item = &'s SecretValue>) -> Self {
        let written = |SecretValue(secret): &SecretValue| {
            let json = serde_json::Value::from(secret.as_str()).to_string();
            let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            let ways = [
                secret.clone(),
                json.trim_matches('"').to_owned(),
                form.replace('+', "%20"),
                form,
                STANDARD.encode(secret),
                URL_SAFE_NO_PAD.encode(secret),
            ];
            ways.map(String::into_bytes)
        };
        let mut all: Vec<Vec<u8>> = secrets.flat_map(written).filter(|way| !way.is_empty()).collect();
        // The longest first: one may be a part of another.
        all.sort_by_key(|way| std::cmp::Reverse(way.len()));
        all.dedup();
        Self(all)
    }

    /// Bytes without the secrets.
    pub(crate) fn bytes(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        for way in &self.0 {
            bytes = without(&bytes, way);
        }
        bytes
    }

    /// A text without the secrets.
    pub(crate) fn text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.bytes(text.as_bytes().to_vec())).into_owned()
    }
}

fn without(bytes: &[u8], way: &[u8]) -> Vec<u8> {
    let (mut left, mut rest) = (Vec::with_capacity(bytes.len()), bytes);
    while let Some(at) = rest.windows(way.len()).position(|window| window == way) {
        let (before, found) = rest.split_at(at);
        left.extend_from_slice(before);
        left.extend_from_slice(MASKED);
        rest = found.get(way.len()..).unwrap_or_default();
    }
    left.extend_from_slice(rest);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_is_masked_however_it_is_written() {
        let secret = SecretValue("open \"sesame\"+".to_owned());
        let mask = Mask::of([&secret].into_iter());
        let echoes = [
            "open \"sesame\"+".to_owned(),
            "{\"k\":\"open \\\"sesame\\\"+\"}".to_owned(),
            "a=open%20%22sesame%22%2B&b=open+%22sesame%22%2B".to_owned(),
            STANDARD.encode("open \"sesame\"+"),
        ];
        for echo in echoes {
            let masked = mask.text(&format!("<{echo}{echo}>"));
            assert!(masked.contains("***") && !masked.contains("sesame") && !masked.contains(&STANDARD.encode("open \"")), "{masked}");
        }
        assert_eq!(mask.text("nothing"), "nothing");
    }
}
