//! What the command line prints: results on stdout, all else on stderr.

use std::fmt::{self, Display};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use tenon_value::Json;

use crate::args::Args;
use crate::client::Refused;

/// How a verb ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    Failed,
    /// The command line itself makes no sense.
    Usage,
    /// `plan --exit-code` with changes (as terraform has it; the same number as a usage error).
    Changes,
    /// Refused, or a question was not answered with yes.
    Refused,
    /// Some rows failed.
    Partial,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage | Exit::Changes => 2,
            Exit::Refused => 3,
            Exit::Partial => 4,
        })
    }
}

/// Something is missing on the command line; what, and how to give it.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) &'static str);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Usage {}

/// Where results and prose go.
#[derive(Clone)]
pub(crate) struct Output {
    json: bool,
    prose: Prose,
    /// A result could not be written.
    lost: Arc<AtomicBool>,
}

/// How much is told beside results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prose {
    None,
    Usual,
    Full,
}

/// A line beside the result. Where nobody can be told there is nobody to tell that.
fn tell(words: impl Display) {
    drop(writeln!(io::stderr(), "{words}"));
}

impl Output {
    pub(crate) fn new(args: &Args) -> Self {
        let prose = match (args.quiet, args.verbose) {
            (true, _) => Prose::None,
            (false, false) => Prose::Usual,
            (false, true) => Prose::Full,
        };
        Self { json: args.json, prose, lost: Arc::default() }
    }

    /// A line of a result. Whoever reads no further, as `head` does, has seen enough; anything else makes the verb one that failed.
    fn print(&self, words: impl Display) {
        match writeln!(io::stdout(), "{words}") {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                tell(format_args!("error: cannot write the result: {error}"));
                self.lost.store(true, Ordering::Relaxed);
            }
            _ => {}
        }
    }

    /// How the program ends after a verb that ended so.
    pub(crate) fn ended(&self, exit: Exit) -> Exit {
        if self.lost.load(Ordering::Relaxed) { Exit::Failed } else { exit }
    }

    /// The result: as JSON with `--json`, else in words.
    pub(crate) fn result(&self, json: &Json, words: impl Display) {
        if self.json {
            self.print(json);
        } else {
            self.print(words);
        }
    }

    /// The result of something that was looked at and has mistakes: a result, and an `error` that names the first of them.
    pub(crate) fn mistakes(&self, mut json: Json, diagnostics: &[Json], words: impl Display) {
        let first = diagnostics.iter().find(|one| one.get("severity") == Some(&Json::from("error")));
        if let (Some(first), Some(members)) = (first, json.as_object_mut()) {
            let error = json!({ "code": "INVALID", "rule": first.get("code"), "message": first.get("message"), "help": first.get("help") });
            members.insert("error".to_owned(), error);
        }
        self.result(&json, words);
    }

    /// Prose and progress.
    pub(crate) fn say(&self, words: impl Display) {
        if self.prose != Prose::None {
            tell(words);
        }
    }

    /// Progress that overwrites itself on a terminal.
    pub(crate) fn progress(&self, words: impl Display) {
        if self.prose != Prose::None && std::io::stderr().is_terminal() {
            // As in `tell`.
            drop(write!(io::stderr(), "\r\x1b[2K{words}"));
        }
    }

    /// A failure; its exit says whether the server refused.
    pub(crate) fn failure(&self, error: &anyhow::Error) -> Exit {
        let refused = error.downcast_ref::<Refused>();
        let usage = error.is::<Usage>();
        if self.json {
            // Without a word of the server: it was not reached, or something here (a file, an argument) is wrong.
            let code = if error.is::<ureq::Error>() { "UNAVAILABLE" } else { "INVALID" };
            let members = refused.map_or_else(|| json!({ "code": code, "message": format!("{error:#}") }), |refused| refused.error.clone());
            self.print(json!({ "error": members }));
        } else {
            tell(format_args!("error: {error:#}"));
            if let Some(refused) = refused.filter(|_| self.prose == Prose::Full) {
                tell(format_args!("{:#}", refused.error));
            }
        }
        match refused {
            Some(refused) if refused.is_refusal() => Exit::Refused,
            None if usage => Exit::Usage,
            _ => Exit::Failed,
        }
    }
}
