//! One record of a save, before and after.

use std::rc::Rc;

use crate::{Date, DateTime, Decimal, Money, Reference, Refusal, Value};

/// What happens to the record.
///
/// ```
/// use tenon_sdk::Operation;
/// assert_ne!(Operation::Create, Operation::Update);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// A new record.
    Create,
    /// A change of one that is there.
    Update,
    /// Into the recycle bin.
    Delete,
    /// Out of the recycle bin.
    Restore,
}

/// One record of a save: what is stored, what the caller wants, and what your plugin makes of it.
///
/// Names are API names: `close_date`, `acme_score_value`. A field that does not exist holds nothing.
///
/// ```
/// let mut change = tenon_sdk::testing::create("opportunity").after("name", "Solar roof").build();
/// change.set("stage", "prospecting");
/// assert_eq!(change.text("stage"), Some("prospecting"));
/// ```
#[derive(Clone, Debug)]
pub struct Change {
    pub(crate) object: Rc<str>,
    pub(crate) operation: Operation,
    pub(crate) id: String,
    pub(crate) old: Option<Vec<(String, Value)>>,
    pub(crate) new: Vec<(String, Value)>,
    pub(crate) changed: Vec<String>,
    pub(crate) patches: Vec<(String, Value)>,
    pub(crate) refusals: Vec<Refusal>,
}

fn find<'a>(fields: &'a [(String, Value)], name: &str) -> Option<&'a Value> {
    let (_, value) = fields.iter().find(|(field, _)| field == name)?;
    Some(value).filter(|value| **value != Value::Null)
}

