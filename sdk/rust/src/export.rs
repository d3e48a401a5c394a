//! The macro that makes a plugin of a type, and writes into the component what it is and where it wants to be asked.

/// Makes a component of a value that implements [`Hooks`](crate::Hooks), and says where it wants to be asked.
///
/// One line per subscription: phase, object, operations. They are written into the component itself, with the
/// crate's name (`-` becomes `_`) and version as the package's: code and manifest cannot drift apart.
///
/// ```
/// use tenon_sdk::prelude::*;
///
/// struct Hello;
/// impl Hooks for Hello {}
///
/// tenon_sdk::export! {
///     Hello,
///     before_save: opportunity [create, update],
///     before_save: contact [create],
/// }
/// ```
///
/// Words that Tenon does not know do not compile:
///
/// ```compile_fail
/// # use tenon_sdk::prelude::*;
/// # struct Hello;
/// # impl Hooks for Hello {}
/// tenon_sdk::export! { Hello, before_save: opportunity [insert] }
/// ```
#[macro_export]
macro_rules! export {
    ($plugin:expr, $($phase:ident: $object:ident [$($operation:ident),+ $(,)?]),+ $(,)?) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Exports;
            impl $crate::guest::Guest for Exports {
                fn before_save(
                    object: ::std::string::String,
                    operation: $crate::guest::Operation,
                    changes: ::std::vec::Vec<$crate::guest::Change>,
                ) -> ::std::result::Result<
                    ::std::vec::Vec<$crate::guest::Verdict>,
                    $crate::guest::Error,
                > {
                    $crate::guest::before_save(&$plugin, &object, operation, changes)
                }
            }
            $crate::bindings::export!(Exports with_types_in $crate::bindings);
        };

        const _: () = {
            const ABOUT: &str = ::std::concat!(
                "{\"format\":1,\"package\":\"", ::std::env!("CARGO_PKG_NAME"),
                "\",\"version\":\"", ::std::env!("CARGO_PKG_VERSION"),
                "\",\"contract\":\"tenon:plugin@1.0.0\",\"hooks\":[",
                $crate::__hooks!($([$phase $object $($operation)+])+),
                "]}",
            );
            #[cfg_attr(target_arch = "wasm32", unsafe(link_section = "tenon:hooks"), used)]
            static SECTION: [u8; ABOUT.len()] = $crate::guest::bytes(ABOUT);
            // Natively there is no section; the plugin is still held to what the component will need.
            const _: &dyn $crate::Hooks = &$plugin;
            const _: &[u8] = &SECTION;
        };
    };
}

/// The subscriptions as JSON.
#[doc(hidden)]
#[macro_export]
macro_rules! __hooks {
    ([$phase:ident $object:ident $($operation:ident)+] $($rest:tt)+) => {
        ::std::concat!($crate::__hooks!([$phase $object $($operation)+]), ",", $crate::__hooks!($($rest)+))
    };
    ([$phase:ident $object:ident $($operation:ident)+]) => {
        ::std::concat!(
            "{\"phase\":\"", $crate::__word!(phase $phase), "\",\"object\":\"", ::std::stringify!($object),
            "\",\"operations\":[", $crate::__operations!($($operation)+), "]}",
        )
    };
}

/// A list of operations as JSON.
#[doc(hidden)]
#[macro_export]
macro_rules! __operations {
    ($operation:ident $($rest:ident)+) => {
        ::std::concat!($crate::__operations!($operation), ",", $crate::__operations!($($rest)+))
    };
    ($operation:ident) => {
        ::std::concat!("\"", $crate::__word!(operation $operation), "\"")
    };
}

/// The words there are; others have no rule, and so do not compile.
#[doc(hidden)]
#[macro_export]
macro_rules! __word {
    (phase before_save) => {
        "before_save"
    };
    (operation create) => {
        "create"
    };
    (operation update) => {
        "update"
    };
}
