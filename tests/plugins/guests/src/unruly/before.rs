//! What it does before a save.

use tenon_sdk::prelude::*;

/// Does what the name says; false where it says nothing.
pub(crate) fn obey(wish: &str, change: &mut Change) -> Result<bool, Error> {
    match wish {
        "memory" => {
            std::hint::black_box(vec![1_u8; 64 << 20]);
        }
        "output" => change.set("name", "x".repeat(2 << 20)),
        "panic" => panic!("the plugin's own secret"),
        "fail" => return Err(Error::Failed("the plugin's own secret".to_owned())),
        "refuse all" => return Err(Refusal::new("not today").rule("CLOSED").into()),
        "recurse" => change.set("name", recurse(1).to_string()),
        "handles" => crate::things::hoard(100_000),
        "unknown field" => change.set("nobody_has_this", 1),
        "system field" => change.set("version", 7),
        "wrong type" => change.set("close_date", "tomorrow"),
        "no text" => change.set("next_step", no_text()),
        "no words" => change.refuse(Refusal::new(no_text())),
        "empty refusal" => change.refuse(Refusal::new(" ")),
        "error flood" => (0..1_000).for_each(|turn| change.refuse(Refusal::new(format!("no {turn}")))),
        "patch flood" => (0..501).for_each(|turn| change.set(&format!("field_{turn}"), 1)),
        "long refusal" => change.refuse(Refusal::new("no ".repeat(1_000))),
        "clock" => change.set("next_step", format!("{} {}", clock::now(), clock::today())),
        "log" => (0..1_000).for_each(|_| log::info(&"x".repeat(1_000))),
        "loop" => spin(u64::MAX),
        "slow" => spin(3_000_000),
        "call flood" => (0..u64::MAX).for_each(|_| {
            std::hint::black_box(clock::now());
        }),
        "query flood" => (0..1_000).for_each(|_| {
            std::hint::black_box(records::get("account", "0198c1d2-7a3e-7f00-8000-000000000001").is_ok());
        }),
        "write before" => {
            std::hint::black_box(records::create("tag", &[("name", "never".into())]).is_ok());
        }
        "random flood" => change.set("next_step", format!("{}", random::bytes(1 << 20).len())),
        "dirty memory" => change.set("next_step", if dirty() { "dirty" } else { "clean" }),
        "fill memory" => {
            std::hint::black_box(vec![0xa5_u8; 8 << 20]);
            change.set("next_step", "filled");
        }
        "limits" => {
            let left = limits::remaining();
            change.set("next_step", format!("{} {} {} {}", left.fuel > 1_000_000, left.queries, left.writes, left.depth));
        }
        "read" => {
            let data = records::query("{ tags(orderBy: { name: ASC }) { nodes { name } } }", "")?;
            let names: Vec<&str> = data.at("tags.nodes").items().iter().filter_map(|tag| tag.at("name").text()).collect();
            change.set("next_step", format!("tags: {}", names.join(" ")));
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// A text that is none.
fn no_text() -> String {
    // SAFETY: nobody in the guest looks at it, and the host is what this is for.
    unsafe { String::from_utf8_unchecked(vec![0xff, 0xfe, 0x41]) }
}

/// Burns about fourteen units of fuel a turn.
pub(crate) fn spin(turns: u64) {
    let mut turn: u64 = 0;
    while turn < turns {
        turn = std::hint::black_box(turn + 1);
    }
}

#[expect(unconditional_recursion, reason = "the stack's end is what it is after")]
fn recurse(depth: u64) -> u64 {
    recurse(std::hint::black_box(depth) + 1) + depth
}

/// Whether fresh memory holds anything that somebody left there.
#[cfg(target_arch = "wasm32")]
fn dirty() -> bool {
    const PAGE: usize = 64 << 10;
    let first = core::arch::wasm32::memory_grow(0, 100);
    let from = first * PAGE;
    // SAFETY: these pages were added just now, and nobody else in the guest knows of them.
    let fresh = unsafe { std::slice::from_raw_parts(from as *const u64, 100 * PAGE / 8) };
    // In large steps, for looking costs fuel.
    fresh.chunks(8).any(|words| words.iter().fold(0, |held, word| held | word) != 0)
}

#[cfg(not(target_arch = "wasm32"))]
fn dirty() -> bool {
    false
}
