//! A plugin whose table has more room than any may have: `build.rs` of the crate has it begin behind the ten-thousandth place.

use tenon_sdk::prelude::*;

struct Tables;

impl Hooks for Tables {
    fn before_save(&self, change: &mut Change) -> Result<(), Refusal> {
        change.set("name", "never");
        Ok(())
    }
}

tenon_sdk::export! {
    Tables,
    before_save: opportunity [create],
}
