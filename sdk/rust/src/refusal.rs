//! How a plugin says no.

/// Why a record may not be saved. Users read your words as they are, so write them for users.
///
/// ```
/// use tenon_sdk::Refusal;
/// let refusal = Refusal::on("close_date", "a won deal needs a close date").rule("CLOSE_DATE_MISSING");
/// assert_eq!(refusal.field.as_deref(), Some("close_date"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// A stable word for programs.
    pub rule: Option<String>,
    /// Words for people.
    pub message: String,
    /// API name of the field or relation concerned.
    pub field: Option<String>,
}

impl Refusal {
    /// A refusal of the whole record.
    ///
    /// ```
    /// use tenon_sdk::Refusal;
    /// assert_eq!(Refusal::new("the day's limit is reached").field, None);
    /// ```
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { rule: None, message: message.into(), field: None }
    }

    /// A refusal because of one field or relation: forms show it there.
    ///
    /// ```
    /// use tenon_sdk::Refusal;
    /// assert_eq!(Refusal::on("amount", "too much").message, "too much");
    /// ```
    #[must_use]
    pub fn on(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(message) }
    }

    /// The same, with a word by which programs know it.
    ///
    /// ```
    /// use tenon_sdk::Refusal;
    /// let refusal = Refusal::new("the day's limit is reached").rule("DAILY_LIMIT");
    /// assert_eq!(refusal.rule.as_deref(), Some("DAILY_LIMIT"));
    /// ```
    #[must_use]
    pub fn rule(mut self, rule: impl Into<String>) -> Self {
        self.rule = Some(rule.into());
        self
    }
}

/// Why a hook gives no answer for the whole save.
///
/// ```
/// use tenon_sdk::{Error, Refusal};
/// let error: Error = Refusal::new("no imports on Sundays").into();
/// assert!(matches!(error, Error::Refused(_)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The whole save is refused: users read this.
    Refused(Refusal),
    /// The plugin cannot go on: operators read this, users only learn that it failed.
    Failed(String),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
