//! Cursors: a place in an order, signed, and bound to object, order and filter.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use tenon_value::{Date, DateTime, Duration, TenantId, Value};

/// Bytes of a signature kept.
const SIGNATURE_BYTES: usize = 16;

/// Signs and reads the cursors of one list.
#[derive(Clone)]
pub(crate) struct Signer {
    keyed: Hmac<Sha256>,
}

impl Signer {
    /// A signer for one tenant.
    pub(crate) fn new(secret: &[u8; 32], tenant: TenantId) -> Self {
        // A key of any length is fine for HMAC, so this cannot fail.
        let mut keyed = <Hmac<Sha256> as Mac>::new_from_slice(secret).expect("HMAC takes keys of any length");
        keyed.update(tenant.0.as_bytes());
        Self { keyed }
    }

    /// The same, bound to what the list is.
    pub(crate) fn bound(&self, context: &str) -> Self {
        let mut keyed = self.keyed.clone();
        keyed.update(&(context.len() as u64).to_be_bytes());
        keyed.update(context.as_bytes());
        Self { keyed }
    }

    fn sign(&self, payload: &[u8]) -> [u8; SIGNATURE_BYTES] {
        let mut keyed = self.keyed.clone();
        keyed.update(payload);
        let mut signature = [0; SIGNATURE_BYTES];
        for (kept, byte) in signature.iter_mut().zip(keyed.finalize().into_bytes()) {
            *kept = byte;
        }
        signature
    }

    /// The cursor of a row with these values of the order's terms.
    pub(crate) fn cursor<'v>(&self, values: impl Iterator<Item = &'v Value>) -> String {
        let texts: Vec<String> = values.map(encode).collect();
        let payload = serde_json::to_vec(&texts).unwrap_or_default();
        let mut bytes = self.sign(&payload).to_vec();
        bytes.extend_from_slice(&payload);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The values of a cursor; none where it is foreign or damaged.
    pub(crate) fn read(&self, cursor: &str, terms: usize) -> Option<Vec<Value>> {
        if cursor.len() > 8_192 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (signature, payload) = bytes.split_at_checked(SIGNATURE_BYTES)?;
        let mut keyed = self.keyed.clone();
        keyed.update(payload);
        keyed.verify_truncated_left(signature).ok()?;
        let texts: Vec<String> = serde_json::from_slice(payload).ok()?;
        let values: Vec<Value> = texts.iter().map(|text| decode(text)).collect::<Option<_>>()?;
        (values.len() == terms).then_some(values)
    }
}

fn encode(value: &Value) -> String {
    match value {
        Value::Bool(value) => format!("b{value}"),
        Value::Int(number) => format!("i{number}"),
        Value::Float(number) => format!("f{number}"),
        Value::Decimal(number) => format!("d{number}"),
        Value::Text(text) => format!("t{text}"),
        Value::Date(date) => format!("D{}", date.days()),
        Value::DateTime(moment) => format!("m{}", moment.millis()),
        Value::Duration(length) => format!("p{}", length.millis()),
        Value::Id(id) | Value::Ref(_, id) => format!("u{id}"),
        _ => "n".to_owned(),
    }
}

fn decode(text: &str) -> Option<Value> {
    let tag = text.chars().next()?;
    let rest = text.get(tag.len_utf8()..)?;
    Some(match tag {
        'b' => Value::Bool(rest.parse().ok()?),
        'i' => Value::Int(rest.parse().ok()?),
        'f' => Value::Float(rest.parse().ok()?),
        'd' => Value::Decimal(rest.parse().ok()?),
        't' => Value::text(rest),
        'D' => Value::Date(Date::from_days(rest.parse().ok()?)),
        'm' => Value::DateTime(DateTime::from_millis(rest.parse().ok()?)),
        'p' => Value::Duration(Duration::from_millis(rest.parse().ok()?)),
        'u' => Value::Id(rest.parse().ok()?),
        'n' => Value::Null,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use tenon_value::Uuid;

    use super::*;

    #[test]
    fn a_cursor_is_read_only_where_it_was_made() {
        let values = [Value::text("张三"), Value::Null, Value::Int(-5), Value::Decimal("1.50".parse().unwrap()), Value::Id(Uuid::nil())];
        let signer = Signer::new(&[7; 32], TenantId(Uuid::nil()));
        let list = signer.bound("opportunity|a");
        let cursor = list.cursor(values.iter());
        assert_eq!(list.read(&cursor, 5).unwrap(), values);
        assert!(list.read(&cursor, 4).is_none());
        assert!(signer.bound("opportunity|b").read(&cursor, 5).is_none());
        assert!(Signer::new(&[7; 32], TenantId(Uuid::max())).bound("opportunity|a").read(&cursor, 5).is_none());
        for damaged in ["", "x", "AAAA", &cursor[1..], "中"] {
            assert!(list.read(damaged, 5).is_none(), "{damaged}");
        }
    }
}
