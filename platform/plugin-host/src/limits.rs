//! Every limit of a plugin: its name, its number, and why that number.

use std::time::Duration;

/// A component's size. Compiling costs seconds for every 10 MiB.
pub const COMPONENT_BYTES_MAX: usize = 32 << 20;

/// Changes given to one call; larger saves make several. `sdk/wit/record-hooks.wit` promises it.
pub const ROWS_PER_CALL: usize = 200;

/// Refusals of one record.
pub(crate) const REFUSALS_PER_ROW: usize = 20;
/// Letters of a refusal's words.
pub(crate) const REFUSAL_LETTERS: usize = 1_000;
/// Letters of a refusal's rule.
pub(crate) const RULE_LETTERS: usize = 100;
/// Patched fields of one record.
pub(crate) const PATCHES_PER_ROW: usize = 500;

/// Log bytes kept of one call.
pub(crate) const LOG_BYTES: usize = 16 << 10;

/// Handles one call may hold. The contract has no resources, so honest plugins hold none.
pub(crate) const HANDLES_MAX: usize = 1_000;
/// Linear memories, tables and core instances of one component.
pub(crate) const MEMORIES_MAX: u32 = 2;
/// Tables of one component; components bring some for their adapters.
pub(crate) const TABLES_MAX: u32 = 8;
/// Core instances of one component.
pub(crate) const CORE_INSTANCES_MAX: u32 = 16;
/// Elements of one table.
pub(crate) const TABLE_ELEMENTS_MAX: usize = 10_000;
/// Bytes of the stack of WebAssembly code.
pub(crate) const STACK_BYTES: usize = 512 << 10;
/// Bytes of the stack a call runs on, host functions included.
pub(crate) const ASYNC_STACK_BYTES: usize = 1 << 20;

/// Calls at once; each has a slot of the pool. More wait, at most [`QUEUE_WAIT`].
pub(crate) const CALLS_AT_ONCE: u32 = 64;
/// How long a call waits for a slot before the caller is told to try again.
pub(crate) const QUEUE_WAIT: Duration = Duration::from_secs(1);
/// Memory a pool slot keeps between calls, so that the next one need not fault it in.
pub(crate) const KEEP_RESIDENT_BYTES: usize = 256 << 10;
/// Slots kept warm.
pub(crate) const WARM_SLOTS_MAX: u32 = 32;
/// Threads plugins run on: their own, so that no plugin can hold up a request of anybody else.
pub(crate) const THREADS: usize = 2;

/// Fuel between two yields: about 0.07 ms, for 8 % of speed.
pub(crate) const FUEL_PER_SLICE: u64 = 1_000_000;

/// What one call of a hook may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// `fuel`: instructions, roughly; 14 million a millisecond.
    pub fuel: u64,
    /// More `fuel` for every record.
    pub fuel_per_row: u64,
    /// `memory`: bytes of linear memory.
    pub memory: usize,
    /// `wall`: time from the instance's making to the answer.
    pub wall: Duration,
    /// `input`: bytes given to one call.
    pub input: usize,
    /// `output`: bytes answered.
    pub output: usize,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            fuel: 50_000_000,
            fuel_per_row: 1_000_000,
            memory: 16 << 20,
            wall: Duration::from_millis(100),
            input: 1 << 20,
            output: 1 << 20,
        }
    }
}

impl CallLimits {
    /// The fuel of a call with that many records.
    pub(crate) fn fuel_for(&self, rows: usize) -> u64 {
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        self.fuel.saturating_add(self.fuel_per_row.saturating_mul(rows))
    }
}
