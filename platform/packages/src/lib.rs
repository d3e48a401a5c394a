//! Changing a tenant's metadata: plan and apply, pull, settings, the base package that every tenant begins with, and
//! packages of others: their file (`bundle`) and their life in a tenant (`install`).
//!
//! Floor 6. A wish ([`Draft`]) is laid over what is stored; the difference is a [`Plan`] of typed [`Operation`]s with risk
//! and effect on the API; applying computes it again under the exclusive model lock and refuses if anything moved.
//! Invariants: applying is one transaction; applying twice is an empty plan; what is pulled plans to nothing.

mod apply;
mod bundle;
mod changes;
mod check;
mod complaint;
mod compute;
mod crm;
mod desired;
mod diff;
mod draft;
mod elements;
mod ended;
mod ends;
mod error;
mod former;
mod granted;
mod host_test;
mod install;
mod journal;
mod judge;
mod measure;
mod operation;
mod options;
mod packages;
mod physical;
mod plan;
mod plans;
mod pull;
mod purge;
mod rename;
mod session;
mod settings;
mod shaping;
#[cfg(test)]
mod tests;

pub use apply::Applied;
pub use bundle::{
    BUNDLE_BYTES_MAX, Bundle, BundleError, COMPONENT, ENTRIES_MAX, Index, MANIFEST, METADATA_FILE_MAX, PATH_MAX, PublicKey, Publishers,
    SecretKey, Signature, UNPACKED_MAX, files_of, metadata_of,
};
pub use check::{check, check_package};
pub use crm::{BASE_PACKAGE, PackageInfo};
pub use draft::{Change, Draft};
pub use elements::TENANT_LAYER;
pub use error::{PackagesError, of_diagnostic};
pub use granted::{GrantedMember, GrantedObject, granted};
pub use host_test::{
    CallPattern, Fixture, HOST_TEST_BYTES_MAX, HOST_TEST_STEPS_MAX, HOST_TESTS_MAX, HostTest, HostTestOutcome, StepAct, TestStep,
};
pub use install::{
    Beside, DeclaredSecret, GrantLine, HOST_TEST_ROOMS, HOST_TESTS_WALL, Health, HostTestStage, InstallDone, InstallError, InstallWish,
    Installed, NotPlayed, PackagePlan, PluginCalls, Plugins, SECRET_BYTES_MAX, SETTING_BYTES_MAX, SecretState, Setting, SettingKind,
    SettingState, TestsWish, VERSIONS_MAX, VersionState,
};
pub use operation::{ApiEffect, Op, Operation, Risk};
pub use packages::Packages;
pub use plan::{PLAN_KEPT_MILLIS, Plan};
pub use plans::PLANS_BYTES_MAX;
pub use purge::RETIRED_DAYS;
pub use session::Session;
pub use settings::{CORS_MAX, SettingsChange, is_zone};
pub use shaping::{SHAPE, Settle, Shaping, Switched};
pub use tenon_compiler::{SourceFile, read_yaml};
pub use tenon_plugin_host::{HTTP_REQUEST_BYTES_MAX, LINES_MAX, Line, TRACES_MAX, Trace, Usage};
