//! A plugin that does as the name of the record asks it to, at every moment there is: most of it should not be done.
//!
//! `before …` is asked for in `before_save`, `after …` in `after_save`; accounts are asked about with `on_fault skip`.

mod after;
mod before;
mod things;

use std::sync::atomic::{AtomicU32, Ordering};

use tenon_sdk::prelude::*;

/// Calls this instance has seen; a host that keeps instances makes it pass 1.
static CALLS: AtomicU32 = AtomicU32::new(0);

struct Unruly;

impl Hooks for Unruly {
    fn before_save_all(&self, changes: &mut [Change]) -> Result<(), Error> {
        let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
        let size = changes.len();
        for change in changes.iter_mut().filter(|change| change.object() == "opportunity") {
            let wish = change.text("name").unwrap_or_default().to_owned();
            if !before::obey(&wish, change)? && !wish.starts_with("after ") && wish != "keep" {
                change.set("next_step", format!("call {calls} of {size}"));
            }
        }
        Ok(())
    }

    fn after_save(&self, change: &Change) -> Result<(), Error> {
        let wish = change.text("name").unwrap_or_default().to_owned();
        after::obey(&wish, change)
    }

    fn before_delete(&self, change: &Change) -> Result<(), Refusal> {
        match change.text("name") {
            Some("keep") => Err(Refusal::new("it stays").rule("KEEP")),
            Some("panic early") => panic!("the plugin's own secret"),
            Some("after write") => {
                // Nothing is written here: the host ends it.
                let done = records::create("tag", &[("name", "never".into())]);
                Err(Refusal::new(format!("{done:?}")))
            }
            _ => Ok(()),
        }
    }

    fn after_delete(&self, change: &Change) -> Result<(), Error> {
        records::create("tag", &[("name", format!("gone {}", change.text("name").unwrap_or_default()).into())])?;
        if change.text("name") == Some("panic late") {
            panic!("the plugin's own secret")
        }
        Ok(())
    }
}

tenon_sdk::export! {
    Unruly,
    before_save: opportunity [create],
    after_save: opportunity [create, update, restore],
    after_save: account [create] on_fault skip,
    before_delete: opportunity [delete],
    after_delete: opportunity [delete],
}
