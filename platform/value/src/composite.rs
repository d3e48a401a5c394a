//! Values made of parts: money, place on earth, postal address.

use crate::Decimal;

/// An amount in a currency, and the same in the tenant's base currency where a rate is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Money {
    /// The number, in `currency`.
    pub amount: Decimal,
    /// ISO 4217 code, upper case.
    pub currency: String,
    /// In the tenant's base currency at the rate of the day of saving; none if there was no rate.
    pub base: Option<Decimal>,
}

/// A point on earth (WGS 84), in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geo {
    /// Latitude, −90 to 90.
    pub lat: f64,
    /// Longitude, −180 to 180.
    pub lng: f64,
}

/// A postal address. Every part may be missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Address {
    /// ISO 3166 alpha-2 code, upper case.
    pub country: Option<String>,
    /// State or province 省.
    pub region: Option<String>,
    /// City 市.
    pub city: Option<String>,
    /// District 区.
    pub district: Option<String>,
    /// Street and house number.
    pub street: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Where it lies.
    pub location: Option<Geo>,
}
