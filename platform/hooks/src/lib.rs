//! The port through which the pipeline asks plugins, without knowing what runs them.
//!
//! Floor 4. `records` calls it, `plugin-host` answers it, tests answer it by hand. Both ways go through here: hooks are
//! asked through [`Hooks`], and ask back through [`Desk`]. Invariants: nothing here writes or opens a transaction; a
//! refusal (the author's words) and a fault (the plugin broke) are never mixed.

mod desk;
mod error;
mod grant;
mod http_ask;
mod life;
mod none;
mod offer;
mod outward;
mod port;
mod refusal;
mod tree;

pub use desk::{Ask, By, Declined, Desk, Fate, Given, KvAsk, NoDesk, Reading, Start, Wanted};
pub use error::{Fault, HookError};
pub use grant::{Grant, Names, ObjectGrant};
pub use http_ask::{HttpAsk, HttpReply, Piece};
pub use life::LifeMoment;
pub use none::NoHooks;
pub use offer::{EndpointAuth, EndpointOffer, FunctionOffer, JobOffer, Listener, Offers, Param, ParamKind};
pub use outward::{HttpGrant, Outward, SecretGrant, SecretPlace, SecretUse, SecretValue, is_plain};
pub use port::{Asked, HookChange, Hooks, Operation, Pace, Phase, Verdict};
pub use refusal::Refusal;
pub use tree::{Blocked, Stop, Tree};
