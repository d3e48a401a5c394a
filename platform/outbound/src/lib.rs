//! Requests to hosts outside: the only way out of the house by HTTP, for whoever has a reason to.
//!
//! Floor 5. Identity asks providers through it, plugins the hosts they were granted. Invariants: the addresses that are judged are
//! those that are connected to; redirects are never followed and proxies never used; every answer is bounded in time and bytes.

mod client;
mod error;
mod reach;
mod stand_in;

pub use client::{Answer, Client, Limits, Method, Request};
pub use error::OutboundError;
pub use reach::Reach;
pub use stand_in::StandIn;
