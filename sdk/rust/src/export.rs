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
///     computed: account.hello_health from [rating, employee_count],
///     action: claim { leads: id many required, note: text } -> { left: integer },
///     query: best { zip: text required } -> { names: text many, total: integer },
///     event: lead [create, update],
///     job: remind,
///     job: recycle cron "0 2 * * *",
///     endpoint: orders POST "/orders" hmac(shop_key) in "x-shop-signature",
///     endpoint: paid POST "/paid" webhook(paid_key),
///     endpoint: stock GET "/stock" key,
///     endpoint: ping GET "/ping" none,
///     lifecycle: [install, upgrade, uninstall],
/// }
/// ```
///
/// `lifecycle` says at which moments of its package's life the plugin is called.
///
/// A computed field says of which fields and relations of its record it is made.
///
/// An endpoint lies at `/t/TENANT/x/PACKAGE/orders` and says who is let in: `hmac` who signs the body with a secret of your manifest
/// (`use: [verify]`; in hexadecimal or base64, after `sha256=` or not), `webhook` who signs as Standard Webhooks says, `key` who has a
/// key of the tenant, `none` anybody.
///
/// An action says what goes in (`required`, or a list: `many`) and what comes out: `text` `integer` `decimal` `boolean` `date`
/// `datetime` `id` `json`. It becomes a mutation of the data API: `helloClaim(input: HelloClaimInput!): HelloClaimResult!`. A query is
/// written like an action and becomes a field of its queries, which may be null: `helloBest(input: HelloBestInput!): HelloBestResult`. A
/// job may have times of a calendar, by the wall clock of the tenant's zone: minute, hour, day of month, month, day of week.
/// What the calendar starts acts as your package itself, within its grant.
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
    ($plugin:expr, $($lines:tt)+) => {
        $crate::__lines!([$plugin] [] [] [] [] [] [] [] $($lines)+);
    };
}

