//! Every limit of a plugin: its name, its number, and why that number.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tenon_hooks::{Pace, Phase};

/// A component's size (`component_bytes`): a language's own engine has room, and compiling takes 20 seconds at most.
pub const COMPONENT_BYTES_MAX: usize = 24 << 20;

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

/// Letters of a job's cursor.
pub(crate) const CURSOR_LETTERS: usize = 4_096;

/// Headers of an endpoint's answer.
pub(crate) const ANSWER_HEADERS_MAX: usize = 20;
/// `http_request_bytes`: path, query, headers and body of a call to a host outside.
pub const HTTP_REQUEST_BYTES_MAX: usize = 512 << 10;

/// Handles one call may hold. The contract has no resources, so honest plugins hold none.
pub(crate) const HANDLES_MAX: usize = 1_000;
/// Linear memories, tables and core instances of one component.
pub(crate) const MEMORIES_MAX: u32 = 2;
/// Tables of one component; components bring some for their adapters.
pub(crate) const TABLES_MAX: u32 = 8;
/// Core instances of one component.
pub(crate) const CORE_INSTANCES_MAX: u32 = 16;
/// Bytes of the stack of WebAssembly code.
pub(crate) const STACK_BYTES: usize = 512 << 10;
/// Bytes of the stack a call runs on, host functions included.
pub(crate) const ASYNC_STACK_BYTES: usize = 1 << 20;

/// How long a mutation waits for room for its plugins before the caller is told to try again.
pub(crate) const QUEUE_WAIT: Duration = Duration::from_secs(1);
/// Mutations of one tenant with plugins at once, so that one tenant leaves room for the others.
pub(crate) const TENANT_TREES_MAX: usize = 16;
/// Memory a pool slot keeps between calls, so that the next one need not fault it in.
pub(crate) const KEEP_RESIDENT_BYTES: usize = 256 << 10;
/// Slots kept warm.
pub(crate) const WARM_SLOTS_MAX: u32 = 32;
/// Instances kept ready of one large component: a save with two calls at once waits for neither.
pub(crate) const WARM_PER_COMPONENT: usize = 2;
/// Instances kept ready of all large components; each holds one to three MiB.
pub(crate) const WARM_INSTANCES_MAX: usize = 16;
/// Tasks that make such instances at once.
pub(crate) const WARM_AT_ONCE: usize = 2;
/// Fuel for making one: ten times what an engine needs.
pub(crate) const WARM_FUEL: u64 = 200_000_000;
/// Time for making one.
pub(crate) const WARM_WALL: Duration = Duration::from_secs(1);

/// How much more fuel a record costs in a large guest: its values go through a language's own engine.
const LARGE_FUEL_PER_ROW: u64 = 5;
/// How much more fuel all plugins of a mutation share where one of them is large.
const LARGE_TREE_FUEL: u64 = 5;
/// The least time of a call of a large guest: 200 records take 100 ms there on a machine that has nothing else to do.
const LARGE_WALL: Duration = Duration::from_millis(500);

/// Threads plugins run on, at most.
const THREADS_MAX: usize = 32;

/// Threads plugins run on: their own, so that no plugin can hold up a request of anybody else, and as many as half of the
/// machine's, so that all bad ones together leave the other half alone.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, |all| (all.get() / 2).clamp(1, THREADS_MAX))
}

/// Fuel between two yields: about 0.07 ms, for 8 % of speed.
pub(crate) const FUEL_PER_SLICE: u64 = 1_000_000;

/// Bytes of what a call asked and was told that are kept for running it again (`trace_bytes`, with what it was given).
pub(crate) const TAPE_BYTES_MAX: usize = 256 << 10;
/// Failed calls kept of one package in one tenant (`traces`).
pub const TRACES_MAX: usize = 20;
/// Bytes of failed calls kept of one tenant.
pub(crate) const TENANT_TRACES_BYTES_MAX: usize = 4 << 20;
/// Bytes of failed calls kept of all.
pub(crate) const TRACES_BYTES_MAX: usize = 32 << 20;
/// Calls kept where every call is.
pub(crate) const SAMPLES_MAX: usize = 1_000;
/// How long a recorded call may take where it is run again.
pub(crate) const REPLAY_WALL: Duration = Duration::from_secs(30);

/// Bytes that the data of one document may have.
pub(crate) const PAGE_BYTES_MAX: usize = 1 << 20;
/// Bytes that are drawn at random, or digested, in one call of a host function.
pub(crate) const RANDOM_BYTES_MAX: u32 = 4_096;

/// Which engine a plugin runs on. Each has a pool of its own, so that large guests take no room from small ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Size {
    /// 16 MiB, 10,000 table elements: Rust, Zig, `TinyGo`.
    #[default]
    Small,
    /// 64 MiB, 20,000 table elements: what brings a language's own engine, JavaScript and Python.
    Large,
}

