//! Text → CEL's tree, on a stack of its own, and remembered: tenants share the rules that packages bring.
//!
//! Invariant: the parser runs behind [`crate::scan::guard`], on a thread whose stack bears what that lets through.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use cel::common::ast::{IdedExpr, SourceInfo};
use cel::parser::{ParseError, Parser};

use crate::Fault;
use crate::fault::{SYNTAX, TOO_LARGE};
use crate::scan;

/// A debug build aborts at 60 parentheses on the stack a thread has by default.
const STACK_BYTES: usize = 16 * 1024 * 1024;
/// Brackets within brackets that any stack bears.
const SHALLOW: usize = 8;
/// Texts remembered; when there are more, all are forgotten.
const REMEMBERED_MAX: usize = 2048;
/// One mistake brings others with it: who mends these will see the rest.
const FAULTS_MAX: usize = 5;

/// CEL's tree, and where each part of it stands.
pub(crate) struct Parsed {
    pub(crate) tree: IdedExpr,
    pub(crate) places: SourceInfo,
    /// Whether it may be walked on any stack.
    pub(crate) is_shallow: bool,
}

static REMEMBERED: LazyLock<Mutex<HashMap<String, Arc<Parsed>>>> = LazyLock::new(Mutex::default);

/// Runs `work` with room for recursion.
pub(crate) fn with_room<T: Send>(work: impl FnOnce() -> Result<T, Vec<Fault>> + Send) -> Result<T, Vec<Fault>> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("rule".to_owned()).stack_size(STACK_BYTES).spawn_scoped(scope, work);
        let done = thread.ok().and_then(|thread| thread.join().ok());
        done.unwrap_or_else(|| Err(vec![Fault::new(TOO_LARGE, 0..0, "the rule could not be read")]))
    })
}

/// Reads a text, or remembers it.
pub(crate) fn parse(source: &str) -> Result<Arc<Parsed>, Vec<Fault>> {
    let nesting = scan::guard(source).map_err(|fault| vec![fault])?;
    if let Some(parsed) = REMEMBERED.lock().unwrap_or_else(PoisonError::into_inner).get(source) {
        return Ok(Arc::clone(parsed));
    }
    let (tree, places) = with_room(|| read(source))?;
    let parsed = Arc::new(Parsed { tree, places, is_shallow: nesting <= SHALLOW });
    let mut remembered = REMEMBERED.lock().unwrap_or_else(PoisonError::into_inner);
    if remembered.len() >= REMEMBERED_MAX {
        remembered.clear();
    }
    remembered.insert(source.to_owned(), Arc::clone(&parsed));
    Ok(parsed)
}

fn read(source: &str) -> Result<(IdedExpr, SourceInfo), Vec<Fault>> {
    if source.trim().is_empty() {
        return Err(vec![Fault::new(SYNTAX, 0..source.len(), "the rule is empty").help("leave the key out where there is no rule")]);
    }
    let read = Parser::new().parse_with_source_info(source);
    read.map_err(|errors| errors.errors.iter().take(FAULTS_MAX).map(|error| told(source, error)).collect())
}

fn told(source: &str, error: &ParseError) -> Fault {
    let at = place(source, error.pos);
    let here = source.get(at.start..).unwrap_or_default().trim_start();
    let fault = |message: String| Fault::new(SYNTAX, at.clone(), message);
    if here.starts_with('=') && !here.starts_with("==") {
        return fault("`=` does not compare".to_owned()).help("write `==`");
    }
    let word: String = here.chars().take_while(|letter| letter.is_alphabetic()).collect();
    let instead = match word.as_str() {
        "and" | "AND" => Some("&&"),
        "or" | "OR" => Some("||"),
        "not" | "NOT" => Some("!"),
        _ => None,
    };
    if let Some(instead) = instead {
        return fault(format!("`{word}` is no word of a rule")).help(format!("write `{instead}`"));
    }
    if here.is_empty() {
        return fault("the rule ends where something is missing".to_owned());
    }
    let message = error.msg.strip_prefix("Syntax error: ").unwrap_or(&error.msg);
    // The parser lists all tokens it knows; the place says it better.
    let message = message.split(" expecting ").next().unwrap_or(message).replace('\'', "`");
    fault(format!("this is no CEL: {message}"))
}

/// Line and column, both from 1 and in letters, as bytes.
fn place(source: &str, (line, column): (isize, isize)) -> Range<usize> {
    let line_no = usize::try_from(line).unwrap_or(1).max(1);
    let before: usize = source.split_inclusive('\n').take(line_no - 1).map(str::len).sum();
    let text = source.get(before..).unwrap_or_default();
    let skipped = usize::try_from(column).unwrap_or(1).max(1) - 1;
    let start = text.char_indices().nth(skipped).map_or(source.len(), |(at, _)| before + at);
    let length = source.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    start..start + length
}
