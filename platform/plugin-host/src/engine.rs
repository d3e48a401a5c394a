//! The engines: one per size of guest, with everything off that plugins do not need.

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::LoadError;
use crate::limits::{
    ASYNC_STACK_BYTES, CORE_INSTANCES_MAX, KEEP_RESIDENT_BYTES, MEMORIES_MAX, STACK_BYTES, Size, TABLES_MAX, WARM_SLOTS_MAX,
};

/// An engine with a pool of instances, or one that allocates on demand where the machine grants no room for the pool.
pub(crate) fn start(size: Size) -> Result<Engine, LoadError> {
    let mut pooled = config();
    pooled.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(size)));
    match Engine::new(&pooled) {
        Ok(engine) => Ok(engine),
        Err(error) => {
            tracing::warn!(%error, size = size.word(), "no room for a pool of plugin instances, each call allocates its own");
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

fn pool(size: Size) -> PoolingAllocationConfig {
    let slots = size.instances();
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        // Components rarely have more than a few core instances; each is looked at when it is installed.
        .total_core_instances(slots * CORE_INSTANCES_MAX)
        .total_memories(slots * MEMORIES_MAX)
        .total_tables(slots * TABLES_MAX)
        .total_stacks(slots)
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memories_per_component(MEMORIES_MAX)
        .max_tables_per_component(TABLES_MAX)
        .max_memory_size(size.memory())
        .table_elements(size.table_elements())
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(KEEP_RESIDENT_BYTES)
        // Where the kernel can tell which pages were touched, these alone are put back, wherever they lie, and none is let go.
        .pagemap_scan(Enabled::Auto)
        .max_unused_warm_slots(WARM_SLOTS_MAX);
    pool
}
