//! The contract as `wit-bindgen` writes it down in Rust. Nobody writes plugins against this; it follows `sdk/wit`.

#[expect(clippy::allow_attributes, reason = "which lints there are depends on the workspace that compiles this crate")]
#[allow(missing_docs, unsafe_code, unreachable_pub, reason = "generated: the canonical ABI is pointers and lengths")]
mod generated {
    wit_bindgen::generate!({
        path: "../wit",
        world: "plugin",
        pub_export_macro: true,
        default_bindings_module: "tenon_sdk::bindings",
    });
}

pub use generated::*;
