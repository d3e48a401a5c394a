//! Why a hook gave no verdicts.

use tenon_diagnostics::{Classify, Kind, Message, Problem};

use crate::Refusal;

/// A plugin broke: nothing is saved, and the caller learns which plugin it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `package@version`.
    pub package: String,
    /// Word of the limit it crossed: `fuel`, `memory`, `wall`, `output` …
    pub limit: Option<&'static str>,
    /// What happened, for operators' logs only.
    pub detail: String,
}

/// Why a hook gave no verdicts.
#[derive(Clone, Debug, thiserror::Error)]
pub enum HookError {
    /// The whole save is refused, not a record of it.
    #[error("a plugin refused the save")]
    Refused(Refusal),
    /// A plugin broke.
    #[error("plugin `{}` failed", .0.package)]
    Fault(Fault),
    /// Nobody has what was called: its package is not installed any more, or has another version.
    #[error("`{0}` is not there to be called")]
    NotOffered(String),
    /// Every place for a plugin to run in stayed taken.
    #[error("no plugin can run for the moment")]
    Busy,
    /// The transaction ended under a plugin; whoever ended it knows why.
    #[error("the transaction ended while a plugin ran")]
    Stopped,
}

impl Classify for HookError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused(_) => Kind::Refused,
            Self::Fault(_) => Kind::PluginFault,
            Self::NotOffered(_) => Kind::NotFound,
            Self::Busy | Self::Stopped => Kind::Unavailable,
        }
    }

    fn problem(&self) -> Problem {
        match self {
            Self::Refused(refusal) => refusal.unplaced(),
            Self::Fault(fault) => fault.problem(),
            Self::NotOffered(name) => Problem::of_kind(Kind::NotFound).with("what", "plugin").with("name", name.as_str()),
            Self::Busy | Self::Stopped => Problem::of_kind(self.kind()),
        }
    }
}

impl Fault {
    /// As callers read it: who, and which limit; never what went on inside.
    fn problem(&self) -> Problem {
        let package = &self.package;
        let message = match self.limit {
            Some(limit) => Message::new(
                format!("plugin `{package}` failed: it crossed its limit `{limit}`"),
                format!("插件 `{package}` 运行出错:超出限制 `{limit}`"),
            ),
            None => Message::new(format!("plugin `{package}` failed"), format!("插件 `{package}` 运行出错")),
        };
        Problem { limit: self.limit, message, package: Some(package.clone()), ..Problem::of_kind(Kind::PluginFault) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_its_authors_words() {
        let refusal =
            Refusal {
                package: "sales".to_owned(), rule: Some("DAILY_LIMIT".to_owned()), message: "今天到此为止".to_owned(), field: None
            };
        let problem = HookError::Refused(refusal).problem();
        assert_eq!(problem.kind, Kind::Refused);
        assert_eq!(problem.rule.as_deref(), Some("DAILY_LIMIT"));
        assert_eq!((problem.message.en.as_str(), problem.message.zh.as_str()), ("今天到此为止", "今天到此为止"));
        assert_eq!(problem.package.as_deref(), Some("sales"));
        assert_eq!(problem.details, [("confirmable", tenon_value::Json::Bool(false))]);
    }

    #[test]
    fn a_fault_names_plugin_and_limit_and_nothing_else() {
        let fault =
            Fault { package: "sales@1.2.0".to_owned(), limit: Some("fuel"), detail: "wasm trap: all fuel consumed at 0x1f3".to_owned() };
        let error = HookError::Fault(fault);
        let problem = error.problem();
        assert_eq!(problem.kind.code(), "PLUGIN_FAULT");
        assert_eq!(problem.limit, Some("fuel"));
        assert_eq!(problem.package.as_deref(), Some("sales@1.2.0"));
        assert_eq!(problem.message.en, "plugin `sales@1.2.0` failed: it crossed its limit `fuel`");
        assert!(!error.to_string().contains("trap"));
    }
}
