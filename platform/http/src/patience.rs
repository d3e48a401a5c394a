//! How long the server waits for those who bring files, and for those who are told things and do not listen.
//!
//! Who sends a byte now and then, or reads none, would otherwise hold his place for ever.

use std::time::Duration;

use tenon_diagnostics::{Kind, Message, Problem};
use tenon_value::Json;

/// How long is waited; each is a limit with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For the next piece of an upload (`body_idle`).
    pub idle: Duration,
    /// For a whole upload (`upload_time`).
    pub upload: Duration,
    /// For a sign of life of a socket, and for it to take what it is sent (`socket_silence`).
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { idle: Duration::from_secs(30), upload: Duration::from_secs(30 * 60), silence: Duration::from_secs(60) }
    }
}

/// Who sends too slowly.
pub(crate) fn too_slow(limit: &'static str, patience: Duration) -> Problem {
    let seconds = patience.as_secs_f64();
    let message = Message::new(
        format!("nothing came within limit `{limit}`: {seconds} seconds"),
        format!("等待数据超时:限制 `{limit}` 为 {seconds} 秒"),
    );
    Problem { limit: Some(limit), message, details: vec![("max", Json::from(seconds))], ..Problem::of_kind(Kind::Exhausted) }
}
