//! The macro that makes a plugin of a type, and writes into the component what it is and where it wants to be asked.

/// Makes a component of a value that implements [`Hooks`](crate::Hooks), and says where it wants to be asked.
///
/// One line per subscription: phase, object, operations, and `on_fault skip` where a save goes on without you if you
/// break (a refusal is never skipped). They are written into the component itself, with the
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
///     after_save: opportunity [create, update, restore] on_fault skip,
///     before_delete: opportunity [delete],
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
    ($plugin:expr, $($phase:ident: $object:ident [$($operation:ident),+ $(,)?] $(on_fault $fate:ident)?),+ $(,)?) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Exports;
            $crate::__exported!($plugin, Exports, Guest [before_save]);
            $crate::__exported!($plugin, Exports, AfterGuest [after_save]);
            $crate::__exported!($plugin, Exports, DeleteGuest [before_delete after_delete]);
            $crate::bindings::export!(Exports with_types_in $crate::bindings);
        };

        const _: () = {
            const ABOUT: &str = ::std::concat!(
                "{\"format\":1,\"package\":\"", ::std::env!("CARGO_PKG_NAME"),
                "\",\"version\":\"", ::std::env!("CARGO_PKG_VERSION"),
                "\",\"contract\":\"tenon:plugin@1.0.0\",\"hooks\":[",
                $crate::__hooks!($([$phase $object [$($fate)?] $($operation)+])+),
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
    ([$phase:ident $object:ident [$($fate:ident)?] $($operation:ident)+] $($rest:tt)+) => {
        ::std::concat!(
            $crate::__hooks!([$phase $object [$($fate)?] $($operation)+]), ",", $crate::__hooks!($($rest)+)
        )
    };
    ([$phase:ident $object:ident [$($fate:ident)?] $($operation:ident)+]) => {
        ::std::concat!(
            "{\"phase\":\"", $crate::__word!(phase $phase), "\",\"object\":\"", ::std::stringify!($object),
            "\",", $crate::__word!(fate $($fate)?), "\"operations\":[", $crate::__operations!($($operation)+), "]}",
        )
    };
}

/// The functions of one interface, carried to the plugin.
#[doc(hidden)]
#[macro_export]
macro_rules! __exported {
    ($plugin:expr, $exports:ident, $guest:ident [$($hook:ident)+]) => {
        impl $crate::guest::$guest for $exports {
            $(fn $hook(
                object: ::std::string::String,
                operation: $crate::guest::Operation,
                changes: ::std::vec::Vec<$crate::guest::Change>,
            ) -> ::std::result::Result<::std::vec::Vec<$crate::guest::Verdict>, $crate::guest::Error> {
                $crate::guest::$hook(&$plugin, &object, operation, changes)
            })+
        }
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
    (phase after_save) => {
        "after_save"
    };
    (phase before_delete) => {
        "before_delete"
    };
    (phase after_delete) => {
        "after_delete"
    };
    (operation create) => {
        "create"
    };
    (operation update) => {
        "update"
    };
    (operation delete) => {
        "delete"
    };
    (operation restore) => {
        "restore"
    };
    (fate) => {
        ""
    };
    (fate refuse) => {
        "\"on_fault\":\"refuse\","
    };
    (fate skip) => {
        "\"on_fault\":\"skip\","
    };
}
