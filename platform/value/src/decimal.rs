//! Exact decimal numbers: whole units of 10^-scale. Stored values have at most 18 digits and 6 places; sums up to 38 digits.
//!
//! Invariant: nothing here rounds silently. Rounding is half-up (away from zero at the half) and asked for by name.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Digits of a stored decimal, both sides of the point together.
pub const DIGITS_MAX: u32 = 18;
/// Places of a stored decimal.
pub const SCALE_MAX: u8 = 6;
/// Places kept by intermediate results: `avg` has scale + 4.
const SCALE_WORK_MAX: u8 = 18;

/// An exact decimal number. Equality and order compare the number, not its scale: `0.30 == 0.3`.
#[derive(Clone, Copy)]
pub struct Decimal {
    units: i128,
    scale: u8,
}

/// Why a text or an operation gave no decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Not a number at all.
    #[error("not a decimal number")]
    Malformed,
    /// More digits than can be held.
    #[error("more digits than a decimal can hold")]
    Overflow,
    /// More places than allowed.
    #[error("more places than the scale allows")]
    Scale,
    /// Division by zero.
    #[error("division by zero")]
    DivisionByZero,
}

fn power_of_ten(exponent: u8) -> Result<i128, DecimalError> {
    10_i128.checked_pow(u32::from(exponent)).ok_or(DecimalError::Overflow)
}

impl Decimal {
    /// Zero, without places.
    pub const ZERO: Self = Self { units: 0, scale: 0 };

    /// The number `units × 10^-scale`.
    #[must_use]
    pub const fn new(units: i128, scale: u8) -> Self {
        Self { units, scale }
    }

    /// Whole units of 10^-scale.
    #[must_use]
    pub const fn units(self) -> i128 {
        self.units
    }

    /// Places after the point.
    #[must_use]
    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// True for 0, 0.0, 0.00 ….
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.units == 0
    }

    /// The same number with exactly `scale` places.
    ///
    /// # Errors
    /// `Scale` where places would be lost, `Overflow` where the digits do not fit.
    pub fn rescale(self, scale: u8) -> Result<Self, DecimalError> {
        match scale.cmp(&self.scale) {
            Ordering::Equal => Ok(self),
            Ordering::Greater => {
                let units = self.units.checked_mul(power_of_ten(scale - self.scale)?).ok_or(DecimalError::Overflow)?;
                Ok(Self { units, scale })
            }
            Ordering::Less => {
                let divisor = power_of_ten(self.scale - scale)?;
                if self.units % divisor == 0 { Ok(Self { units: self.units / divisor, scale }) } else { Err(DecimalError::Scale) }
            }
        }
    }

    /// The nearest number with `scale` places, half-up.
    ///
    /// # Errors
    /// `Overflow` where the digits do not fit.
    pub fn round(self, scale: u8) -> Result<Self, DecimalError> {
        if scale >= self.scale {
            return self.rescale(scale);
        }
        let divisor = power_of_ten(self.scale - scale)?;
        Ok(Self { units: divide_half_up(self.units, divisor), scale })
    }

    /// This number as a stored value of `scale` places: exact, and of at most [`DIGITS_MAX`] digits.
    ///
    /// # Errors
    /// `Scale` where it has more places, `Overflow` where it has more digits.
    pub fn stored(self, scale: u8) -> Result<Self, DecimalError> {
        let at_scale = self.rescale(scale)?;
        if at_scale.units.unsigned_abs() >= 10_u128.pow(DIGITS_MAX) { Err(DecimalError::Overflow) } else { Ok(at_scale) }
    }

    /// The sum.
    ///
    /// # Errors
    /// `Overflow` where the digits do not fit.
    pub fn plus(self, other: Self) -> Result<Self, DecimalError> {
        let scale = self.scale.max(other.scale);
        let units = self.rescale(scale)?.units.checked_add(other.rescale(scale)?.units).ok_or(DecimalError::Overflow)?;
        Ok(Self { units, scale })
    }

    /// The product, exact.
    ///
    /// # Errors
    /// `Overflow` where the digits do not fit.
    pub fn multiply(self, other: Self) -> Result<Self, DecimalError> {
        let units = self.units.checked_mul(other.units).ok_or(DecimalError::Overflow)?;
        Ok(Self { units, scale: self.scale + other.scale })
    }

    /// The quotient with `scale` places, half-up.
    ///
    /// # Errors
    /// `DivisionByZero`, or `Overflow` where the digits do not fit.
    pub fn divide(self, other: Self, scale: u8) -> Result<Self, DecimalError> {
        if other.units == 0 {
            return Err(DecimalError::DivisionByZero);
        }
        // self.units/10^a ÷ other.units/10^b at `scale` places = self.units × 10^(scale + b - a) ÷ other.units.
        let shift = i16::from(scale) + i16::from(other.scale) - i16::from(self.scale);
        let (mut top, mut bottom) = (self.units, other.units);
        let factor = power_of_ten(u8::try_from(shift.unsigned_abs()).map_err(|_| DecimalError::Overflow)?)?;
        if shift >= 0 {
            top = top.checked_mul(factor).ok_or(DecimalError::Overflow)?;
        } else {
            bottom = bottom.checked_mul(factor).ok_or(DecimalError::Overflow)?;
        }
        Ok(Self { units: divide_half_up(top, bottom), scale })
    }

    /// The nearest double; for estimates and geometry only, never for money.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }
}

