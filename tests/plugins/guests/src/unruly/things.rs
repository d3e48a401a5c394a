//! Things of an interface of its own, each of which takes a handle that the host keeps.

mod bindings {
    wit_bindgen::generate!({
        inline: "
            package acme:things@1.0.0;
            interface things { resource thing { constructor(); } }
            world hoarder { export things; }
        ",
    });
}

use bindings::exports::acme::things::things::{Guest, GuestThing, Thing};

struct Things;
struct Nothing;

impl Guest for Things {
    type Thing = Nothing;
}

impl GuestThing for Nothing {
    fn new() -> Self {
        Self
    }
}

/// Takes so many handles, and gives none back.
pub(crate) fn hoard(count: u32) {
    for _ in 0..count {
        std::mem::forget(Thing::new(Nothing));
    }
}

#[cfg(target_arch = "wasm32")]
bindings::export!(Things with_types_in bindings);
