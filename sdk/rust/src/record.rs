//! A record read, and what is told of requests.

use crate::{Date, DateTime, Decimal, Error, Money, Reference, Refusal, Value};

/// A record as it is stored, as far as the caller and your grant see it.
///
/// ```
/// use tenon_sdk::{records, testing};
/// testing::put_record("account", "7", &[("name", "Li Ltd".into())]);
/// let account = records::get("account", "7").unwrap().unwrap();
/// assert_eq!(account.text("name"), Some("Li Ltd"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its id.
    pub id: String,
    /// Its version, for `expect_version`.
    pub version: i64,
    pub(crate) fields: Vec<(String, Value)>,
}

macro_rules! typed {
    ($($(#[$doc:meta])* $name:ident: $case:ident -> $type:ty = $give:expr;)+) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $name(&self, name: &str) -> Option<$type> {
            match self.get(name)? {
                Value::$case(value) => Some($give(value)),
                _ => None,
            }
        })+
    };
}

impl Record {
    /// What a field or relation holds.
    ///
    /// ```
    /// # use tenon_sdk::{records, testing};
    /// # testing::put_record("account", "7", &[("name", "Li Ltd".into())]);
    /// let account = records::get("account", "7").unwrap().unwrap();
    /// assert!(account.get("website").is_none());
    /// ```
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value).filter(|value| **value != Value::Null)
    }

    typed! {
        /// A text, or the code of a choice.
        ///
        /// ```
        /// # use tenon_sdk::{records, testing};
        /// # testing::put_record("lead", "7", &[("city", "Bonn".into())]);
        /// assert_eq!(records::get("lead", "7").unwrap().unwrap().text("city"), Some("Bonn"));
        /// ```
        text: Text -> &str = String::as_str;
        /// Yes or no.
        ///
        /// ```
        /// # use tenon_sdk::{records, testing};
        /// # testing::put_record("lead", "7", &[("is_key", true.into())]);
        /// assert_eq!(records::get("lead", "7").unwrap().unwrap().boolean("is_key"), Some(true));
        /// ```
        boolean: Boolean -> bool = Clone::clone;
        /// A whole number.
        ///
        /// ```
        /// # use tenon_sdk::{records, testing};
        /// # testing::put_record("account", "7", &[("employees", 12.into())]);
        /// assert_eq!(records::get("account", "7").unwrap().unwrap().integer("employees"), Some(12));
        /// ```
        integer: Integer -> i64 = Clone::clone;
        /// A decimal or a percentage.
        ///
        /// ```
        /// # use tenon_sdk::{Decimal, records, testing};
        /// # testing::put_record("deal", "7", &[("chance", Decimal::from(30).into())]);
        /// assert_eq!(records::get("deal", "7").unwrap().unwrap().decimal("chance"), Some(Decimal::from(30)));
        /// ```
        decimal: Decimal -> Decimal = Clone::clone;
        /// An amount of money.
        ///
        /// ```
        /// # use tenon_sdk::{Decimal, Money, records, testing};
        /// # testing::put_record("deal", "7", &[("amount", Money::new(Decimal::from(5), "CNY").into())]);
        /// assert_eq!(records::get("deal", "7").unwrap().unwrap().money("amount").unwrap().currency, "CNY");
        /// ```
        money: Money -> &Money = std::convert::identity;
        /// A day.
        ///
        /// ```
        /// # use tenon_sdk::{Date, records, testing};
        /// # testing::put_record("deal", "7", &[("close_date", Date::from_days(0).into())]);
        /// assert_eq!(records::get("deal", "7").unwrap().unwrap().date("close_date"), Some(Date::from_days(0)));
        /// ```
        date: Date -> Date = Clone::clone;
        /// A moment.
        ///
        /// ```
        /// # use tenon_sdk::{DateTime, records, testing};
        /// # testing::put_record("activity", "7", &[("starts_at", DateTime::from_millis(7).into())]);
        /// assert_eq!(records::get("activity", "7").unwrap().unwrap().datetime("starts_at").unwrap().millis(), 7);
        /// ```
        datetime: DateTime -> DateTime = Clone::clone;
        /// What a to-one relation points to.
        ///
        /// ```
        /// # use tenon_sdk::{Reference, records, testing};
        /// # testing::put_record("contact", "7", &[("account", Reference::new("account", "8").into())]);
        /// assert_eq!(records::get("contact", "7").unwrap().unwrap().reference("account").unwrap().id, "8");
        /// ```
        reference: Reference -> &Reference = std::convert::identity;
    }
}

/// A record that was written, or found.
///
/// ```
/// let made = tenon_sdk::records::create("lead", &[("city", "Bonn".into())]).unwrap();
/// assert!(made.created && made.version == 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: i64,
    /// Whether it is new.
    pub created: bool,
}

/// Why a request was declined. Nothing of it was done, and the transaction goes on.
///
/// ```
/// let problem = tenon_sdk::records::update("lead", "none", None, &[]).unwrap_err();
/// assert_eq!(problem.code, "NOT_FOUND");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `INVALID` `FORBIDDEN` `NOT_FOUND` `CONFLICT` `REFUSED` `EXHAUSTED`.
    pub code: String,
    /// A stable word for programs.
    pub rule: Option<String>,
    /// Words for people.
    pub message: String,
    /// API name of the field or relation concerned.
    pub field: Option<String>,
}

/// What somebody refused stays a refusal; everything else is a failure, unless you look at it yourself.
impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        let Problem { code, rule, message, field } = problem;
        if code == "REFUSED" {
            return Self::Refused(Refusal { rule, message, field });
        }
        Self::Failed(format!("{code} {}: {message}", rule.unwrap_or_default()))
    }
}
