//! The looping twin of `hello`: a `before_save` that never comes back.

use tenon_sdk::prelude::*;

struct Looping;

impl Hooks for Looping {
    fn before_save(&self, change: &mut Change) -> Result<(), Refusal> {
        let mut turns: u64 = 0;
        while !change.is_empty("name") {
            turns = std::hint::black_box(turns.wrapping_add(1));
        }
        Ok(())
    }
}

tenon_sdk::export! {
    Looping,
    before_save: opportunity [create, update],
}
