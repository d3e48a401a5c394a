//! A plugin that misbehaves as the name of the record asks it to.

use std::sync::atomic::{AtomicU32, Ordering};

use tenon_sdk::prelude::*;

/// Calls this instance has seen; a host that keeps instances makes it pass 1.
static CALLS: AtomicU32 = AtomicU32::new(0);

struct Unruly;

impl Hooks for Unruly {
    fn before_save_all(&self, changes: &mut [Change]) -> Result<(), Error> {
        let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
        let size = changes.len();
        for change in changes {
            let wish = change.text("name").unwrap_or_default().to_owned();
            match wish.as_str() {
                "memory" => {
                    std::hint::black_box(vec![1_u8; 64 << 20]);
                }
                "output" => change.set("name", "x".repeat(2 << 20)),
                "panic" => panic!("the plugin's own secret"),
                "fail" => return Err(Error::Failed("the plugin's own secret".to_owned())),
                "refuse all" => return Err(Refusal::new("not today").rule("CLOSED").into()),
                "recurse" => change.set("name", recurse(1).to_string()),
                "unknown field" => change.set("nobody_has_this", 1),
                "system field" => change.set("version", 7),
                "wrong type" => change.set("close_date", "tomorrow"),
                "empty refusal" => change.refuse(Refusal::new(" ")),
                "clock" => change.set("next_step", format!("{} {}", clock::now(), clock::today())),
                "log" => (0..1_000).for_each(|_| log::info(&"x".repeat(1_000))),
                _ => change.set("next_step", format!("call {calls} of {size}")),
            }
        }
        Ok(())
    }
}

#[expect(unconditional_recursion, reason = "the stack's end is what it is after")]
fn recurse(depth: u64) -> u64 {
    recurse(std::hint::black_box(depth) + 1) + depth
}

tenon_sdk::export! {
    Unruly,
    before_save: opportunity [create],
}
