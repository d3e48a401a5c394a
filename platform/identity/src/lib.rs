//! Credential → context. The only maker of [`tenon_context::OpContext`].
//!
//! Floor 6. `identity` resolves keys and sessions, `standing` looks up where a member stands, `sign_in` and `sessions`
//! begin and end sessions, `members`, `keys`, `tickets` and `second_factor` keep who may sign in.
//! Invariants: an unknown tenant, a bad credential and another tenant's credential give one and the same
//! answer after the same work; no secret is stored in clear; no secret reaches a log.
// The futures of a save are nested deeper than the compiler expects by default.
#![recursion_limit = "256"]

mod acting;
mod attempts;
mod credential;
mod error;
mod identity;
mod key;
mod keys;
mod letters;
mod mail;
mod members;
mod oidc;
mod password;
mod person;
mod reader;
mod rights;
mod scim;
mod second_factor;
mod sessions;
mod sign_in;
mod standing;
mod strength;
mod tickets;
mod token;
mod totp;
mod trail;

pub use attempts::{RESET_ADDRESS_MAX, RESET_LOGIN_MAX, SIGN_IN_ADDRESS_MAX, SIGN_IN_LOGIN_MAX, SIGN_IN_WINDOW};
pub use credential::{Caller, Credential, Device, RequestFacts};
pub use error::IdentityError;
pub use identity::{Clock, Identity, IdentityParts};
pub use key::{ApiKey, KeyError};
pub use keys::{KEY_DISPLAY_MAX, NewKey};
pub use mail::{MAIL_QUEUE_MAX, MAILS_AT_ONCE, MailConfigError, Mailer};
pub use members::{Hashed, MemberChange, NewMember};
pub use oidc::{
    Joining, KEYS_FETCHED_MAX, Oidc, OidcAnswer, OidcDone, OidcError, OidcStart, PROVIDERS_MAX, ProviderFault, ProviderSettings,
    ProviderView, RefusalReason, SIGN_IN_SECONDS_MAX, SecretChange,
};
pub use password::{ARGON2_LANES, ARGON2_MEMORY_KIB, ARGON2_PASSES, HASH_QUEUE_MAX, HASHES_AT_ONCE, random_password};
pub use rights::ROLES_MAX;
pub use scim::{
    COUNT_MAX, ELEMENTS_MAX, FILTER_BYTES_MAX, GROUPS_MAX, OPERATIONS_MAX, Scim, ScimAnswer, ScimError, ScimMethod, ScimRequest,
    USERS_SCANNED_MAX,
};
pub use second_factor::{Enrolment, RECOVERY_CODES};
pub use sessions::{Begun, SESSION_IDLE_MAX, SESSION_MAX, SESSIONS_MAX};
pub use sign_in::{LOGIN_BYTES_MAX, SignIn};
pub use strength::{PASSWORD_BYTES_MAX, PASSWORD_LETTERS_MIN};
pub use tickets::{INVITATION_MAX, Invited, RESET_MAX};
pub use token::{link_token, link_token_hash};