/// `top / bottom`, the half rounded away from zero.
fn divide_half_up(top: i128, bottom: i128) -> i128 {
    let (quotient, rest) = (top / bottom, top % bottom);
    if rest.unsigned_abs() * 2 >= bottom.unsigned_abs() { quotient + if (top < 0) == (bottom < 0) { 1 } else { -1 } } else { quotient }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Reads `-12.50`, `1e3`, `2.5E-2`; nothing else: no blanks, no separators, no `+` in front.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i16>().map_err(|_| DecimalError::Malformed)?),
            None => (text, 0),
        };
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, mantissa),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || (digits.contains('.') && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
            return Err(DecimalError::Malformed);
        }
        let mut units: i128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            units = units.checked_mul(10).and_then(|units| units.checked_add(i128::from(byte - b'0'))).ok_or(DecimalError::Overflow)?;
        }
        if negative {
            units = -units;
        }
        let places = i16::try_from(fraction.len()).map_err(|_| DecimalError::Scale)?;
        let scale = places.checked_sub(exponent).ok_or(DecimalError::Overflow)?;
        if units == 0 {
            return Ok(Self { units: 0, scale: u8::try_from(scale.clamp(0, i16::from(SCALE_WORK_MAX))).unwrap_or(0) });
        }
        if scale > i16::from(SCALE_WORK_MAX) {
            return Err(DecimalError::Scale);
        }
        match u8::try_from(scale) {
            Ok(scale) => Ok(Self { units, scale }),
            Err(_) => {
                let factor = power_of_ten(u8::try_from(scale.unsigned_abs()).map_err(|_| DecimalError::Overflow)?)?;
                Ok(Self { units: units.checked_mul(factor).ok_or(DecimalError::Overflow)?, scale: 0 })
            }
        }
    }
}

/// Letters of the longest decimal: a sign, a point, and 39 digits or as many places as a scale can ask for.
const LETTERS_MAX: usize = 3 + u8::MAX as usize;

