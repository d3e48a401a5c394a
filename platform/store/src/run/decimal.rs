//! Exact arithmetic on what statements sum up.

use std::cmp::Ordering;

use tenon_value::{Decimal, Value};

/// The upper and lower half of a sum put together.
pub(crate) fn joined(high: i64, low: i64) -> i128 {
    i128::from(high) * (1_i128 << 32) + i128::from(low)
}

/// `numerator / denominator` as a decimal of `scale` places, half away from zero.
pub(crate) fn divided(numerator: i128, denominator: i128, from_scale: u8, scale: u8) -> Option<Decimal> {
    let power = 10_i128.checked_pow(u32::from(scale.checked_sub(from_scale)?))?;
    let scaled = numerator.checked_mul(power)?;
    let (whole, rest) = (scaled.checked_div(denominator)?, scaled.checked_rem(denominator)?);
    let up = rest.unsigned_abs().checked_mul(2)? >= denominator.unsigned_abs();
    let away = if (numerator < 0) == (denominator < 0) { 1 } else { -1 };
    Some(Decimal::new(if up { whole + away } else { whole }, scale))
}

/// The order of two values of one kind; nulls are equal to each other and after everything.
pub(crate) fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Greater,
        (_, Value::Null) => Ordering::Less,
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Float(left), Value::Float(right)) => left.total_cmp(right),
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        (Value::Date(left), Value::Date(right)) => left.days().cmp(&right.days()),
        (Value::DateTime(left), Value::DateTime(right)) => left.millis().cmp(&right.millis()),
        (Value::Duration(left), Value::Duration(right)) => left.millis().cmp(&right.millis()),
        (Value::Id(left) | Value::Ref(_, left), Value::Id(right) | Value::Ref(_, right)) => left.cmp(right),
        _ => match (left.as_decimal(), right.as_decimal()) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => Ordering::Equal,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_make_the_sum_they_were_split_from() {
        for number in [0_i64, 1, -1, 999_999_999_999_999_999, -999_999_999_999_999_999, i64::MIN + 1] {
            assert_eq!(joined(number >> 32, number & 0xffff_ffff), i128::from(number));
        }
    }

    #[test]
    fn division_rounds_half_away_from_zero() {
        assert_eq!(divided(1, 3, 0, 4).unwrap().to_string(), "0.3333");
        assert_eq!(divided(2, 3, 0, 4).unwrap().to_string(), "0.6667");
        assert_eq!(divided(1, 80_000, 0, 4).unwrap().to_string(), "0.0000");
        assert_eq!(divided(1, 20_000, 0, 4).unwrap().to_string(), "0.0001");
        assert_eq!(divided(-1, 20_000, 0, 4).unwrap().to_string(), "-0.0001");
    }
}
