//! Why metadata was not changed.

use tenon_catalog::CatalogError;
use tenon_diagnostics::{Classify, Diagnostic, Kind, Message, Problem, Problems, Severity};
use tenon_store::StoreError;
use tenon_value::Json;

use crate::complaint;
use crate::{InstallError, Operation, Risk};

/// Why metadata was not read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackagesError {
    /// The database did not do it.
    #[error("the metadata could not be read or written")]
    Store(#[from] StoreError),
    /// There is no model.
    #[error("there is no model")]
    Catalog(#[from] CatalogError),
    /// The plan is not known any more, or no longer what would be done.
    #[error("the plan is stale")]
    PlanStale,
    /// The wish is wrong; all that is wrong with it.
    #[error("the metadata has mistakes")]
    Refused(Vec<Diagnostic>),
    /// Steps that cannot be done as things stand.
    #[error("a step is blocked")]
    Blocked(Vec<Operation>),
    /// Steps that must be named in `confirm`.
    #[error("a step needs to be confirmed")]
    Unconfirmed(Vec<String>),
    /// Settings that do not make sense.
    #[error("a setting is wrong")]
    Setting(Box<Problem>),
    /// There is no such layer.
    #[error("there is no such layer")]
    NoLayer,
    /// A package was not uploaded, installed or removed.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// Our own package does not compile: a bug of ours.
    #[error("a built-in package has mistakes: {0}")]
    BuiltIn(String),
}

impl PackagesError {
    /// Everything that is wrong, for callers.
    #[must_use]
    pub fn problems(&self) -> Problems {
        let mut problems = Problems::default();
        match self {
            Self::Refused(diagnostics) => {
                for diagnostic in diagnostics.iter().filter(|one| one.severity == Severity::Error) {
                    problems.push(of_diagnostic(diagnostic));
                }
            }
            Self::Blocked(operations) => {
                for operation in operations.iter().filter(|one| one.risk == Risk::Blocked) {
                    problems.push(of_blocked(operation));
                }
            }
            _ => problems.push(self.problem()),
        }
        problems
    }
}

impl Classify for PackagesError {
    fn kind(&self) -> Kind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Catalog(error) => error.kind(),
            Self::PlanStale => Kind::Conflict,
            Self::Refused(_) | Self::Blocked(_) => Kind::Invalid,
            Self::Unconfirmed(_) => Kind::Refused,
            Self::Setting(problem) => problem.kind,
            Self::NoLayer => Kind::NotFound,
            Self::Install(error) => error.kind(),
            Self::BuiltIn(_) => Kind::Internal,
        }
    }

    fn problem(&self) -> Problem {
        match self {
            Self::Store(error) => error.problem(),
            Self::Catalog(error) => error.problem(),
            Self::PlanStale => {
                Problem::conflict("plan_stale", "the metadata has changed since this plan, plan again", "元数据已变更,请重新生成计划")
            }
            Self::Refused(diagnostics) => diagnostics.first().map_or_else(|| Problem::of_kind(Kind::Invalid), of_diagnostic),
            Self::Blocked(operations) => {
                operations.iter().find(|one| one.risk == Risk::Blocked).map_or_else(|| Problem::of_kind(Kind::Invalid), of_blocked)
            }
            Self::Unconfirmed(paths) => {
                let names = paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ");
                let message = Message::new(format!("confirm these by path first: {names}"), format!("请先逐项确认:{names}"));
                Problem { rule: Some("confirm".into()), message, ..Problem::of_kind(Kind::Refused) }
                    .with("confirmable", true)
                    .with("paths", paths.iter().map(|path| Json::from(path.as_str())).collect::<Vec<_>>())
            }
            Self::Setting(problem) => (**problem).clone(),
            Self::NoLayer => {
                Problem { message: Message::new("there is no such layer", "层不存在"), ..Problem::of_kind(Kind::NotFound) }
            }
            Self::Install(error) => error.problem(),
            Self::BuiltIn(_) => Problem::of_kind(Kind::Internal),
        }
    }
}

/// A diagnostic as a caller of the API meets it.
#[must_use]
pub fn of_diagnostic(diagnostic: &Diagnostic) -> Problem {
    let mut problem = Problem {
        rule: Some(diagnostic.code.into()),
        message: Message::verbatim(diagnostic.message.as_str()),
        ..Problem::of_kind(Kind::Invalid)
    };
    if !diagnostic.path.is_empty() {
        problem = problem.with("element", diagnostic.path.as_str());
    }
    match &diagnostic.help {
        Some(help) => problem.with("help", help.as_str()),
        None => problem,
    }
}

fn of_blocked(operation: &Operation) -> Problem {
    let mut problem = Problem {
        rule: Some(complaint::BLOCKED.into()),
        message: Message::verbatim(format!("cannot {}", operation.text)),
        ..Problem::of_kind(Kind::Invalid)
    };
    problem = problem.with("element", operation.path.as_str());
    if let Some(violations) = operation.violations {
        problem = problem.with("violations", violations);
    }
    match &operation.help {
        Some(help) => problem.with("help", help.as_str()),
        None => problem,
    }
}
