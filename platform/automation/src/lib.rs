//! What happens after a commit: the relay that reads what was committed, and all that lives on it.
//!
//! Floor 6. Invariant: nothing here decides who may see what; a change is only told of, and who is told asks the law.

mod calendar;
mod endpoints;
mod events;
mod jobs;
mod links;
mod live;
mod relay;
mod sandbox;
mod settling;
mod within;

pub use calendar::Calendar;
pub use endpoints::{ENDPOINT_BYTES_MAX, ENDPOINT_VIA, Endpoint, EndpointAnswer, EndpointRequest, Endpoints, WEBHOOK_SECONDS_MAX};
pub use events::{EVENTS_JOB, EventsHandler, Listening};
pub use jobs::{
    DATA, IMPORT, ImportHandler, ImportPlan, IndexHandler, JOB_STEPS_MAX, JOBS_PER_NODE, JOBS_PER_TENANT, JobDesk, JobDone, JobFault,
    JobHandler, JobRun, JobWish, PIECE_BYTES, PluginJobHandler, Runner, RunnerParts, ShapeHandler, UNDO, UNDO_DAYS, UndoHandler, job_json,
    millis_of, piece, problem_json, undo_plan, unpiece,
};
pub use links::{
    Agreement, LINK_CHUNK, LINK_FIELDS_MAX, LINK_JOB, LINK_NAME_MAX, LINK_OFFER_DAYS, LinkDesk, LinkError, LinkHandler, LinkOffer, Linking,
    Mapping, OnRevoke,
};
pub use live::{ChangeKind, Event, Interest, events};
pub use relay::{BATCHES_MAX, Batch, Followed, Follower, Relay, RelayError, SWEEP, SightKey};
pub use sandbox::{Advanced, CLOCK_DAYS_MAX, CLOCK_JOBS_MAX, Sandbox, SandboxError};
pub use settling::{SETTLING_ROUNDS_MAX, Settling};
pub use within::ThroughPipeline;
