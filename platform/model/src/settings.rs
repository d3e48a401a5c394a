//! What a tenant sets once for everybody: where it lives, what it counts in.

use tenon_value::Locale;

/// The first day of a week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeekStart {
    /// ISO 8601, China, Europe.
    #[default]
    Monday,
    /// United States.
    Sunday,
}

/// A tenant's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// IANA zone; days, weeks and "now" are meant in it.
    pub zone: String,
    /// Language where a user has none.
    pub locale: Locale,
    /// ISO 4217 code that sums are in.
    pub base_currency: String,
    /// First day of a week.
    pub week_start: WeekStart,
    /// Month (1–12) in which the fiscal year begins.
    pub fiscal_year_start: u8,
    /// Origins that browsers may call from.
    pub cors: Vec<String>,
    /// Days after which payloads of the audit trail are removed; none: they stay.
    pub audit_retention_days: Option<u32>,
    /// A sandbox: its clock stands still until advanced.
    pub sandbox: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            zone: "Asia/Shanghai".to_owned(),
            locale: Locale::Zh,
            base_currency: "CNY".to_owned(),
            week_start: WeekStart::Monday,
            fiscal_year_start: 1,
            cors: Vec::new(),
            audit_retention_days: None,
            sandbox: false,
        }
    }
}
