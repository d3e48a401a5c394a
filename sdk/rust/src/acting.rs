//! As whom you read and write records: as your caller, unless you say otherwise.
//!
//! Natively everybody may everything, so nothing differs.

use crate::Problem;

#[cfg(target_arch = "wasm32")]
fn switch(on: bool) -> Result<bool, Problem> {
    crate::bindings::tenon::plugin::acting::as_itself(on).map_err(crate::wire::problem)
}

#[cfg(not(target_arch = "wasm32"))]
#[expect(clippy::unnecessary_wraps, reason = "at the host it may be declined")]
fn switch(on: bool) -> Result<bool, Problem> {
    Ok(!on)
}

/// Does some work as your package itself: what your caller may and sees is not asked, your own grant is as far as it goes.
///
/// For what your package answers for and its caller could not do alone: the next lead of a pool that he may not write.
/// Check first whether he should. He stays the author of what is written. Everything outside of `work` is done as he may.
///
/// ```
/// use tenon_sdk::{acting, records};
/// let saved = acting::as_itself(|| records::create("lead", &[("city", "Bonn".into())])).unwrap();
/// assert!(saved.created);
/// ```
///
/// # Errors
/// Those of the work; `FORBIDDEN` where your package was not granted `acting`.
pub fn as_itself<T, E: From<Problem>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let before = switch(true)?;
    let done = work();
    switch(before)?;
    done
}
