//! What is hashed, to the byte. Fixed for ever: chains made with another would not verify.

use sha2::{Digest, Sha256};
use tenon_value::{Json, TenantId};

use crate::json::canonical;

/// Bytes of a salt.
const SALT_BYTES: usize = 16;

/// The hash before the first batch.
pub(crate) const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A new salt, in hex.
pub(crate) fn salt() -> String {
    hex::encode(rand::random::<[u8; SALT_BYTES]>())
}

/// The digest of an entry's payload.
pub(crate) fn of_entry(salt: &str, payload: &Json) -> String {
    salted("tenon.audit.entry.1", salt, payload)
}

/// The digest of one part of an entry.
pub(crate) fn of_part(salt: &str, part: &Json) -> String {
    salted("tenon.audit.part.1", salt, part)
}

fn salted(form: &str, salt: &str, json: &Json) -> String {
    let mut hash = Sha256::new();
    for text in [form, "\n", salt, "\n", &canonical(json)] {
        hash.update(text.as_bytes());
    }
    hex::encode(hash.finalize())
}

/// A batch, as far as its hash covers it.
pub(crate) struct Batch<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) number: i64,
    pub(crate) before: &'a str,
    pub(crate) first: i64,
    pub(crate) sealed_at: i64,
}

/// The hash of a batch over the digests of its entries, in their order.
pub(crate) fn of_batch<'d>(batch: &Batch<'_>, digests: impl ExactSizeIterator<Item = &'d str>) -> String {
    let Batch { tenant, number, before, first, sealed_at } = batch;
    let mut hash = Sha256::new();
    let count = digests.len();
    hash.update(format!("tenon.audit.batch.1\n{tenant}\n{number}\n{before}\n{first}\n{count}\n{sealed_at}\n").as_bytes());
    for digest in digests {
        hash.update(digest.as_bytes());
        hash.update(b"\n");
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tenon_value::Uuid;

    use super::*;

    /// By hand: `printf 'tenon.audit.entry.1\n00\n{"a":1,"b":[null]}' | sha256sum`.
    #[test]
    fn a_digest_is_what_anybody_can_compute() {
        let digest = of_entry("00", &json!({ "b": [null], "a": 1.0 }));
        assert_eq!(digest, "033cdd5c1557fa8b8e30a537c7d4926469a1023817dea5bdec289a8aa2940dcc");
    }

    #[test]
    fn a_batch_depends_on_everything_it_says() {
        let batch = |number, before, first, sealed_at| {
            let tenant = TenantId(Uuid::nil());
            of_batch(&Batch { tenant, number, before, first, sealed_at }, ["a", "b"].into_iter())
        };
        let usual = batch(1, BEGINNING, 1, 5);
        for other in [batch(2, BEGINNING, 1, 5), batch(1, "ff", 1, 5), batch(1, BEGINNING, 2, 5), batch(1, BEGINNING, 1, 6)] {
            assert_ne!(usual, other);
        }
    }
}
