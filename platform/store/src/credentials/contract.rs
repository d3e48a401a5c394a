//! What is stored of keys, members, sessions and tickets. `Debug` gives no hash and no secret away.

use std::fmt;

use tenon_context::ActorKind;
use tenon_value::{DateTime, Uuid};

/// An API key as stored: never the key itself.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its id, which is the principal's.
    pub id: Uuid,
    /// `ApiKey` or `Service`.
    pub kind: ActorKind,
    /// What people read in history.
    pub display: String,
    /// SHA-256 of the key.
    pub hash: [u8; 32],
    /// Roles it holds.
    pub roles: Vec<String>,
    /// When it ends.
    pub expires_at: Option<DateTime>,
    /// When it came to be.
    pub created_at: DateTime,
}

/// Whether a member may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberState {
    /// Asked in, has no password yet.
    Invited,
    /// May sign in.
    Active,
    /// May not.
    Disabled,
}

impl MemberState {
    /// The word in the store and on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    /// The state of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Invited, Self::Active, Self::Disabled].into_iter().find(|state| state.word() == word)
    }
}

/// Somebody who may sign in: a user or portal user. The person's record is the one of `user` with the same id.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredMember {
    /// The record of `user`, which is the principal's id.
    pub user: Uuid,
    /// `User` or `PortalUser`.
    pub kind: ActorKind,
    /// What is typed to sign in, folded; unique in the tenant.
    pub login: String,
    /// Where mail goes.
    pub email: Option<String>,
    /// An argon2id hash.
    pub password: Option<String>,
    /// Roles by API name.
    pub roles: Vec<String>,
    /// Whether the member may sign in.
    pub state: MemberState,
    /// A portal user's account.
    pub account: Option<Uuid>,
    /// A portal user's contact.
    pub contact: Option<Uuid>,
    /// A portal user's partner.
    pub partner: Option<Uuid>,
    /// When the member came to be.
    pub created_at: DateTime,
    /// The last sign-in.
    pub last_sign_in_at: Option<DateTime>,
    /// A confirmed one-time-password secret is asked for at sign-in.
    pub has_totp: bool,
}

/// A member's one-time-password secret, opened.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredTotp {
    /// The secret's bytes.
    pub secret: Vec<u8>,
    /// Asked for at sign-in; before that it waits for its first code.
    pub confirmed: bool,
    /// The newest time step whose code was used: none at or before it is taken again.
    pub step: i64,
    /// SHA-256 of the recovery codes that are left, as hexadecimal.
    pub recovery: Vec<String>,
}

/// A session as stored: never its token.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// Its id, safe to show.
    pub id: Uuid,
    /// The member.
    pub member: Uuid,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// When it began.
    pub created_at: DateTime,
    /// When it was last used, to the minute.
    pub seen_at: DateTime,
    /// When it ends, used or not.
    pub expires_at: DateTime,
    /// The program that signed in.
    pub user_agent: String,
    /// From where.
    pub address: String,
}

/// What a one-time link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketPurpose {
    /// To choose the first password.
    Invitation,
    /// To choose another one.
    Reset,
}

impl TicketPurpose {
    /// The word in the store.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reset => "reset",
        }
    }
}

/// A one-time link as stored: never its token.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredTicket {
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// The member.
    pub member: Uuid,
    /// What it is for.
    pub purpose: TicketPurpose,
    /// When it came to be.
    pub created_at: DateTime,
    /// When it ends.
    pub expires_at: DateTime,
}

impl fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredKey")
            .field("id", &self.id)
            .field("display", &self.display)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for StoredMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredMember")
            .field("user", &self.user)
            .field("state", &self.state)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for StoredTotp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredTotp").field("confirmed", &self.confirmed).finish_non_exhaustive()
    }
}

impl fmt::Debug for StoredSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredSession").field("id", &self.id).field("member", &self.member).finish_non_exhaustive()
    }
}

impl fmt::Debug for StoredTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredTicket").field("member", &self.member).field("purpose", &self.purpose).finish_non_exhaustive()
    }
}