impl Size {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Small, Self::Large];

    /// The word in manifests: `small`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Large => "large",
        }
    }

    /// The size of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|size| size.word() == word)
    }

    /// `memory`: bytes of linear memory.
    #[must_use]
    pub const fn memory(self) -> usize {
        match self {
            Self::Small => 16 << 20,
            Self::Large => 64 << 20,
        }
    }

    /// Elements of one table.
    pub(crate) const fn table_elements(self) -> usize {
        match self {
            Self::Small => 10_000,
            Self::Large => 20_000,
        }
    }

    /// Instances at once.
    pub(crate) const fn slots(self) -> u32 {
        match self {
            Self::Small => 256,
            Self::Large => 64,
        }
    }

    /// Instances that exist at once: those that are called, and those that are kept ready.
    pub(crate) const fn instances(self) -> u32 {
        match self {
            Self::Small => self.slots(),
            // Numbers of one digit or two.
            #[expect(clippy::cast_possible_truncation, reason = "constants, far below the limit")]
            Self::Large => self.slots() + (WARM_INSTANCES_MAX + WARM_AT_ONCE) as u32,
        }
    }

    /// Mutations at once whose plugins run on it. Fewer than slots: plugins stand below plugins, and there nobody waits.
    pub(crate) const fn trees(self) -> usize {
        match self {
            Self::Small => 64,
            Self::Large => 16,
        }
    }
}

/// What one call of a hook may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallLimits {
    /// `fuel`: instructions, roughly; 14 million a millisecond.
    pub fuel: u64,
    /// More `fuel` for every record.
    pub fuel_per_row: u64,
    /// `wall`: time from the instance's making to the answer.
    pub wall: Duration,
    /// `input`: bytes given to one call.
    pub input: usize,
    /// `output`: bytes answered, and bytes that go into any one host function.
    pub output: usize,
    /// `queries`: records and documents asked for.
    pub queries: u32,
    /// `rows`: rows they give.
    pub rows: u32,
    /// `writes`: requests that write or lock.
    pub writes: u32,
    /// `http_calls`: calls to hosts outside.
    pub calls: u32,
    /// Log bytes kept; the rest is dropped.
    pub log: usize,
}

impl CallLimits {
    /// Before a record is written: a check or a patch, and a look around. Others may wait for its locks, so it is short.
    pub const BEFORE: Self = Self {
        fuel: 50_000_000,
        fuel_per_row: 1_000_000,
        wall: Duration::from_millis(100),
        input: 1 << 20,
        output: 1 << 20,
        queries: 20,
        rows: 2_000,
        writes: 0,
        calls: 0,
        log: 16 << 10,
    };

    /// Computing fields: from what is given and nothing else.
    pub const COMPUTED: Self = Self { queries: 0, rows: 0, ..Self::BEFORE };

    /// After records were written, and before and after they go.
    pub const WITHIN: Self =
        Self { fuel: 200_000_000, wall: Duration::from_secs(2), queries: 50, rows: 10_000, writes: 50, log: 32 << 10, ..Self::BEFORE };

    /// An action: somebody waits for it, and it may hold locks.
    pub const ACTION: Self =
        Self { fuel: 1_000_000_000, wall: Duration::from_secs(5), queries: 100, writes: 100, log: 32 << 10, ..Self::WITHIN };

    /// A query: somebody waits for it, and nobody for its locks.
    pub const QUERY: Self = Self { writes: 0, ..Self::ACTION };

    /// A step of a job. It is a transaction, so it is kept short; what takes longer has more steps.
    pub const JOB: Self = Self {
        fuel: 5_000_000_000,
        wall: Duration::from_secs(10),
        queries: 200,
        rows: 20_000,
        writes: 500,
        calls: 20,
        log: 256 << 10,
        // An answer of a host outside comes as it is.
        output: 2 << 20,
        ..Self::WITHIN
    };

    /// An endpoint: somebody outside waits for it. A body of 1 MiB is given in base64.
    pub const ENDPOINT: Self = Self { input: 2 << 20, output: 2 << 20, calls: 5, ..Self::ACTION };

    /// Nothing: for an instance that belongs to no call yet.
    pub(crate) const AHEAD: Self =
        Self { fuel: 0, fuel_per_row: 0, wall: WARM_WALL, input: 0, output: 1 << 20, queries: 0, rows: 0, writes: 0, calls: 0, log: 0 };

    /// The same for a guest that brings a language's own engine.
    fn enlarged(self) -> Self {
        Self { fuel_per_row: self.fuel_per_row.saturating_mul(LARGE_FUEL_PER_ROW), wall: self.wall.max(LARGE_WALL), ..self }
    }

    /// The fuel of a call with that many records.
    pub(crate) fn fuel_for(&self, rows: usize) -> u64 {
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        self.fuel.saturating_add(self.fuel_per_row.saturating_mul(rows))
    }

