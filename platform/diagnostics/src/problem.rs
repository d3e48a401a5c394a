//! One thing that is wrong with a request, in words safe to show, with everything a program needs to react.

use std::borrow::Cow;
use std::fmt;

use tenon_value::{Json, Locale};

use crate::Kind;

/// Problems reported of one request at most; the rest is counted in `moreErrors`.
pub const PROBLEMS_MAX: usize = 100;

/// One step into a request's input: `["inputs", 3, "closeDate"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathStep {
    /// A field of an input object, by its GraphQL name.
    Key(Cow<'static, str>),
    /// An element of a list.
    Index(usize),
}

/// Where in the request's input the cause lies. Cheap to extend; empty where it lies nowhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputPath(Vec<PathStep>);

impl InputPath {
    /// The path one key deeper.
    #[must_use]
    pub fn key(&self, key: impl Into<Cow<'static, str>>) -> Self {
        let mut steps = self.0.clone();
        steps.push(PathStep::Key(key.into()));
        Self(steps)
    }

    /// The path one list element deeper.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        let mut steps = self.0.clone();
        steps.push(PathStep::Index(index));
        Self(steps)
    }

    /// The path that goes on with another.
    #[must_use]
    pub fn join(&self, rest: &Self) -> Self {
        Self(self.0.iter().chain(&rest.0).cloned().collect())
    }

    /// Its steps.
    #[must_use]
    pub fn steps(&self) -> &[PathStep] {
        &self.0
    }

    /// As the wire has it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        self.0
            .iter()
            .map(|step| match step {
                PathStep::Key(key) => Json::from(key.as_ref()),
                PathStep::Index(index) => Json::from(*index),
            })
            .collect()
    }
}

/// A sentence in the languages of the product: lower case, no full stop, things in backticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// English.
    pub en: String,
    /// Simplified Chinese.
    pub zh: String,
}

impl Message {
    /// A sentence in both languages.
    #[must_use]
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }

    /// A sentence that has one wording only: an author's own words, or a parser's.
    #[must_use]
    pub fn verbatim(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { zh: text.clone(), en: text }
    }

    /// The sentence in a language.
    #[must_use]
    pub fn in_locale(&self, locale: Locale) -> &str {
        match locale {
            Locale::En => &self.en,
            Locale::Zh => &self.zh,
        }
    }
}

/// One problem of a request. Its `details` become members of `extensions` as they are.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What kind of failure.
    pub kind: Kind,
    /// The stable word for programs: `required`, `unique`, `version`, or an author's own.
    pub rule: Option<Cow<'static, str>>,
    /// The limit that was met, by name.
    pub limit: Option<&'static str>,
    /// The sentence for people.
    pub message: Message,
    /// API name of the object concerned.
    pub object: Option<String>,
    /// API name of the field concerned.
    pub field: Option<String>,
    /// `package` or `package@version` whose rule or plugin spoke.
    pub package: Option<String>,
    /// Where in the input the cause lies.
    pub input_path: InputPath,
    /// Line and column in the document, from 1.
    pub location: Option<(u32, u32)>,
    /// Further members, camelCase: `currentVersion`, `existing`, `max`, `actual`.
    pub details: Vec<(&'static str, Json)>,
}

impl Problem {
    /// A problem of which nothing is said but its kind.
    #[must_use]
    pub fn of_kind(kind: Kind) -> Self {
        let (en, zh) = match kind {
            Kind::Invalid => ("the request is not valid", "请求无效"),
            Kind::Unauthenticated => ("sign in first", "请先登录"),
            Kind::Forbidden => ("you may not do this", "您没有执行此操作的权限"),
            Kind::NotFound => ("there is no such record", "记录不存在"),
            Kind::Conflict => ("somebody changed this meanwhile", "数据已被他人修改"),
            Kind::Refused => ("a rule refused this", "操作被规则拒绝"),
            Kind::Exhausted => ("a limit is reached", "已达到限制"),
            Kind::PluginFault => ("a plugin failed", "插件运行出错"),
            Kind::Unavailable => ("the service is not available for the moment, try again", "服务暂时不可用,请稍后重试"),
            Kind::Internal => ("something went wrong on our side", "系统内部错误"),
        };
        Self {
            kind,
            rule: None,
            limit: None,
            message: Message::new(en, zh),
            object: None,
            field: None,
            package: None,
            input_path: InputPath::default(),
            location: None,
            details: Vec::new(),
        }
    }

    /// A wrong request: rule and words.
    #[must_use]
    pub fn invalid(rule: &'static str, en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { rule: Some(Cow::Borrowed(rule)), message: Message::new(en, zh), ..Self::of_kind(Kind::Invalid) }
    }

    /// A state of the world that is in the way: rule and words.
    #[must_use]
    pub fn conflict(rule: &'static str, en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { rule: Some(Cow::Borrowed(rule)), message: Message::new(en, zh), ..Self::of_kind(Kind::Conflict) }
    }

    /// A `FORBIDDEN` by a rule: seen, but not permitted.
    #[must_use]
    pub fn forbidden(rule: &'static str, en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { rule: Some(rule.into()), message: Message::new(en, zh), ..Self::of_kind(Kind::Forbidden) }
    }

    /// A named limit that was met.
    #[must_use]
    pub fn exhausted(limit: &'static str, max: u64, actual: u64) -> Self {
        let message = Message::new(
            format!("limit `{limit}` is {max}, this request has {actual}"),
            format!("超出限制 `{limit}`:最大 {max},实际 {actual}"),
        );
        let details = vec![("max", Json::from(max)), ("actual", Json::from(actual))];
        Self { limit: Some(limit), message, details, ..Self::of_kind(Kind::Exhausted) }
    }

    /// The same, of this object.
    #[must_use]
    pub fn object(mut self, object: impl Into<String>) -> Self {
        self.object = Some(object.into());
        self
    }

    /// The same, of this field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The same, caused at this place of the input.
    #[must_use]
    pub fn at(mut self, path: InputPath) -> Self {
        self.input_path = path;
        self
    }

    /// The same, caused at this line and column of the document.
    #[must_use]
    pub const fn located(mut self, line: u32, column: u32) -> Self {
        self.location = Some((line, column));
        self
    }

    /// The same, with a further member.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<Json>) -> Self {
        self.details.push((key, value.into()));
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message.en)
    }
}

/// All problems of a request, of which the first [`PROBLEMS_MAX`] are kept. Never empty when returned as an error.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    kept: Vec<Problem>,
    more: usize,
}

impl Problems {
    /// Adds one, or only counts it.
    pub fn push(&mut self, problem: Problem) {
        if self.kept.len() < PROBLEMS_MAX {
            self.kept.push(problem);
        } else {
            self.more += 1;
        }
    }

    /// Adds all of another.
    pub fn extend(&mut self, other: Self) {
        self.more += other.more;
        for problem in other.kept {
            self.push(problem);
        }
    }

    /// True where nothing is wrong.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The kept ones.
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.kept
    }

    /// How many more there were.
    #[must_use]
    pub const fn more(&self) -> usize {
        self.more
    }

    /// `Ok` where nothing is wrong.
    ///
    /// # Errors
    /// These problems, if there are any.
    pub fn into_result(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self { kept: vec![problem], more: 0 }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kept.first() {
            Some(first) if self.kept.len() + self.more == 1 => first.fmt(f),
            Some(first) => write!(f, "{first} (and {} more)", self.kept.len() + self.more - 1),
            None => f.write_str("no problem"),
        }
    }
}

impl std::error::Error for Problems {}