/// Sorts the lines into hooks, actions, jobs, queries and endpoints, then writes the component.
#[doc(hidden)]
#[macro_export]
macro_rules! __lines {
    ([$plugin:expr] [$($hooks:tt)*] [$($actions:tt)*] [$($jobs:tt)*] [$($queries:tt)*] [$($endpoints:tt)*] [$($computed:tt)*] [$($life:tt)*]
        action: $name:ident { $($input:tt)* } -> { $($output:tt)* } $(, $($rest:tt)*)?) => {
        $crate::__lines!(
            [$plugin] [$($hooks)*] [$($actions)* [$name { $($input)* } { $($output)* }]] [$($jobs)*] [$($queries)*] [$($endpoints)*] [$($computed)*] [$($life)*] $($($rest)*)?
        );
    };
    ([$plugin:expr] [$($hooks:tt)*] [$($actions:tt)*] [$($jobs:tt)*] [$($queries:tt)*] [$($endpoints:tt)*] [$($computed:tt)*] [$($life:tt)*]
        query: $name:ident { $($input:tt)* } -> { $($output:tt)* } $(, $($rest:tt)*)?) => {
        $crate::__lines!(
            [$plugin] [$($hooks)*] [$($actions)*] [$($jobs)*]
            [$($queries)* [$name { $($input)* } { $($output)* }]] [$($endpoints)*] [$($computed)*] [$($life)*] $($($rest)*)?
        );
    };
    ([$plugin:expr] [$($hooks:tt)*] [$($actions:tt)*] [$($jobs:tt)*] [$($queries:tt)*] [$($endpoints:tt)*] [$($computed:tt)*] [$($life:tt)*]
        computed: $object:ident.$field:ident from [$($from:ident),+ $(,)?] $(, $($rest:tt)*)?) => {
        $crate::__lines!(
            [$plugin] [$($hooks)*] [$($actions)*] [$($jobs)*] [$($queries)*] [$($endpoints)*]
            [$($computed)* [$object $field $($from)+]] [$($life)*] $($($rest)*)?
        );
    };
    ([$plugin:expr] [$($hooks:tt)*] [$($actions:tt)*] [$($jobs:tt)*] [$($queries:tt)*] [$($endpoints:tt)*] [$($computed:tt)*] [$($life:tt)*]
        job: $name:ident $(cron $times:literal)? $(, $($rest:tt)*)?) => {
        $crate::__lines!([$plugin] [$($hooks)*] [$($actions)*] [$($jobs)* [$name $($times)?]] [$($queries)*] [$($endpoints)*] [$($computed)*] [$($life)*] $($($rest)*)?);
    };
    ([$plugin:expr] [$($hooks:tt)*] [$($actions:tt)*] [$($jobs:tt)*] [$($queries:tt)*] [$($endpoints:tt)*] [$($computed:tt)*] [$($life:tt)*]
        lifecycle: [$($moment:ident),+ $(,)?] $(, $($rest:tt)*)?) => {
        $crate::__lines!(
            [$plugin] [$($hooks)*] [$($actions)*] [$($jobs)*] [$($queries)*] [$($endpoints)*] [$($computed)*] [$($life)* $($moment)+] $($($rest)*)?
        );
    };
    ([$plugin:expr] [$($hooks:tt)*] [$($actions:tt)*] [$($jobs:tt)*] [$($queries:tt)*] [$($endpoints:tt)*] [$($computed:tt)*] [$($life:tt)*]
        endpoint: $name:ident $method:ident $path:literal $auth:ident $(($secret:ident))? $(in $header:literal)? $(, $($rest:tt)*)?) => {
        $crate::__lines!(
            [$plugin] [$($hooks)*] [$($actions)*] [$($jobs)*]
            [$($queries)*] [$($endpoints)* [$name $method $path $auth [$($secret)?] [$($header)?]]] [$($computed)*] [$($life)*] $($($rest)*)?
        );
    };
    ([$plugin:expr] [$($hooks:tt)*] [$($actions:tt)*] [$($jobs:tt)*] [$($queries:tt)*] [$($endpoints:tt)*] [$($computed:tt)*] [$($life:tt)*]
        $phase:ident: $object:ident [$($operation:ident),+ $(,)?] $(on_fault $fate:ident)? $(, $($rest:tt)*)?) => {
        $crate::__lines!(
            [$plugin] [$($hooks)* [$phase $object [$($fate)?] $($operation)+]] [$($actions)*] [$($jobs)*] [$($queries)*] [$($endpoints)*] [$($computed)*] [$($life)*] $($($rest)*)?
        );
    };
    ([$plugin:expr] [$($hooks:tt)*] [$($actions:tt)*] [$($jobs:tt)*] [$($queries:tt)*] [$($endpoints:tt)*] [$($computed:tt)*] [$($life:tt)*]) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Exports;
            $crate::__exported!($plugin, Exports, Guest [before_save]);
            $crate::__exported!($plugin, Exports, AfterGuest [after_save]);
            $crate::__exported!($plugin, Exports, DeleteGuest [before_delete after_delete]);
            $crate::__called!($plugin, Exports);
            $crate::bindings::export!(Exports with_types_in $crate::bindings);
        };

        const _: () = {
            const ABOUT: &str = ::std::concat!(
                "{\"format\":1,\"package\":\"", ::std::env!("CARGO_PKG_NAME"),
                "\",\"version\":\"", ::std::env!("CARGO_PKG_VERSION"),
                "\",\"contract\":\"tenon:plugin@1.0.0\",\"hooks\":[", $crate::__hooks!($($hooks)*),
                "],\"actions\":[", $crate::__actions!($($actions)*),
                "],\"jobs\":[", $crate::__jobs!($($jobs)*),
                "],\"queries\":[", $crate::__actions!($($queries)*),
                "],\"endpoints\":[", $crate::__endpoints!($($endpoints)*),
                "],\"computed\":[", $crate::__computed!($($computed)*),
                "],\"lifecycle\":[", $crate::__lifecycle!($($life)*),
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
    () => {
        ""
    };
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

/// The actions, or queries, as JSON.
#[doc(hidden)]
#[macro_export]
macro_rules! __actions {
    () => {
        ""
    };
    ([$name:ident { $($input:tt)* } { $($output:tt)* }] $($rest:tt)+) => {
        ::std::concat!($crate::__actions!([$name { $($input)* } { $($output)* }]), ",", $crate::__actions!($($rest)+))
    };
    ([$name:ident { $($input:tt)* } { $($output:tt)* }]) => {
        ::std::concat!(
            "{\"name\":\"", ::std::stringify!($name), "\",\"input\":[", $crate::__values!($($input)*),
            "],\"output\":[", $crate::__values!($($output)*), "]}",
        )
    };
}

/// What goes into an action or query, or comes out of it, as JSON.
#[doc(hidden)]
#[macro_export]
macro_rules! __values {
    () => {
        ""
    };
    ($name:ident: $kind:ident $($word:ident)*, $($rest:tt)+) => {
        ::std::concat!($crate::__values!($name: $kind $($word)*), ",", $crate::__values!($($rest)+))
    };
    ($name:ident: $kind:ident $($word:ident)* $(,)?) => {
        ::std::concat!(
            "{\"name\":\"", ::std::stringify!($name), "\",\"type\":\"", $crate::__word!(value $kind), "\"",
            $($crate::__word!(of_value $word),)* "}",
        )
    };
}

/// The jobs as JSON.
#[doc(hidden)]
#[macro_export]
macro_rules! __jobs {
    () => {
        ""
    };
    ([$name:ident $($times:literal)?] $($rest:tt)+) => {
        ::std::concat!($crate::__jobs!([$name $($times)?]), ",", $crate::__jobs!($($rest)+))
    };
    ([$name:ident $($times:literal)?]) => {
        ::std::concat!("{\"name\":\"", ::std::stringify!($name), "\"", $(",\"cron\":\"", $times, "\"",)? "}")
    };
}

/// The endpoints as JSON.
#[doc(hidden)]
#[macro_export]
macro_rules! __endpoints {
    () => {
        ""
    };
    ([$name:ident $method:ident $path:literal $auth:ident [$($secret:ident)?] [$($header:literal)?]] $($rest:tt)+) => {
        ::std::concat!(
            $crate::__endpoints!([$name $method $path $auth [$($secret)?] [$($header)?]]), ",", $crate::__endpoints!($($rest)+)
        )
    };
    ([$name:ident $method:ident $path:literal $auth:ident [$($secret:ident)?] [$($header:literal)?]]) => {
        ::std::concat!(
            "{\"name\":\"", ::std::stringify!($name), "\",\"method\":\"", $crate::__word!(method $method), "\",\"path\":\"", $path,
            "\",\"auth\":\"", $crate::__word!(auth $auth [$($secret)?] [$($header)?]), "\"",
            $(",\"secret\":\"", ::std::stringify!($secret), "\"",)? $(",\"header\":\"", $header, "\"",)? "}",
        )
    };
}

/// The computed fields as JSON.
#[doc(hidden)]
#[macro_export]
macro_rules! __computed {
    () => {
        ""
    };
    ([$object:ident $field:ident $($from:ident)+] $($rest:tt)+) => {
        ::std::concat!($crate::__computed!([$object $field $($from)+]), ",", $crate::__computed!($($rest)+))
    };
    ([$object:ident $field:ident $first:ident $($from:ident)*]) => {
        ::std::concat!(
            "{\"object\":\"", ::std::stringify!($object), "\",\"field\":\"", ::std::stringify!($field),
            "\",\"from\":[\"", ::std::stringify!($first), "\"", $(",\"", ::std::stringify!($from), "\"",)* "]}",
        )
    };
}

/// The moments of its package's life that it is called at, as JSON.
#[doc(hidden)]
#[macro_export]
macro_rules! __lifecycle {
    () => {
        ""
    };
    ($moment:ident $($rest:ident)+) => {
        ::std::concat!($crate::__lifecycle!($moment), ",", $crate::__lifecycle!($($rest)+))
    };
    ($moment:ident) => {
        ::std::concat!("\"", $crate::__word!(moment $moment), "\"")
    };
}

/// Actions, jobs, queries and endpoints, carried to the plugin.
#[doc(hidden)]
#[macro_export]
macro_rules! __called {
    ($plugin:expr, $exports:ident) => {
        impl $crate::guest::ActionGuest for $exports {
            fn act(
                action: ::std::string::String,
                input: ::std::string::String,
            ) -> ::std::result::Result<::std::string::String, $crate::guest::Error> {
                $crate::guest::act(&$plugin, &action, &input)
            }
        }

        impl $crate::guest::QueryGuest for $exports {
            fn resolve(
                query: ::std::string::String,
                input: ::std::string::String,
            ) -> ::std::result::Result<::std::string::String, $crate::guest::Error> {
                $crate::guest::resolve(&$plugin, &query, &input)
            }
        }

        impl $crate::guest::ComputedGuest for $exports {
            fn compute(
                object: ::std::string::String,
                field: ::std::string::String,
                rows: ::std::vec::Vec<$crate::guest::WitRow>,
            ) -> ::std::vec::Vec<::std::result::Result<$crate::guest::WitValue, ::std::string::String>> {
                $crate::guest::compute(&$plugin, &object, &field, rows)
            }
        }

        impl $crate::guest::EventGuest for $exports {
            fn handle(event: $crate::guest::WitEvent) -> ::std::result::Result<(), $crate::guest::Error> {
                $crate::guest::heard(&$plugin, event)
            }
        }

        impl $crate::guest::EndpointGuest for $exports {
            fn answer(
                endpoint: ::std::string::String,
                request: $crate::guest::WitRequest,
            ) -> ::std::result::Result<$crate::guest::WitResponse, $crate::guest::Error> {
                $crate::guest::answer(&$plugin, &endpoint, request)
            }
        }

        impl $crate::guest::LifecycleGuest for $exports {
            fn install() -> ::std::result::Result<(), $crate::guest::Error> {
                $crate::guest::install(&$plugin)
            }

            fn upgrade(
                from: ::std::string::String,
                cursor: ::std::option::Option<::std::string::String>,
            ) -> ::std::result::Result<$crate::guest::Moved, $crate::guest::Error> {
                $crate::guest::upgrade(&$plugin, &from, cursor.as_deref())
            }

            fn uninstall() -> ::std::result::Result<(), $crate::guest::Error> {
                $crate::guest::uninstall(&$plugin)
            }
        }

        impl $crate::guest::JobGuest for $exports {
            fn run(
                job: ::std::string::String,
                input: ::std::string::String,
                cursor: ::std::option::Option<::std::string::String>,
            ) -> ::std::result::Result<$crate::guest::JobOutcome, $crate::guest::Error> {
                $crate::guest::run(&$plugin, &job, &input, cursor.as_deref())
            }
        }
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
    (phase event) => {
        "event"
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
    (moment install) => {
        "install"
    };
    (moment upgrade) => {
        "upgrade"
    };
    (moment uninstall) => {
        "uninstall"
    };
    (value text) => {
        "text"
    };
    (value integer) => {
        "integer"
    };
    (value decimal) => {
        "decimal"
    };
    (value boolean) => {
        "boolean"
    };
    (value date) => {
        "date"
    };
    (value datetime) => {
        "datetime"
    };
    (value id) => {
        "id"
    };
    (value json) => {
        "json"
    };
    (method GET) => {
        "GET"
    };
    (method POST) => {
        "POST"
    };
    (method PUT) => {
        "PUT"
    };
    (method PATCH) => {
        "PATCH"
    };
    (method DELETE) => {
        "DELETE"
    };
    (auth none [] []) => {
        "none"
    };
    (auth key [] []) => {
        "key"
    };
    (auth webhook [$secret:ident] []) => {
        "webhook"
    };
    (auth hmac [$secret:ident] [$header:literal]) => {
        "hmac"
    };
    (of_value required) => {
        ",\"required\":true"
    };
    (of_value many) => {
        ",\"many\":true"
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
