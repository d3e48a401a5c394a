//! Why a plugin was not taken in.

use tenon_diagnostics::{Classify, Kind, Problem};

use crate::COMPONENT_BYTES_MAX;

/// Why a plugin was not taken in. Whoever installs it reads this; nothing runs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Larger than [`COMPONENT_BYTES_MAX`].
    #[error("the component has {0} bytes, more than {COMPONENT_BYTES_MAX}")]
    TooLarge(usize),
    /// Not a component at all.
    #[error("this is no WebAssembly component: {0}")]
    NotAComponent(String),
    /// The section with name, version and subscriptions is missing or wrong.
    #[error("the component does not say what it is: {0}")]
    Undescribed(String),
    /// It imports what no plugin is granted.
    #[error("the component imports `{0}`, which is not granted to it")]
    NotGranted(String),
    /// It lacks an export that its subscriptions need, or one has another form.
    #[error("the component does not fit the contract: {0}")]
    Contract(String),
    /// It asks to be asked where nobody would ever ask it.
    #[error("`{phase}` is never called for `{operation}`")]
    NeverCalled {
        /// The phase's word.
        phase: String,
        /// The operation's word.
        operation: String,
    },
    /// The engine does not start on this machine.
    #[error("plugins cannot run on this machine")]
    Engine(String),
    /// Not a recorded call, or a damaged one.
    #[error("this is no recorded call: {0}")]
    NotATrace(String),
    /// The file cannot be read.
    #[error("cannot read `{file}`: {reason}")]
    File {
        /// Which file.
        file: String,
        /// What the system said.
        reason: String,
    },
}

impl LoadError {
    /// The stable word for programs.
    const fn rule(&self) -> &'static str {
        match self {
            Self::TooLarge(_) => "plugin/too-large",
            Self::NotAComponent(_) => "plugin/not-a-component",
            Self::Undescribed(_) => "plugin/undescribed",
            Self::NotGranted(_) => "plugin/not-granted",
            Self::Contract(_) => "plugin/contract",
            Self::NeverCalled { .. } => "plugin/never-called",
            Self::Engine(_) => "plugin/engine",
            Self::NotATrace(_) => "plugin/trace",
            Self::File { .. } => "plugin/file",
        }
    }
}

impl Classify for LoadError {
    fn kind(&self) -> Kind {
        match self {
            Self::Engine(_) => Kind::Internal,
            _ => Kind::Invalid,
        }
    }

    fn problem(&self) -> Problem {
        match self {
            Self::Engine(_) => Problem::of_kind(Kind::Internal),
            _ => Problem::invalid(self.rule(), self.to_string(), format!("插件无法安装:{self}")),
        }
    }
}
