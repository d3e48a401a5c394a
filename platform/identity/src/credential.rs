//! What a request shows to be recognized, and what it is then.

use std::net::IpAddr;
use std::time::Instant;

use tenon_context::{OpContext, Via};
use tenon_value::{Locale, RequestId, Uuid};

use crate::ApiKey;
use crate::token::TokenKind;

/// What the door knows of a request.
#[derive(Clone, Debug)]
pub struct RequestFacts {
    /// The id of the request.
    pub request: RequestId,
    /// The language the caller asks for.
    pub locale: Option<Locale>,
    /// When the caller stops waiting.
    pub deadline: Option<Instant>,
    /// The door.
    pub via: Via,
}

/// What a request shows.
#[derive(Clone, Copy)]
pub enum Credential<'a> {
    /// Nothing.
    None,
    /// The value of an `Authorization` header.
    Authorization(&'a str),
    /// The value of the session's cookie.
    Session(&'a str),
}

/// The hash by which a credential is looked up; made before anything is asked of a database.
pub(crate) enum Proof {
    Key([u8; 32]),
    Session([u8; 32]),
}

impl Credential<'_> {
    pub(crate) fn proof(&self) -> Option<Proof> {
        match self {
            Self::None => None,
            Self::Authorization(header) => Some(Proof::Key(bearer(header)?.parse::<ApiKey>().ok()?.hash())),
            Self::Session(token) => TokenKind::Session.hash(token).map(Proof::Session),
        }
    }
}

/// Who calls.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The context of what he asks for.
    pub context: OpContext,
    /// The session he came with; none: with a key.
    pub session: Option<Uuid>,
}

/// The program and the address somebody signs in from.
#[derive(Clone, Debug)]
pub struct Device {
    /// The address.
    pub address: IpAddr,
    /// What the program calls itself, as far as it is kept.
    pub user_agent: String,
}

impl Device {
    /// Letters kept of a program's name.
    const USER_AGENT_MAX: usize = 200;

    /// A device; only the beginning of the program's name is kept, and nothing unprintable of it.
    #[must_use]
    pub fn new(address: IpAddr, user_agent: &str) -> Self {
        let user_agent = user_agent.chars().filter(|letter| !letter.is_control()).take(Self::USER_AGENT_MAX).collect();
        Self { address: address.to_canonical(), user_agent }
    }
}

/// The credential of an `Authorization: Bearer …` header.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, credential) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| credential.trim())
}
