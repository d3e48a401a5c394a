//! What stays open: subscriptions over event streams and sockets, and the feed of changes.
//!
//! Invariants: whoever is told something is looked at anew before each telling; nobody's slowness takes memory, for what he
//! has not taken is not made; everything open is counted, and ends when the server does.

mod feed;
mod protocol;
mod slots;
mod socket;
mod stream;
mod who;

pub(crate) use feed::{FEED_LINES_MAX, FEED_WAIT_MAX, changes};
pub(crate) use slots::{SOCKETS_MAX, SUBSCRIPTIONS_MAX, Slots};
pub(crate) use socket::{MESSAGE_BYTES_MAX, upgrade};
pub(crate) use stream::{subscribe, takes_json, wants_stream};
