//! One step of a plan: what happens to which element, and what it costs.

use tenon_value::{Json, JsonMap, Uuid};

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    /// A new element.
    Add,
    /// Other properties.
    Change,
    /// Another name, the same element.
    Rename,
    /// Out of use.
    Retire,
    /// Back in use.
    Restore,
    /// The tenant's layer over a package's element goes.
    Reset,
}

impl Op {
    /// The word in plans.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Rename => "rename",
            Self::Retire => "retire",
            Self::Restore => "restore",
            Self::Reset => "reset",
        }
    }
}

/// What it takes to do it, from harmless to impossible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    /// Done in the transaction of the apply.
    #[default]
    Instant,
    /// Goes on in the background.
    Job,
    /// Something can no longer be seen; needs `confirm`.
    Destructive,
    /// Not possible as things stand.
    Blocked,
}

impl Risk {
    /// The word in plans.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Instant => "instant",
            Self::Job => "job",
            Self::Destructive => "destructive",
            Self::Blocked => "blocked",
        }
    }
}

/// What callers of the tenant's API notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApiEffect {
    /// Nothing.
    #[default]
    None,
    /// There is more.
    Additive,
    /// An old name goes on working for 90 days.
    Deprecating,
    /// Something is gone.
    Breaking,
}

impl ApiEffect {
    /// The word in plans.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Additive => "additive",
            Self::Deprecating => "deprecating",
            Self::Breaking => "breaking",
        }
    }
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// The element: `opportunity.fields.stage`, or an option of it, `opportunity.fields.stage.options.won`.
    pub path: String,
    /// What happens.
    pub op: Op,
    /// What it takes.
    pub risk: Risk,
    /// What callers notice.
    pub api: ApiEffect,
    /// Records concerned, where that was counted.
    pub rows: Option<u64>,
    /// Records that stand in the way, where that was counted.
    pub violations: Option<u64>,
    /// The properties concerned, as they are.
    pub before: Option<Json>,
    /// The same as they will be.
    pub after: Option<Json>,
    /// One sentence for people.
    pub text: String,
    /// Why it is blocked, and what to do.
    pub help: Option<String>,
    /// The job that goes on with it, once it is applied.
    pub job: Option<Uuid>,
}

impl Operation {
    /// A step of which nothing is known yet but what it does.
    pub(crate) fn new(path: impl Into<String>, op: Op, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            op,
            risk: Risk::Instant,
            api: ApiEffect::None,
            rows: None,
            violations: None,
            before: None,
            after: None,
            text: text.into(),
            help: None,
            job: None,
        }
    }

    pub(crate) fn values(mut self, before: Option<Json>, after: Option<Json>) -> Self {
        self.before = before;
        self.after = after;
        self
    }

    pub(crate) const fn api(mut self, api: ApiEffect) -> Self {
        self.api = api;
        self
    }

    pub(crate) const fn risk(mut self, risk: Risk) -> Self {
        self.risk = risk;
        self
    }

    /// It goes on in the background, unless it is worse than that.
    pub(crate) fn left_to_job(&mut self) {
        self.risk = self.risk.max(Risk::Job);
    }

    /// So many records stand in the way; none where nobody knows yet.
    pub(crate) fn found(&mut self, violations: Option<u64>, help: &str) {
        self.violations = violations;
        if violations.is_some_and(|violations| violations > 0) {
            self.blocked(help);
        }
    }

    pub(crate) fn blocked(&mut self, help: impl Into<String>) {
        self.risk = Risk::Blocked;
        self.help = Some(help.into());
    }

    /// The form whose digest names a plan: what happens, not how it is told.
    pub(crate) fn normalized(&self) -> Json {
        let mut map = JsonMap::new();
        map.insert("path".to_owned(), Json::from(self.path.as_str()));
        map.insert("op".to_owned(), Json::from(self.op.word()));
        map.insert("before".to_owned(), self.before.clone().unwrap_or_default());
        map.insert("after".to_owned(), self.after.clone().unwrap_or_default());
        Json::Object(map)
    }

    /// True where it gives or takes rights: a role, what it may do with an object, a sharing rule.
    #[must_use]
    pub fn is_law(&self) -> bool {
        crate::elements::is_law(&tenon_model::ElementPath(self.path.clone()))
    }

    /// True where it must be named in `confirm`.
    #[must_use]
    pub fn needs_confirmation(&self) -> bool {
        self.risk == Risk::Destructive || self.api == ApiEffect::Breaking
    }
}
