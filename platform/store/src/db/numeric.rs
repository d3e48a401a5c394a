//! PostgreSQL's binary `numeric`: groups of four decimal digits, to and from an exact decimal.

use tenon_value::Decimal;

const GROUP: i128 = 10_000;
const NEGATIVE: u16 = 0x4000;

/// The wire form of a decimal.
pub(crate) fn encode(number: Decimal) -> Vec<u8> {
    let scale = u32::from(number.scale());
    // Digits after the point are grouped from the point on: pad the scale to whole groups.
    let padding = (4 - scale % 4) % 4;
    let mut rest = number.units().unsigned_abs() * 10_u128.pow(padding);
    let mut groups: Vec<u16> = Vec::new();
    while rest > 0 {
        groups.push(u16::try_from(rest % 10_000).unwrap_or_default());
        rest /= 10_000;
    }
    let fraction_groups = i16::try_from((scale + padding) / 4).unwrap_or_default();
    let weight = i16::try_from(groups.len()).unwrap_or_default() - fraction_groups - 1;
    let sign = if number.units() < 0 { NEGATIVE } else { 0 };
    let mut bytes = Vec::with_capacity(8 + groups.len() * 2);
    bytes.extend_from_slice(&u16::try_from(groups.len()).unwrap_or_default().to_be_bytes());
    bytes.extend_from_slice(&if groups.is_empty() { 0_i16 } else { weight }.to_be_bytes());
    bytes.extend_from_slice(&sign.to_be_bytes());
    bytes.extend_from_slice(&u16::from(number.scale()).to_be_bytes());
    for group in groups.iter().rev() {
        bytes.extend_from_slice(&group.to_be_bytes());
    }
    bytes
}

/// A decimal of its wire form, at `scale`. None for NaN, infinities, and what has more digits than fit.
pub(crate) fn decode(bytes: &[u8], scale: u8) -> Option<Decimal> {
    let mut words = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair.first().copied().unwrap_or_default(), pair.get(1).copied().unwrap_or_default()]));
    let count = words.next()?;
    let weight = words.next()?.cast_signed();
    let sign = words.next()?;
    let _display_scale = words.next()?;
    if sign != 0 && sign != NEGATIVE {
        return None;
    }
    let mut units: i128 = 0;
    for word in words.take(usize::from(count)) {
        units = units.checked_mul(GROUP)?.checked_add(i128::from(word))?;
    }
    // units × 10000^(weight + 1 - count), wanted × 10^scale.
    let exponent = (i32::from(weight) + 1 - i32::from(count)) * 4 + i32::from(scale);
    let power = 10_i128.checked_pow(exponent.unsigned_abs())?;
    let units = if exponent >= 0 { units.checked_mul(power)? } else { units / power };
    Some(Decimal::new(if sign == NEGATIVE { -units } else { units }, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_as_they_went() {
        for (units, scale) in [
            (0, 0),
            (0, 2),
            (1, 0),
            (-1, 4),
            (123_456, 2),
            (10_000, 0),
            (100_000_000, 6),
            (999_999_999_999_999_999, 6),
            (-5, 3),
            (12_345_678, 5),
        ] {
            let number = Decimal::new(units, scale);
            assert_eq!(decode(&encode(number), scale).map(Decimal::units), Some(units), "{number}");
        }
    }

    #[test]
    fn the_wire_form_is_that_of_postgres() {
        // 12345.6 = groups 1, 2345, 6000; weight 1; scale 1.
        assert_eq!(encode(Decimal::new(123_456, 1)), [0, 3, 0, 1, 0, 0, 0, 1, 0, 1, 9, 41, 23, 112]);
    }
}
