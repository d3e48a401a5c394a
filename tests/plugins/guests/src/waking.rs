//! A guest that takes time to begin, as one that brings an engine of its own language: it counts how often it was warmed and
//! how often it was asked, and tells both.

use std::sync::atomic::{AtomicU32, Ordering};

use bindings::exports::tenon::plugin::record_hooks::{Change, Error, Operation, Verdict};
use bindings::tenon::plugin::{log, types};

mod bindings {
    //! Of the contract only what this fixture needs.
    wit_bindgen::generate!({
        path: "../../../sdk/wit",
        inline: "
            package tenon:waking@1.0.0;
            world waking {
                import tenon:plugin/log@1.0.0;
                export tenon:plugin/record-hooks@1.0.0;
                export tenon:plugin/warm-hooks@1.0.0;
            }
        ",
        generate_all,
    });
}

/// What the host is told of it; the SDK's `export!` writes the same for others.
const ABOUT: &[u8] = br#"{"format":1,"package":"waking","version":"1.0.0","contract":"tenon:plugin@1.0.0","size":"large",
    "hooks":[{"phase":"before_save","object":"opportunity","operations":["create"]}]}"#;

#[unsafe(link_section = "tenon:hooks")]
#[used]
static SECTION: [u8; ABOUT.len()] = {
    let mut bytes = [0; ABOUT.len()];
    let mut at = 0;
    while at < bytes.len() {
        bytes[at] = ABOUT[at];
        at += 1;
    }
    bytes
};

static WARMED: AtomicU32 = AtomicU32::new(0);
static ASKED: AtomicU32 = AtomicU32::new(0);

struct Waking;

impl bindings::exports::tenon::plugin::warm_hooks::Guest for Waking {
    fn warm() {
        log::write(log::Level::Info, "nobody reads this");
        // Some work, so that it shows in the fuel where it is counted.
        for _ in 0..100_000 {
            std::hint::black_box(WARMED.load(Ordering::Relaxed));
        }
        WARMED.fetch_add(1, Ordering::Relaxed);
    }
}

impl bindings::exports::tenon::plugin::record_hooks::Guest for Waking {
    fn before_save(_: String, _: Operation, _: Vec<Change>) -> Result<Vec<Verdict>, Error> {
        let asked = ASKED.fetch_add(1, Ordering::Relaxed) + 1;
        let message = format!("warmed {}, asked {asked}", WARMED.load(Ordering::Relaxed));
        Err(Error::Refused(types::Refusal { rule: None, message, field: None }))
    }
}

bindings::export!(Waking with_types_in bindings);
