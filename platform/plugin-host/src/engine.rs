//! The engine: one for the process, with everything off that plugins do not need.

use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::LoadError;
use crate::limits::{
    ASYNC_STACK_BYTES, CALLS_AT_ONCE, CORE_INSTANCES_MAX, CallLimits, KEEP_RESIDENT_BYTES, MEMORIES_MAX, STACK_BYTES, TABLE_ELEMENTS_MAX,
    TABLES_MAX, WARM_SLOTS_MAX,
};

/// An engine with a pool of instances, or one that allocates on demand where the machine grants no room for the pool.
pub(crate) fn start(limits: &CallLimits) -> Result<Engine, LoadError> {
    let mut pooled = config();
    pooled.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
    match Engine::new(&pooled) {
        Ok(engine) => Ok(engine),
        Err(error) => {
            tracing::warn!(%error, "no room for a pool of plugin instances, each call allocates its own");
            Engine::new(&config()).map_err(|again| LoadError::Engine(again.to_string()))
        }
    }
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // Three to eight times slower when on, and nothing in the contract is asynchronous inside the guest.
        .concurrency_support(false)
        // Fuel is exact: the same plugin meets its limit at the same place on every machine.
        .consume_fuel(true)
        .memory_init_cow(true)
        // Results must not depend on the machine.
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .max_wasm_stack(STACK_BYTES)
        .async_stack_size(ASYNC_STACK_BYTES);
    config
}

fn pool(limits: &CallLimits) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(CALLS_AT_ONCE)
        .total_core_instances(CALLS_AT_ONCE * CORE_INSTANCES_MAX)
        .total_memories(CALLS_AT_ONCE * MEMORIES_MAX)
        .total_tables(CALLS_AT_ONCE * TABLES_MAX)
        .total_stacks(CALLS_AT_ONCE)
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memories_per_component(MEMORIES_MAX)
        .max_tables_per_component(TABLES_MAX)
        .max_memory_size(limits.memory)
        .table_elements(TABLE_ELEMENTS_MAX)
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .max_unused_warm_slots(WARM_SLOTS_MAX);
    pool
}