fn put(fields: &mut Vec<(String, Value)>, name: &str, value: Value) {
    match fields.iter_mut().find(|(field, _)| field == name) {
        Some((_, slot)) => *slot = value,
        None => fields.push((name.to_owned(), value)),
    }
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

impl Change {
    /// API name of the object.
    ///
    /// ```
    /// assert_eq!(tenon_sdk::testing::create("contact").build().object(), "contact");
    /// ```
    #[must_use]
    pub fn object(&self) -> &str {
        &self.object
    }

    /// What happens to the record.
    ///
    /// ```
    /// use tenon_sdk::Operation;
    /// assert_eq!(tenon_sdk::testing::create("contact").build().operation(), Operation::Create);
    /// ```
    #[must_use]
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// The record's id; also a new record has one already.
    ///
    /// ```
    /// assert!(!tenon_sdk::testing::create("contact").build().id().is_empty());
    /// ```
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What a field or relation will hold, patches included.
    ///
    /// ```
    /// use tenon_sdk::Value;
    /// let change = tenon_sdk::testing::create("contact").after("is_key", true).build();
    /// assert_eq!(change.get("is_key"), Some(&Value::Boolean(true)));
    /// ```
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        find(&self.new, name)
    }

    /// What a field or relation holds as long as this is not saved.
    ///
    /// ```
    /// let change = tenon_sdk::testing::update("lead").before("city", "Ulm").after("city", "Bonn").build();
    /// assert_eq!(change.old("city").and_then(|city| city.as_text()), Some("Ulm"));
    /// ```
    #[must_use]
    pub fn old(&self, name: &str) -> Option<&Value> {
        find(self.old.as_deref()?, name)
    }

    typed! {
        /// A text, or the code of a choice.
        ///
        /// ```
        /// let change = tenon_sdk::testing::create("lead").after("city", "Bonn").build();
        /// assert_eq!(change.text("city"), Some("Bonn"));
        /// ```
        text: Text -> &str = String::as_str;
        /// The code of a choice.
        ///
        /// ```
        /// let change = tenon_sdk::testing::create("opportunity").after("stage", "won").build();
        /// assert_eq!(change.choice("stage"), Some("won"));
        /// ```
        choice: Text -> &str = String::as_str;
        /// The codes of a choices field.
        ///
        /// ```
        /// let change = tenon_sdk::testing::create("lead").after("interests", vec!["solar".to_owned()]).build();
        /// assert_eq!(change.choices("interests").unwrap(), ["solar"]);
        /// ```
        choices: Choices -> &[String] = Vec::as_slice;
        /// Yes or no.
        ///
        /// ```
        /// let change = tenon_sdk::testing::create("lead").after("is_key", true).build();
        /// assert_eq!(change.boolean("is_key"), Some(true));
        /// ```
        boolean: Boolean -> bool = Clone::clone;
        /// A whole number.
        ///
        /// ```
        /// let change = tenon_sdk::testing::create("account").after("employees", 12).build();
        /// assert_eq!(change.integer("employees"), Some(12));
        /// ```
        integer: Integer -> i64 = Clone::clone;
        /// A decimal or a percentage.
        ///
        /// ```
        /// use tenon_sdk::Decimal;
        /// let change = tenon_sdk::testing::create("opportunity").after("probability", Decimal::from(30)).build();
        /// assert_eq!(change.decimal("probability"), Some(Decimal::from(30)));
        /// ```
        decimal: Decimal -> Decimal = Clone::clone;
        /// An amount of money.
        ///
        /// ```
        /// use tenon_sdk::{Decimal, Money};
        /// let change = tenon_sdk::testing::create("opportunity").after("amount", Money::new(Decimal::from(5), "CNY")).build();
        /// assert_eq!(change.money("amount").unwrap().currency, "CNY");
        /// ```
        money: Money -> &Money = std::convert::identity;
        /// A day.
        ///
        /// ```
        /// use tenon_sdk::Date;
        /// let change = tenon_sdk::testing::create("opportunity").after("close_date", Date::from_days(0)).build();
        /// assert_eq!(change.date("close_date").unwrap().to_string(), "1970-01-01");
        /// ```
        date: Date -> Date = Clone::clone;
        /// A moment.
        ///
        /// ```
        /// use tenon_sdk::DateTime;
        /// let change = tenon_sdk::testing::create("activity").after("starts_at", DateTime::from_millis(7)).build();
        /// assert_eq!(change.datetime("starts_at").unwrap().millis(), 7);
        /// ```
        datetime: DateTime -> DateTime = Clone::clone;
        /// What a to-one relation points to.
        ///
        /// ```
        /// use tenon_sdk::Reference;
        /// let change = tenon_sdk::testing::create("contact").after("account", Reference::new("account", "7")).build();
        /// assert_eq!(change.reference("account").unwrap().id, "7");
        /// ```
        reference: Reference -> &Reference = std::convert::identity;
    }

    /// True where a field or relation will hold nothing; blank text is nothing.
    ///
    /// ```
    /// assert!(tenon_sdk::testing::create("lead").after("city", " ").build().is_empty("city"));
    /// ```
    #[must_use]
    pub fn is_empty(&self, name: &str) -> bool {
        self.get(name).is_none_or(Value::is_empty)
    }

    /// True where the caller changes a field or relation, or a plugin has; of a new record, where it holds something.
    ///
    /// ```
    /// let change = tenon_sdk::testing::update("lead").before("city", "Ulm").after("city", "Bonn").build();
    /// assert!(change.changes("city") && !change.changes("name"));
    /// ```
    #[must_use]
    pub fn changes(&self, name: &str) -> bool {
        self.changed.iter().any(|changed| changed == name) || find(&self.patches, name).is_some()
    }

    /// True where a choice (or text) gets this value now and did not have it before.
    ///
    /// ```
    /// let change = tenon_sdk::testing::update("opportunity").before("stage", "won").after("stage", "won").build();
    /// assert!(!change.becomes("stage", "won"));
    /// ```
    #[must_use]
    pub fn becomes(&self, name: &str, code: &str) -> bool {
        self.text(name) == Some(code) && self.old(name).and_then(Value::as_text) != Some(code)
    }

    /// Sets a field. It is checked as if the caller had written it; setting what it holds already does nothing.
    ///
    /// ```
    /// let mut change = tenon_sdk::testing::create("lead").build();
    /// change.set("city", "Bonn");
    /// assert_eq!(tenon_sdk::testing::patches(&change), [("city".to_owned(), "Bonn".into())]);
    /// ```
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        if self.get(name).unwrap_or(&Value::Null) != &value {
            put(&mut self.new, name, value.clone());
            put(&mut self.patches, name, value);
        }
    }

    /// Empties a field.
    ///
    /// ```
    /// let mut change = tenon_sdk::testing::create("lead").after("city", "Bonn").build();
    /// change.clear("city");
    /// assert!(change.is_empty("city"));
    /// ```
    pub fn clear(&mut self, name: &str) {
        self.set(name, Value::Null);
    }

    /// Refuses the record. May be called several times, so that people read all that is wrong at once.
    ///
    /// ```
    /// use tenon_sdk::Refusal;
    /// let mut change = tenon_sdk::testing::create("lead").build();
    /// change.refuse(Refusal::on("city", "we only sell in Bonn"));
    /// assert_eq!(tenon_sdk::testing::refusals(&change).len(), 1);
    /// ```
    pub fn refuse(&mut self, refusal: Refusal) {
        self.refusals.push(refusal);
    }
}