    fn scaled(&self, percent: u32) -> Self {
        let number = |number: u32| u32::try_from(u64::from(number) * u64::from(percent) / 100).unwrap_or(u32::MAX);
        Self {
            fuel: self.fuel / 100 * u64::from(percent),
            fuel_per_row: self.fuel_per_row / 100 * u64::from(percent),
            queries: number(self.queries),
            rows: number(self.rows),
            writes: number(self.writes),
            calls: number(self.calls),
            ..self.clone()
        }
    }
}

/// What the plugins of a tenant may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budgets {
    /// One call before a save.
    pub before: CallLimits,
    /// One call that computes fields.
    pub computed: CallLimits,
    /// One call around it.
    pub within: CallLimits,
    /// One action.
    pub action: CallLimits,
    /// One query.
    pub query: CallLimits,
    /// One step of a job.
    pub job: CallLimits,
    /// One request at an endpoint.
    pub endpoint: CallLimits,
    /// `fuel_tree`: fuel of all plugins of one mutation.
    pub tree_fuel: u64,
    /// `wall`: time all of them share inside the transaction.
    pub tree_wall: Duration,
    /// `nesting`: plugins below plugins.
    pub depth: usize,
    /// Faults of one plugin within a minute after which it is not asked any more (`breaker`), for a minute.
    pub faults_per_minute: usize,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            before: CallLimits::BEFORE,
            computed: CallLimits::COMPUTED,
            within: CallLimits::WITHIN,
            action: CallLimits::ACTION,
            query: CallLimits::QUERY,
            job: CallLimits::JOB,
            endpoint: CallLimits::ENDPOINT,
            tree_fuel: 1_000_000_000,
            tree_wall: Duration::from_millis(500),
            depth: 8,
            faults_per_minute: 5,
        }
    }
}

impl Budgets {
    /// The budgets of a plan that gives so many percent of everything that is counted. Time, memory and depth stay: they
    /// protect the others.
    #[must_use]
    pub fn scaled(&self, percent: u32) -> Self {
        Self {
            before: self.before.scaled(percent),
            computed: self.computed.scaled(percent),
            within: self.within.scaled(percent),
            action: self.action.scaled(percent),
            query: self.query.scaled(percent),
            job: self.job.scaled(percent),
            endpoint: self.endpoint.scaled(percent),
            tree_fuel: self.tree_fuel / 100 * u64::from(percent),
            ..self.clone()
        }
    }

    /// What one call of a phase may use, by the size of the guest.
    pub(crate) fn of(&self, phase: Phase, size: Size) -> CallLimits {
        let limits = match phase {
            Phase::Computed => &self.computed,
            Phase::Action => &self.action,
            Phase::Query => &self.query,
            Phase::Job | Phase::Event | Phase::Lifecycle => &self.job,
            Phase::Endpoint => &self.endpoint,
            phase if phase.is_within() => &self.within,
            _ => &self.before,
        };
        match size {
            Size::Small => limits.clone(),
            Size::Large => limits.clone().enlarged(),
        }
    }

    /// Fuel and time that all plugins of a mutation share, whose sizes these are. Where one was called, its own comes on top.
    pub(crate) fn tree(&self, pace: Pace, sizes: &[Size]) -> (u64, Duration) {
        let factor = if sizes.contains(&Size::Large) { LARGE_TREE_FUEL } else { 1 };
        let fuel = self.tree_fuel.saturating_mul(factor);
        let beside = |call: &CallLimits| (fuel.saturating_add(call.fuel), self.tree_wall.max(call.wall));
        match pace {
            Pace::Save => (fuel, self.tree_wall),
            Pace::Action => beside(&self.action),
            Pace::Job => beside(&self.job),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_scales_what_is_counted_and_not_what_protects_others() {
        let (plain, double) = (Budgets::default(), Budgets::default().scaled(200));
        assert_eq!((double.before.fuel, double.before.queries, double.within.writes), (100_000_000, 40, 100));
        assert_eq!((double.tree_fuel, double.tree_wall, double.depth), (2_000_000_000, plain.tree_wall, plain.depth));
        assert_eq!(plain.scaled(100), plain);
    }

    #[test]
    fn a_large_guest_has_more_fuel_for_every_record() {
        let (budgets, rows) = (Budgets::default(), ROWS_PER_CALL);
        assert_eq!(budgets.of(Phase::BeforeSave, Size::Small), budgets.before);
        let large = budgets.of(Phase::BeforeSave, Size::Large);
        assert_eq!((large.fuel_for(rows), large.wall), (1_050_000_000, Duration::from_millis(500)));
        assert_eq!(budgets.of(Phase::Action, Size::Large).wall, budgets.action.wall, "who has more time keeps it");
        assert!(budgets.tree(Pace::Save, &[Size::Small, Size::Large]).0 > large.fuel_for(rows), "one call does not empty the pot");
        assert_eq!(budgets.tree(Pace::Save, &[Size::Small]), (budgets.tree_fuel, budgets.tree_wall));
    }
}
