//! What the command line prints: results on stdout, all else on stderr.

use std::fmt::{self, Display};
use std::io::IsTerminal;
use std::process::ExitCode;

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
}

/// How much is told beside results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prose {
    None,
    Usual,
    Full,
}

impl Output {
    pub(crate) const fn new(args: &Args) -> Self {
        let prose = match (args.quiet, args.verbose) {
            (true, _) => Prose::None,
            (false, false) => Prose::Usual,
            (false, true) => Prose::Full,
        };
        Self { json: args.json, prose }
    }

    /// The result: as JSON with `--json`, else in words.
    pub(crate) fn result(&self, json: &Json, words: impl Display) {
        if self.json {
            println!("{json}");
        } else {
            println!("{words}");
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
            eprintln!("{words}");
        }
    }

    /// Progress that overwrites itself on a terminal.
    pub(crate) fn progress(&self, words: impl Display) {
        if self.prose != Prose::None && std::io::stderr().is_terminal() {
            eprint!("\r\x1b[2K{words}");
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
            println!("{}", json!({ "error": members }));
        } else {
            eprintln!("error: {error:#}");
            if let Some(refused) = refused.filter(|_| self.prose == Prose::Full) {
                eprintln!("{:#}", refused.error);
            }
        }
        match refused {
            Some(refused) if refused.is_refusal() => Exit::Refused,
            None if usage => Exit::Usage,
            _ => Exit::Failed,
        }
    }
}
