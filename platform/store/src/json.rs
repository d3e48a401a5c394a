//! JSON in the one form in which both databases store and compare it.

use smallvec::SmallVec;
use tenon_value::{Json, simplest};

/// Keys sorted, no spaces, whole numbers without a point.
pub(crate) fn canonical(json: &Json) -> String {
    let mut out = Vec::with_capacity(128);
    put(json, &mut out);
    // What was written is JSON: always UTF-8.
    String::from_utf8(out).unwrap_or_default()
}

fn put(json: &Json, out: &mut Vec<u8>) {
    match json {
        Json::Object(members) => {
            let mut members: SmallVec<[(&String, &Json); 16]> = members.iter().collect();
            members.sort_unstable_by_key(|(key, _)| *key);
            out.push(b'{');
            for (place, (key, value)) in members.into_iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                plain(key, out);
                out.push(b':');
                put(value, out);
            }
            out.push(b'}');
        }
        Json::Array(elements) => {
            out.push(b'[');
            for (place, element) in elements.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                put(element, out);
            }
            out.push(b']');
        }
        Json::Number(number) => plain(&simplest(number), out),
        other => plain(other, out),
    }
}

/// Writing into memory does not fail.
fn plain(value: &(impl serde::Serialize + ?Sized), out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_keys_and_form_of_numbers_do_not_count() {
        let one: Json = serde_json::from_str(r#"{"b":1.0,"a":[{"d":2,"c":1e2}]}"#).unwrap();
        assert_eq!(canonical(&one), r#"{"a":[{"c":100,"d":2}],"b":1}"#);
    }

    #[test]
    fn numbers_keep_every_digit() {
        for (written, kept) in [
            ("0.50", "0.5"),
            ("-2e-1", "-0.2"),
            ("0.000", "0"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("9007199254740990.5", "9007199254740990.5"),
            ("0.1234567890123456789", "0.1234567890123456789"),
            ("1e400", "1e+400"),
        ] {
            let number: Json = serde_json::from_str(written).unwrap();
            assert_eq!(canonical(&number), kept, "{written}");
        }
    }
}
