//! Numbers nobody can guess, which a replay of the call repeats.

/// So many random bytes, 4,096 at most. Natively they are always the same ones.
///
/// ```
/// assert_eq!(tenon_sdk::random::bytes(8).len(), 8);
/// ```
#[must_use]
pub fn bytes(count: u32) -> Vec<u8> {
    #[cfg(target_arch = "wasm32")]
    return crate::bindings::tenon::plugin::random::bytes(count);
    #[cfg(not(target_arch = "wasm32"))]
    return (0..count).map(|place| place.wrapping_mul(37).to_le_bytes()[0]).collect();
}

/// One random number.
///
/// ```
/// let dice = tenon_sdk::random::number() % 6 + 1;
/// assert!((1..=6).contains(&dice));
/// ```
#[must_use]
pub fn number() -> u64 {
    bytes(8).into_iter().fold(0, |number, byte| (number << 8) | u64::from(byte))
}
