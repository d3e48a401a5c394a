//! What the host keeps for one call: the clock that stands still, the room for log lines, the guard of its memory.

use tenon_value::{Date, DateTime};
use wasmtime::ResourceLimiter;

use crate::limits::{LOG_BYTES, TABLE_ELEMENTS_MAX};

/// Data of a store. Lives exactly as long as one call.
#[derive(Debug)]
pub(crate) struct CallState {
    pub now: DateTime,
    pub today: Date,
    /// `name@version`, for log lines.
    pub plugin: String,
    memory: usize,
    log_left: usize,
    /// True once the guest was denied memory: what it does then is a consequence.
    pub memory_denied: bool,
}

impl CallState {
    pub(crate) fn new(plugin: String, (now, today): (DateTime, Date), memory: usize) -> Self {
        Self { now, today, plugin, memory, log_left: LOG_BYTES, memory_denied: false }
    }

    /// As much of a line as is still kept; none once the room is used up.
    pub(crate) fn keep<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        // Every line costs one byte more than it has, so that empty ones end too. A cut line is the last one.
        let room = self.log_left.checked_sub(1)?;
        let kept = line.get(..line.floor_char_boundary(room))?;
        self.log_left = if kept.len() == line.len() { room - kept.len() } else { 0 };
        Some(kept)
    }
}

impl ResourceLimiter for CallState {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let allowed = desired <= self.memory;
        self.memory_denied |= !allowed;
        Ok(allowed)
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.memory_denied = true;
        Ok(())
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_has_an_end() {
        let mut state = CallState::new(String::new(), (DateTime::from_millis(0), Date::from_days(0)), 0);
        let long = "é".repeat(LOG_BYTES / 2 - 2);
        assert_eq!(state.keep(&long), Some(long.as_str()));
        assert_eq!(state.keep("éé"), Some("é"));
        assert_eq!(state.keep("more"), None);
    }
}
