//! What the tests of the whole product share: a server in this process on either database, tenants, stories.
//!
//! A story is a Markdown file under `tests/stories/`; `story` says how one is written. Invariant: nothing here knows
//! a physical name or speaks SQL to a tenant but `outbox`, which reads what no door shows; else the product is asked
//! through its public doors only.

#![expect(clippy::indexing_slicing, reason = "a member that JSON lacks reads as null, and null is then not what was expected")]

mod attack;
mod bystander;
mod http;
mod live;
mod matching;
mod member;
mod names;
mod outbox;
mod postgres;
mod real;
mod server;
mod setting;
mod smtp;
mod statements;
mod story;
mod tenant;

pub use attack::{Attack, Report};
pub use bystander::Bystander;
pub use http::{Answer, Request};
pub use live::{EventStream, Heard, Socket, StreamEvent, TOLD_MAX};
pub use matching::{Mismatch, match_answer, match_part};
pub use member::{Member, PASSWORD};
pub use names::Names;
pub use real::{RealPipeline, run as run_real_pipeline};
pub use server::{Database, TestServer};
pub use setting::Setting;
pub use smtp::{Letter, SmtpSink};
pub use statements::Statements;
pub use story::{Outcome, Story, run_all, run_moved};
pub use tenant::Tenant;
