//! Benchmarks and soak runs, started by `cargo xtask bench` and `cargo xtask soak`.

fn main() {}
