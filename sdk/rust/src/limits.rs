//! What is left of the limits, so that a plugin can stop in time.

/// What a call has left.
///
/// ```
/// assert!(tenon_sdk::limits::remaining().fuel > 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Instructions, roughly.
    pub fuel: u64,
    /// Milliseconds.
    pub wall: u32,
    /// Records and documents that may be asked for.
    pub queries: u32,
    /// Rows they may give.
    pub rows: u32,
    /// Requests that write or lock.
    pub writes: u32,
    /// Bytes of the log.
    pub log_bytes: u32,
    /// Levels of plugins that may stand below.
    pub depth: u32,
}

/// What this call has left; natively as much as there is.
///
/// ```
/// use tenon_sdk::limits;
/// if limits::remaining().queries == 0 { /* make do with what is known */ }
/// ```
#[must_use]
pub fn remaining() -> Budget {
    #[cfg(target_arch = "wasm32")]
    {
        let left = crate::bindings::tenon::plugin::limits::remaining();
        Budget {
            fuel: left.fuel,
            wall: left.wall,
            queries: left.queries,
            rows: left.rows,
            writes: left.writes,
            log_bytes: left.log_bytes,
            depth: left.depth,
        }
    }
    #[cfg(not(target_arch = "wasm32"))]
    Budget { fuel: u64::MAX, wall: u32::MAX, queries: u32::MAX, rows: u32::MAX, writes: u32::MAX, log_bytes: u32::MAX, depth: 8 }
}
