//! Deep documents are walked on a thread with a stack of their size; others where they are.

use std::thread::Builder;

use tenon_diagnostics::{Kind, Problem};
use tenon_value::Json;

/// Levels that fit the stack of any thread.
const LEVELS_ANYWHERE: usize = 24;
/// Enough for `nesting` levels of the deepest walk, in a build without optimisation.
const STACK_BYTES: usize = 32 * 1024 * 1024;

/// How deep a document and its variables nest, at most.
pub(crate) fn levels<'j>(document: &str, variables: impl Iterator<Item = &'j Json>) -> usize {
    let (mut open, mut most) = (0_usize, 0_usize);
    for byte in document.bytes() {
        match byte {
            b'{' | b'[' | b'(' => {
                open += 1;
                most = most.max(open);
            }
            b'}' | b']' | b')' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    most + variables.map(depth).max().unwrap_or(0)
}

fn depth(json: &Json) -> usize {
    match json {
        Json::Array(elements) => 1 + elements.iter().map(depth).max().unwrap_or(0),
        Json::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Does `work` where `levels` levels of recursion are safe.
///
/// # Errors
/// `UNAVAILABLE` where no thread can be started.
pub(crate) fn deep<T: Send>(levels: usize, work: impl FnOnce() -> T + Send) -> Result<T, Problem> {
    if levels <= LEVELS_ANYWHERE {
        return Ok(work());
    }
    std::thread::scope(|scope| {
        let thread = Builder::new().name("tenon-deep".to_owned()).stack_size(STACK_BYTES).spawn_scoped(scope, work);
        let thread = thread.map_err(|_| Problem::of_kind(Kind::Unavailable))?;
        Ok(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}
