//! What plugins offer to be called: actions and queries by people, jobs by plugins and the calendar, endpoints by whoever is outside.
//!
//! Pure data, made when a plugin is installed. The schema of the data API is made of it, so it has a fingerprint.

use std::hash::{DefaultHasher, Hash, Hasher};

use tenon_value::{Date, DateTime, Decimal, Json, Uuid, camel, pascal};

use crate::Operation;

/// The type of a value that goes into an action or a query, or comes out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParamKind {
    /// Text.
    Text,
    /// A whole number of 32 bits.
    Integer,
    /// A decimal, as text.
    Decimal,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// A moment.
    DateTime,
    /// The id of a record.
    Id,
    /// Any JSON.
    Json,
}

impl ParamKind {
    /// All of them.
    pub const ALL: [Self; 8] = [Self::Text, Self::Integer, Self::Decimal, Self::Boolean, Self::Date, Self::DateTime, Self::Id, Self::Json];

    /// The word in manifests.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Id => "id",
            Self::Json => "json",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The scalar of the data API.
    #[must_use]
    pub const fn graphql(self) -> &'static str {
        match self {
            Self::Text => "String",
            Self::Integer => "Int",
            Self::Decimal => "Decimal",
            Self::Boolean => "Boolean",
            Self::Date => "Date",
            Self::DateTime => "DateTime",
            Self::Id => "ID",
            Self::Json => "JSON",
        }
    }

    /// Whether a value, as it stands in JSON, is of this type.
    #[must_use]
    pub fn holds(self, value: &Json) -> bool {
        let parses = |fits: fn(&str) -> bool| value.as_str().is_some_and(fits);
        match self {
            Self::Text => value.is_string(),
            Self::Integer => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            Self::Decimal => parses(|text| text.parse::<Decimal>().is_ok()),
            Self::Boolean => value.is_boolean(),
            Self::Date => parses(|text| text.parse::<Date>().is_ok()),
            Self::DateTime => parses(|text| text.parse::<DateTime>().is_ok()),
            Self::Id => parses(|text| text.parse::<Uuid>().is_ok()),
            Self::Json => true,
        }
    }
}

/// One value that goes into an action or a query, or comes out of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Param {
    /// Its name, in snake case.
    pub name: String,
    /// Its type.
    pub kind: ParamKind,
    /// It is a list of such.
    pub many: bool,
    /// It must be given.
    pub required: bool,
}

impl Param {
    /// Its name in the data API.
    #[must_use]
    pub fn graphql(&self) -> String {
        camel(&self.name)
    }

    /// Whether a value is of its type; nothing always is.
    #[must_use]
    pub fn holds(&self, value: &Json) -> bool {
        match value {
            Json::Null => true,
            Json::Array(values) if self.many => values.iter().all(|value| !value.is_null() && self.kind.holds(value)),
            value => !self.many && self.kind.holds(value),
        }
    }
}

/// An action or a query: what people call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FunctionOffer {
    /// Whose.
    pub package: String,
    /// Its name there.
    pub name: String,
    /// What goes in.
    pub input: Vec<Param>,
    /// What comes out.
    pub output: Vec<Param>,
}

impl FunctionOffer {
    fn stem(&self) -> String {
        format!("{}_{}", self.package, self.name)
    }

    /// The root field of the data API: `acmeScoreRecalculate`.
    #[must_use]
    pub fn field(&self) -> String {
        camel(&self.stem())
    }

    /// The type that goes in.
    #[must_use]
    pub fn input_type(&self) -> String {
        format!("{}Input", pascal(&self.stem()))
    }

    /// The type that comes out.
    #[must_use]
    pub fn result_type(&self) -> String {
        format!("{}Result", pascal(&self.stem()))
    }
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JobOffer {
    /// Whose.
    pub package: String,
    /// Its name there.
    pub name: String,
    /// When the calendar starts it.
    pub cron: Option<String>,
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointOffer {
    /// Whose.
    pub package: String,
    /// Its name there.
    pub name: String,
    /// `POST`.
    pub method: String,
    /// Below the package: `/orders`.
    pub path: String,
    /// Who is let in.
    pub auth: EndpointAuth,
}

/// Who is let in at an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointAuth {
    /// Anybody.
    None,
    /// Who has a key or a session of the tenant; the plugin acts as him.
    Key,
    /// Who signs the body with a secret of the package.
    Hmac {
        /// The secret's name.
        secret: String,
        /// The header that holds the signature, in lower case.
        header: String,
    },
    /// Who signs as Standard Webhooks says.
    Webhook {
        /// The secret's name.
        secret: String,
    },
}

impl EndpointAuth {
    /// The word in manifests.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Key => "key",
            Self::Hmac { .. } => "hmac",
            Self::Webhook { .. } => "webhook",
        }
    }

    /// The secret by which signatures are checked.
    #[must_use]
    pub fn secret(&self) -> Option<&str> {
        match self {
            Self::None | Self::Key => None,
            Self::Hmac { secret, .. } | Self::Webhook { secret } => Some(secret),
        }
    }
}

/// A package that hears of what was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Whose.
    pub package: String,
    /// API name of the object.
    pub object: String,
    /// What happened to its records.
    pub operations: Vec<Operation>,
}