impl fmt::Display for Decimal {
    /// Written from its last digit to its first, without help from the heap: pages of records hold many.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = usize::from(self.scale);
        let (mut letters, mut begin) = ([b'0'; LETTERS_MAX], LETTERS_MAX);
        let mut put = |letter: u8| {
            begin = begin.saturating_sub(1);
            if let Some(place) = letters.get_mut(begin) {
                *place = letter;
            }
        };
        let mut left = self.units.unsigned_abs();
        let mut digits = 0;
        while left > 0 || digits <= places {
            if digits == places && places > 0 {
                put(b'.');
            }
            // Almost every number fits a machine word, which divides much faster.
            let digit = match u64::try_from(left) {
                Ok(small) => {
                    left = u128::from(small / 10);
                    small % 10
                }
                Err(_) => {
                    let digit = left % 10;
                    left /= 10;
                    u64::try_from(digit).unwrap_or_default()
                }
            };
            put(b'0' + u8::try_from(digit).unwrap_or_default());
            digits += 1;
        }
        if self.units < 0 {
            put(b'-');
        }
        let text = letters.get(begin..).and_then(|letters| std::str::from_utf8(letters).ok());
        f.write_str(text.unwrap_or_default())
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<i64> for Decimal {
    fn from(whole: i64) -> Self {
        Self { units: i128::from(whole), scale: 0 }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        match (self.rescale(scale), other.rescale(scale)) {
            (Ok(left), Ok(right)) => left.units.cmp(&right.units),
            // Only a number too large to be rescaled gets here; then its sign and size decide.
            _ => self.to_f64().total_cmp(&other.to_f64()),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn reads_and_writes_the_same_digits() {
        for text in ["0", "0.30", "-0.05", "123456789012.345678", "-7", "999999999999999999"] {
            assert_eq!(decimal(text).to_string(), text);
        }
        assert_eq!(decimal("1e3").to_string(), "1000");
        assert_eq!(decimal("2.5E-2").to_string(), "0.025");
    }

    #[test]
    fn the_longest_and_the_finest_are_written_in_full() {
        assert_eq!(Decimal::new(i128::MIN, 0).to_string(), i128::MIN.to_string());
        assert_eq!(Decimal::new(i128::MAX, 38).to_string(), "1.70141183460469231731687303715884105727");
        assert_eq!(Decimal::new(-1, 255).to_string(), format!("-0.{}1", "0".repeat(254)));
        assert_eq!(Decimal::new(0, 3).to_string(), "0.000");
        assert_eq!(Decimal::new(i128::from(u64::MAX) + 1, 1).to_string(), "1844674407370955161.6");
    }

    #[test]
    fn refuses_what_is_not_a_number() {
        for text in ["", "-", ".", "1.", ".5", "+1", " 1", "1 ", "1,0", "0x1", "NaN", "1e", "1e99999", "--1"] {
            assert!(text.parse::<Decimal>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn rounds_the_half_away_from_zero() {
        let check = |text: &str, expected: &str| assert_eq!(decimal(text).round(2).unwrap().to_string(), expected);
        check("0.005", "0.01");
        check("-0.005", "-0.01");
        check("0.0049", "0.00");
        check("1.235", "1.24");
    }

    #[test]
    fn divides_half_up_at_the_asked_scale() {
        assert_eq!(decimal("10").divide(decimal("3"), 4).unwrap().to_string(), "3.3333");
        assert_eq!(decimal("2").divide(decimal("3"), 2).unwrap().to_string(), "0.67");
        assert_eq!(decimal("-1").divide(decimal("8"), 2).unwrap().to_string(), "-0.13");
        assert_eq!(decimal("1").divide(decimal("0"), 2), Err(DecimalError::DivisionByZero));
    }

    #[test]
    fn a_stored_value_keeps_its_places_or_is_refused() {
        assert_eq!(decimal("0.3").stored(2).unwrap().to_string(), "0.30");
        assert_eq!(decimal("0.301").stored(2), Err(DecimalError::Scale));
        assert_eq!(decimal("1000000000000000000").stored(0), Err(DecimalError::Overflow));
        assert_eq!(decimal("10000000000000000").stored(2), Err(DecimalError::Overflow));
    }

    #[test]
    fn compares_numbers_not_spellings() {
        assert_eq!(decimal("0.30"), decimal("0.3"));
        assert!(decimal("-1.5") < decimal("-1.49"));
    }
}
