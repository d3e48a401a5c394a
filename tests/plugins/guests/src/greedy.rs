//! A plugin that imports a function nobody grants.

use tenon_sdk::prelude::*;

mod bindings {
    //! An interface of its own invention.
    wit_bindgen::generate!({
        inline: "
            package acme:files@1.0.0;
            interface disk { read: func(path: string) -> string; }
            world greedy { import disk; }
        ",
    });
}

struct Greedy;

impl Hooks for Greedy {
    fn before_save(&self, change: &mut Change) -> Result<(), Refusal> {
        change.set("name", bindings::acme::files::disk::read("/etc/passwd"));
        Ok(())
    }
}

tenon_sdk::export! {
    Greedy,
    before_save: opportunity [create],
}
