//! Compiled patterns of text fields, kept by their source: many fields, few patterns.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use regex_lite::Regex;

/// Patterns kept at most; beyond, the cache begins anew.
const KEPT_MAX: usize = 4_096;

static KEPT: LazyLock<RwLock<HashMap<String, Option<Arc<Regex>>>>> = LazyLock::new(RwLock::default);

/// Whether the whole text matches. A pattern that cannot be compiled matches nothing: the compiler has refused it before.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    if let Some(kept) = KEPT.read().unwrap_or_else(PoisonError::into_inner).get(pattern) {
        return kept.as_ref().is_some_and(|regex| regex.is_match(text));
    }
    let compiled = Regex::new(&format!("^(?:{pattern})$")).ok().map(Arc::new);
    let matched = compiled.as_ref().is_some_and(|regex| regex.is_match(text));
    let mut kept = KEPT.write().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= KEPT_MAX {
        kept.clear();
    }
    kept.insert(pattern.to_owned(), compiled);
    matched
}
