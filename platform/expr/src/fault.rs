//! What is wrong with the text of a rule, and where.

use std::ops::Range;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `rule/syntax`, `rule/unknown-name`, `rule/type`, `rule/too-large`, `rule/unsupported`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Bytes of the source.
    pub at: Range<usize>,
}

/// It is no CEL.
pub(crate) const SYNTAX: &str = "rule/syntax";
/// A name that leads nowhere.
pub(crate) const UNKNOWN_NAME: &str = "rule/unknown-name";
/// Things that do not go together.
pub(crate) const TYPE: &str = "rule/type";
/// Beyond a limit.
pub(crate) const TOO_LARGE: &str = "rule/too-large";
/// CEL, but not for rules.
pub(crate) const UNSUPPORTED: &str = "rule/unsupported";

impl Fault {
    pub(crate) fn new(code: &'static str, at: Range<usize>, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: None, at }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
