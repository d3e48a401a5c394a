//! The law over a small model: what roles add up to, what is denied, who shares a plan, and why.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that meets what it does not expect fails")]

#[path = "law/fields.rs"]
mod fields;
#[path = "law/house.rs"]
mod house;
#[path = "law/keys.rs"]
mod keys;
#[path = "law/reasons.rs"]
mod reasons;
#[path = "law/reports.rs"]
mod reports;
#[path = "law/rows.rs"]
mod rows;
#[path = "law/shipped.rs"]
mod shipped;
