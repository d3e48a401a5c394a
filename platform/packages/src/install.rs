//! Packages of a tenant: uploaded, planned with consent, installed as a layer, upgraded, rolled back, switched off, removed.
//!
//! Invariants: whoever does any of it has the special right `packages`; an install is one transaction with its metadata;
//! a version once uploaded never changes; no plugin is needed to read what its package brought.

mod canary;
mod chosen;
mod declared;
mod error;
pub(crate) mod grants;
mod life;
mod listing;
mod namespace;
mod outward;
mod plan;
mod plugins;
mod requires;
mod session;
mod setting;
mod traced;
mod tried;
mod upload;
mod values;

pub use error::InstallError;
pub use grants::GrantLine;
pub use life::PluginCalls;
pub use listing::{Beside, Health, Installed, SecretState, SettingState, VersionState};
pub(crate) use namespace::strays;
pub use outward::DeclaredSecret;
pub(crate) use outward::outward_of;
pub use plan::{InstallDone, InstallWish, PackagePlan};
pub use plugins::Plugins;
pub(crate) use plugins::WithModels;
pub use setting::{SETTING_BYTES_MAX, Setting, SettingKind};
pub use tried::{HOST_TEST_ROOMS, HOST_TESTS_WALL, HostTestStage, NotPlayed, TestsWish};
pub use upload::VERSIONS_MAX;
pub use values::SECRET_BYTES_MAX;
