//! Time-based one-time passwords after RFC 6238: SHA-1, six digits, steps of 30 seconds, as every authenticator has them.

use ring::hmac;
use tenon_value::DateTime;

/// Bytes of a secret.
pub(crate) const SECRET_BYTES: usize = 20;
/// Seconds of a step.
const STEP_SECONDS: i64 = 30;
/// Steps by which the clocks of member and server may differ, either way.
const DRIFT_STEPS: i64 = 1;
const DIGITS: usize = 6;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The step of a moment.
const fn step_of(at: DateTime) -> i64 {
    at.millis().div_euclid(1_000 * STEP_SECONDS)
}

/// The code of a step (RFC 4226 §5.3).
fn code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag.last().copied().unwrap_or_default() & 0x0f);
    let four = tag.get(offset..offset + 4).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
    let number = (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000;
    format!("{number:06}")
}

/// The step whose code this is, if it is one of now and newer than every step used before.
pub(crate) fn step_of_code(secret: &[u8], typed: &str, now: DateTime, used: i64) -> Option<i64> {
    let typed: String = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
    if typed.len() != DIGITS {
        return None;
    }
    let now = step_of(now);
    // All are compared, each in the same time, whichever fits.
    let fitting: Vec<i64> =
        (now - DRIFT_STEPS..=now + DRIFT_STEPS).filter(|step| is_equal(code(secret, *step).as_bytes(), typed.as_bytes())).collect();
    fitting.into_iter().find(|step| *step > used)
}

/// Comparison that takes as long for unequal texts as for equal ones.
pub(crate) fn is_equal(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |difference, (one, other)| difference | (one ^ other)) == 0
}

/// The secret as people type it.
pub(crate) fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    for five in bytes.chunks(5) {
        let mut block = [0_u8; 8];
        for (place, byte) in five.iter().enumerate() {
            if let Some(slot) = block.get_mut(place + 3) {
                *slot = *byte;
            }
        }
        let number = u64::from_be_bytes(block);
        let letters = (five.len() * 8).div_ceil(5);
        for letter in 0..letters {
            let index = usize::try_from((number >> (35 - 5 * letter)) & 31).unwrap_or_default();
            text.push(BASE32.get(index).map_or('A', |byte| char::from(*byte)));
        }
    }
    text
}

/// What an authenticator scans.
pub(crate) fn uri(secret: &[u8], tenant: &str, login: &str) -> String {
    let escaped = |text: &str| -> String {
        let letter = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        };
        text.bytes().map(letter).collect()
    };
    format!(
        "otpauth://totp/Tenon%20{0}:{1}?secret={2}&issuer=Tenon%20{0}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
        escaped(tenant),
        escaped(login),
        base32(secret)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the secret of the SHA-1 rows.
    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn the_vectors_of_the_rfc_come_out() {
        for (seconds, expected) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(code(SECRET, seconds / 30), expected[2..], "the last six of eight digits at {seconds}");
        }
    }

    #[test]
    fn a_code_counts_once_and_one_step_to_either_side() {
        let at = |seconds: i64| DateTime::from_millis(seconds * 1_000);
        assert_eq!(step_of_code(SECRET, "287082", at(59), 0), Some(1));
        assert_eq!(step_of_code(SECRET, "287 082", at(61), 0), Some(1), "typed a little late, with a blank");
        assert_eq!(step_of_code(SECRET, "287082", at(29), 0), Some(1), "our clock is behind");
        assert_eq!(step_of_code(SECRET, "287082", at(91), 0), None, "too late");
        assert_eq!(step_of_code(SECRET, "287082", at(59), 1), None, "used before");
        for wrong in ["", "287083", "28708", "2870820", "94287082"] {
            assert_eq!(step_of_code(SECRET, wrong, at(59), 0), None, "{wrong}");
        }
    }

    #[test]
    fn secrets_read_as_rfc_4648_writes_them() {
        for (bytes, expected) in
            [("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(bytes.as_bytes()), expected);
        }
        assert!(uri(SECRET, "acme", "a b@x.example").starts_with("otpauth://totp/Tenon%20acme:a%20b%40x.example?secret=GEZDGNBVGY3TQOJQ"));
    }
}
