//! The host with real components: what honest plugins do, how others are stopped, who is not taken in.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "host/cache.rs"]
mod cache;
#[path = "host/calls.rs"]
mod calls;
#[path = "host/faults.rs"]
mod faults;
#[path = "host/houses.rs"]
mod houses;
#[path = "host/loading.rs"]
mod loading;
#[path = "host/replay.rs"]
mod replay;
#[path = "host/setting.rs"]
mod setting;
#[path = "host/warm.rs"]
mod warm;
