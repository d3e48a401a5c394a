//! Exact decimal numbers, for money and percentages. Nothing here rounds unless asked to.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Mul, Neg, Sub};
use std::str::FromStr;

/// Places that fit; more is an error, never a rounding.
const SCALE_MAX: u8 = 18;
/// Digits that fit.
const DIGITS_MAX: usize = 36;

/// An exact decimal number. `0.30` and `0.3` are equal, and each is shown as it was written.
///
/// ```
/// use tenon_sdk::Decimal;
/// let price: Decimal = "19.90".parse().unwrap();
/// assert_eq!((price * Decimal::from(3)).to_string(), "59.70");
/// assert!(price < Decimal::from(20));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    units: i128,
    scale: u8,
}

/// The text is not a decimal number of at most 36 digits and 18 places.
///
/// ```
/// assert!("1e5".parse::<tenon_sdk::Decimal>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecimalError;

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a decimal number of at most 36 digits and 18 places")
    }
}

impl std::error::Error for DecimalError {}

impl Decimal {
    /// Zero.
    ///
    /// ```
    /// use tenon_sdk::Decimal;
    /// assert_eq!(Decimal::ZERO, "0.00".parse().unwrap());
    /// ```
    pub const ZERO: Self = Self { units: 0, scale: 0 };

    /// True below zero.
    ///
    /// ```
    /// use tenon_sdk::Decimal;
    /// assert!(Decimal::from(-1).is_negative());
    /// ```
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.units < 0
    }

    /// The number with `places` places, halves rounded away from zero.
    ///
    /// ```
    /// use tenon_sdk::Decimal;
    /// let number: Decimal = "-2.345".parse().unwrap();
    /// assert_eq!(number.round(2).to_string(), "-2.35");
    /// ```
    ///
    /// # Panics
    /// Where the number does not fit.
    #[must_use]
    pub fn round(self, places: u8) -> Self {
        if places >= self.scale {
            return self.with_scale(places);
        }
        let unit = power(self.scale - places);
        let half = if self.units < 0 { -unit / 2 } else { unit / 2 };
        Self { units: fits(self.units.checked_add(half)) / unit, scale: places }
    }

    fn with_scale(self, scale: u8) -> Self {
        let units = fits(self.units.checked_mul(power(scale - self.scale)));
        Self { units, scale }
    }

    fn aligned(self, other: Self) -> (i128, i128, u8) {
        let scale = self.scale.max(other.scale);
        (self.with_scale(scale).units, other.with_scale(scale).units, scale)
    }
}

fn power(places: u8) -> i128 {
    fits(10_i128.checked_pow(u32::from(places)))
}

/// Arithmetic past 38 digits cannot be told apart from a mistake: the plugin stops rather than go on with it.
fn fits(result: Option<i128>) -> i128 {
    result.expect("a decimal stays below 38 digits")
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self { units: number.into(), scale: 0 }
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, text),
        };
        let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
        let scale = u8::try_from(places.len()).map_err(|_| DecimalError)?;
        let complete = !whole.is_empty() && (digits.len() == whole.len() || !places.is_empty());
        let all = format!("{whole}{places}");
        if !complete || scale > SCALE_MAX || all.len() > DIGITS_MAX || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(DecimalError);
        }
        let units: i128 = all.parse().map_err(|_| DecimalError)?;
        Ok(Self { units: sign * units, scale })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let scale = usize::from(self.scale);
        let digits = format!("{:0>width$}", self.units.unsigned_abs(), width = scale + 1);
        let (whole, places) = digits.split_at(digits.len() - scale);
        if places.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{places}") }
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let (left, right, _) = self.aligned(*other);
        left.cmp(&right)
    }
}

impl Add for Decimal {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let (left, right, scale) = self.aligned(other);
        let units = fits(left.checked_add(right));
        Self { units, scale }
    }
}

impl Sub for Decimal {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Neg for Decimal {
    type Output = Self;
    fn neg(self) -> Self {
        Self { units: -self.units, ..self }
    }
}

impl Mul for Decimal {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let (left, right) = (self.scale, other.scale);
        let units = fits(self.units.checked_mul(other.units));
        Self { units, scale: left.saturating_add(right) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_decimal_is_shown_as_it_was_written() {
        for text in ["0", "0.00", "-0.05", "12.50", "999999999999.999999"] {
            assert_eq!(number(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_decimal_is_refused() {
        let long = "1".repeat(37);
        for text in ["", "-", ".", "1.", ".5", "1e5", "+1", "1 000", "--1", "1.-5", "一", &long] {
            assert_eq!(text.parse::<Decimal>(), Err(DecimalError), "{text}");
        }
    }

    #[test]
    fn arithmetic_is_exact() {
        assert_eq!(number("0.1") + number("0.2"), number("0.3"));
        assert_eq!(number("1") - number("0.001"), number("0.999"));
        assert_eq!((number("-1.5") * number("2.25")).to_string(), "-3.375");
        assert_eq!(number("2.5").round(0).to_string(), "3");
        assert_eq!(number("2.5").round(2).to_string(), "2.50");
    }
}