/// Everything the plugins of a tenant offer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    actions: Vec<FunctionOffer>,
    queries: Vec<FunctionOffer>,
    jobs: Vec<JobOffer>,
    listeners: Vec<Listener>,
    endpoints: Vec<EndpointOffer>,
    fingerprint: u64,
}

impl Offers {
    /// These.
    #[must_use]
    pub fn new(actions: Vec<FunctionOffer>, jobs: Vec<JobOffer>) -> Self {
        let fingerprint = fingerprint(&actions, &[]);
        Self { actions, queries: Vec::new(), jobs, listeners: Vec::new(), endpoints: Vec::new(), fingerprint }
    }

    /// The same, with what is only read.
    #[must_use]
    pub fn asked_for(self, queries: Vec<FunctionOffer>) -> Self {
        let fingerprint = fingerprint(&self.actions, &queries);
        Self { queries, fingerprint, ..self }
    }

    /// The same, with who listens.
    #[must_use]
    pub fn heard_by(self, listeners: Vec<Listener>) -> Self {
        Self { listeners, ..self }
    }

    /// The same, with what is called from outside.
    #[must_use]
    pub fn called_at(self, endpoints: Vec<EndpointOffer>) -> Self {
        Self { endpoints, ..self }
    }

    /// The endpoint of a package at a path.
    #[must_use]
    pub fn endpoint(&self, package: &str, method: &str, path: &str) -> Option<&EndpointOffer> {
        self.endpoints.iter().find(|one| one.package == package && one.method == method && one.path == path)
    }

    /// Who listens.
    #[must_use]
    pub fn listeners(&self) -> &[Listener] {
        &self.listeners
    }

    /// Equal for equal actions and queries: what is made of them need not be made again. 0 where there is none.
    #[must_use]
    pub const fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The actions, in the order of their packages' installs.
    #[must_use]
    pub fn actions(&self) -> &[FunctionOffer] {
        &self.actions
    }

    /// The action behind a root field of the data API.
    #[must_use]
    pub fn action_of(&self, field: &str) -> Option<&FunctionOffer> {
        self.actions.iter().find(|action| action.field() == field)
    }

    /// The queries, in the order of their packages' installs.
    #[must_use]
    pub fn queries(&self) -> &[FunctionOffer] {
        &self.queries
    }

    /// The query behind a root field of the data API.
    #[must_use]
    pub fn query_of(&self, field: &str) -> Option<&FunctionOffer> {
        self.queries.iter().find(|query| query.field() == field)
    }

    /// The jobs.
    #[must_use]
    pub fn jobs(&self) -> &[JobOffer] {
        &self.jobs
    }

    /// A job of a package.
    #[must_use]
    pub fn job(&self, package: &str, name: &str) -> Option<&JobOffer> {
        self.jobs.iter().find(|job| job.package == package && job.name == name)
    }
}

fn fingerprint(actions: &[FunctionOffer], queries: &[FunctionOffer]) -> u64 {
    if actions.is_empty() && queries.is_empty() {
        return 0;
    }
    let mut hasher = DefaultHasher::new();
    (actions, queries).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_of_its_type_or_it_is_not() {
        let param = |kind, many| Param { name: "a".to_owned(), kind, many, required: false };
        let id = json!("0198c1d2-7a3e-7f00-8000-000000000001");
        for (kind, fits, misfits) in [
            (ParamKind::Text, json!("a"), json!(1)),
            (ParamKind::Integer, json!(7), json!(3_000_000_000_i64)),
            (ParamKind::Decimal, json!("12.50"), json!(12.5)),
            (ParamKind::Boolean, json!(true), json!("true")),
            (ParamKind::Date, json!("2026-02-28"), json!("2026-02-30")),
            (ParamKind::DateTime, json!("2026-02-28T08:00:00.000Z"), json!("2026-02-28")),
            (ParamKind::Id, id, json!("7")),
        ] {
            assert!(param(kind, false).holds(&fits) && param(kind, false).holds(&Json::Null), "{}", kind.word());
            assert!(!param(kind, false).holds(&misfits), "{}", kind.word());
            assert!(param(kind, true).holds(&json!([fits])) && !param(kind, true).holds(&fits), "{}", kind.word());
            assert!(!param(kind, true).holds(&json!([fits, null])), "{}", kind.word());
            assert_eq!(ParamKind::from_word(kind.word()), Some(kind));
        }
    }

    #[test]
    fn an_action_has_the_names_of_the_data_api() {
        let action =
            FunctionOffer { package: "acme_score".to_owned(), name: "recalculate".to_owned(), input: Vec::new(), output: Vec::new() };
        assert_eq!(action.field(), "acmeScoreRecalculate");
        assert_eq!((action.input_type(), action.result_type()), ("AcmeScoreRecalculateInput".into(), "AcmeScoreRecalculateResult".into()));
        let offers = Offers::new(vec![action.clone()], Vec::new());
        let asked = Offers::new(Vec::new(), Vec::new()).asked_for(vec![action]);
        assert!(asked.query_of("acmeScoreRecalculate").is_some() && asked.action_of("acmeScoreRecalculate").is_none());
        assert!(asked.fingerprint() != 0 && asked.fingerprint() != offers.fingerprint());
        assert!(offers.action_of("acmeScoreRecalculate").is_some() && offers.action_of("acme_score_recalculate").is_none());
        assert!(offers.fingerprint() != 0 && Offers::default().fingerprint() == 0);
    }
}
