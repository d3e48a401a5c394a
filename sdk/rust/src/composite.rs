//! Values made of parts.

use crate::Decimal;

/// An amount in a currency.
///
/// ```
/// use tenon_sdk::Money;
/// let price = Money::new("1250.50".parse().unwrap(), "CNY");
/// assert_eq!(price.to_string(), "1250.50 CNY");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Money {
    /// The number.
    pub amount: Decimal,
    /// ISO 4217 code, upper case.
    pub currency: String,
}

impl Money {
    /// That much in that currency.
    ///
    /// ```
    /// use tenon_sdk::{Decimal, Money};
    /// assert_eq!(Money::new(Decimal::from(5), "EUR").currency, "EUR");
    /// ```
    #[must_use]
    pub fn new(amount: Decimal, currency: impl Into<String>) -> Self {
        Self { amount, currency: currency.into() }
    }
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

/// A point on earth, WGS 84, in degrees.
///
/// ```
/// let office = tenon_sdk::Geo { lat: 31.23, lng: 121.47 };
/// assert!(office.lat > 0.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geo {
    /// Latitude, −90 to 90.
    pub lat: f64,
    /// Longitude, −180 to 180.
    pub lng: f64,
}

/// A postal address. Every part may be missing.
///
/// ```
/// use tenon_sdk::Address;
/// let address = Address { city: Some("上海".to_owned()), ..Address::default() };
/// assert_eq!(address.country, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Address {
    /// ISO 3166 alpha-2 code, upper case.
    pub country: Option<String>,
    /// State or province.
    pub region: Option<String>,
    /// City.
    pub city: Option<String>,
    /// District.
    pub district: Option<String>,
    /// Street and house number.
    pub street: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Where it lies.
    pub location: Option<Geo>,
}

/// A record (or whoever acts), by what it is and its id.
///
/// ```
/// use tenon_sdk::Reference;
/// let account = Reference::new("account", "0198c1d2-7a3e-7f00-8000-000000000001");
/// assert_eq!(account.object, "account");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// API name of the object, or the kind of actor.
    pub object: String,
    /// The id.
    pub id: String,
}

impl Reference {
    /// That record.
    ///
    /// ```
    /// use tenon_sdk::Reference;
    /// assert_eq!(Reference::new("user", "7").id, "7");
    /// ```
    #[must_use]
    pub fn new(object: impl Into<String>, id: impl Into<String>) -> Self {
        Self { object: object.into(), id: id.into() }
    }
}
