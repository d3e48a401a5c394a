//! Lines for the people who run the plugin. Users never see them; what records hold does not belong here.

macro_rules! levels {
    ($($(#[$doc:meta])* $name:ident = $level:ident;)+) => {
        $($(#[$doc])*
        pub fn $name(message: &str) {
            #[cfg(target_arch = "wasm32")]
            {
                use crate::bindings::tenon::plugin::log;
                log::write(log::Level::$level, message);
            }
            #[cfg(not(target_arch = "wasm32"))]
            crate::testing::keep_line(stringify!($name), message);
        })+
    };
}

levels! {
    /// For finding a mistake.
    ///
    /// ```
    /// tenon_sdk::log::debug("three rules looked at");
    /// assert_eq!(tenon_sdk::testing::log_lines(), ["debug: three rules looked at"]);
    /// ```
    debug = Debug;
    /// Worth knowing.
    ///
    /// ```
    /// tenon_sdk::log::info("a rule matched");
    /// assert_eq!(tenon_sdk::testing::log_lines(), ["info: a rule matched"]);
    /// ```
    info = Info;
    /// Worth a look.
    ///
    /// ```
    /// tenon_sdk::log::warn("a rule is older than a year");
    /// assert_eq!(tenon_sdk::testing::log_lines(), ["warn: a rule is older than a year"]);
    /// ```
    warn = Warn;
    /// Something is broken.
    ///
    /// ```
    /// tenon_sdk::log::error("a rule cannot be read");
    /// assert_eq!(tenon_sdk::testing::log_lines(), ["error: a rule cannot be read"]);
    /// ```
    error = Error;
}
