//! Packages of ISVs: taken in, installed with consent, upgraded, rolled back, switched off, removed, removed by force.
//!
//! On both databases, with a second tenant present, and as somebody who may not.

mod bundled;
mod canary;
mod dealers;
mod forced;
mod given;
mod halves;
mod hosted;
pub(crate) mod house;
mod life;
mod made;
mod moves;
mod offers;
mod outward;
mod questions;
mod refused;
mod replayed;
pub(crate) mod shop;
mod webshop;

use tenon_tests::Database;

use house::{Courier, with_packages};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_package_lives_and_goes_on_sqlite() {
    with_packages(Database::Sqlite, life::from_upload_to_purge).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_package_lives_and_goes_on_postgres() {
    with_packages(Database::Postgres, life::from_upload_to_purge).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_package_that_fails_its_own_tests_is_not_installed_on_sqlite() {
    with_packages(Database::Sqlite, bundled::played).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_package_that_fails_its_own_tests_is_not_installed_on_postgres() {
    with_packages(Database::Postgres, bundled::played).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_package_is_refused_by_name_on_sqlite() {
    with_packages(Database::Sqlite, refused::all).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_package_is_refused_by_name_on_postgres() {
    with_packages(Database::Postgres, refused::all).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_package_removed_by_force_leaves_a_tenant_that_boots_reads_and_exports_on_sqlite() {
    with_packages(Database::Sqlite, forced::removed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_package_removed_by_force_leaves_a_tenant_that_boots_reads_and_exports_on_postgres() {
    with_packages(Database::Postgres, forced::removed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_package_of_the_course_is_upgraded_on_sqlite() {
    with_packages(Database::Sqlite, dealers::two_versions).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_package_of_the_course_is_upgraded_on_postgres() {
    with_packages(Database::Postgres, dealers::two_versions).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_package_offers_is_bounded_by_consent_on_sqlite() {
    with_packages(Database::Sqlite, offers::bounded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_package_offers_is_bounded_by_consent_on_postgres() {
    with_packages(Database::Postgres, offers::bounded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_before_a_start_is_heard_on_sqlite() {
    with_packages(Database::Sqlite, offers::heard_after_all).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_before_a_start_is_heard_on_postgres() {
    with_packages(Database::Postgres, offers::heard_after_all).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_that_fails_half_way_leaves_everything_on_sqlite() {
    with_packages(Database::Sqlite, halves::half_way).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_that_fails_half_way_leaves_everything_on_postgres() {
    with_packages(Database::Postgres, halves::half_way).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_is_told_of_its_package_and_moves_its_data_on_sqlite() {
    with_packages(Database::Sqlite, moves::told_and_moved).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_is_told_of_its_package_and_moves_its_data_on_postgres() {
    with_packages(Database::Postgres, moves::told_and_moved).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_package_taken_out_under_load_leaves_every_save_whole_on_sqlite() {
    with_packages(Database::Sqlite, halves::under_load).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_package_taken_out_under_load_leaves_every_save_whole_on_postgres() {
    with_packages(Database::Postgres, halves::under_load).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_fit_their_types_and_secrets_never_come_out_on_sqlite() {
    with_packages(Database::Sqlite, async |server, tenant, other| {
        given::settings_and_secrets(Courier::InRust, server, tenant, other).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_fit_their_types_and_secrets_never_come_out_on_postgres() {
    with_packages(Database::Postgres, async |server, tenant, other| {
        given::settings_and_secrets(Courier::InRust, server, tenant, other).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_calls_the_hosts_it_was_granted_and_no_others_on_sqlite() {
    with_packages(Database::Sqlite, async |server, tenant, other| outward::calls(Courier::InRust, server, tenant, other).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_calls_the_hosts_it_was_granted_and_no_others_on_postgres() {
    with_packages(Database::Postgres, async |server, tenant, other| outward::calls(Courier::InRust, server, tenant, other).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_lets_in_whom_it_says_on_sqlite() {
    with_packages(Database::Sqlite, async |server, tenant, other| outward::endpoints(Courier::InRust, server, tenant, other).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_lets_in_whom_it_says_on_postgres() {
    with_packages(Database::Postgres, async |server, tenant, other| outward::endpoints(Courier::InRust, server, tenant, other).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_webhook_and_the_job_of_the_course_do_as_they_say_on_sqlite() {
    with_packages(Database::Sqlite, webshop::orders_come_in_and_are_confirmed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_webhook_and_the_job_of_the_course_do_as_they_say_on_postgres() {
    with_packages(Database::Postgres, webshop::orders_come_in_and_are_confirmed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_of_a_plugin_read_as_their_caller_and_fail_alone_on_sqlite() {
    let courier = Courier::InRust;
    with_packages(Database::Sqlite, async |server, tenant, other| questions::answered(courier, server, tenant, other).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_of_a_plugin_read_as_their_caller_and_fail_alone_on_postgres() {
    let courier = Courier::InRust;
    with_packages(Database::Postgres, async |server, tenant, other| questions::answered(courier, server, tenant, other).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn computed_fields_are_made_anew_and_no_save_fails_by_them_on_sqlite() {
    let courier = Courier::InRust;
    with_packages(Database::Sqlite, async |server, tenant, other| made::computed(courier, server, tenant, other).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn computed_fields_are_made_anew_and_no_save_fails_by_them_on_postgres() {
    let courier = Courier::InRust;
    with_packages(Database::Postgres, async |server, tenant, other| made::computed(courier, server, tenant, other).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn host_tests_are_played_and_leave_nothing_on_sqlite() {
    with_packages(Database::Sqlite, hosted::played).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn host_tests_are_played_and_leave_nothing_on_postgres() {
    with_packages(Database::Postgres, hosted::played).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_in_typescript_reaches_out_and_is_reached_as_one_in_rust_on_sqlite() {
    reached_in_typescript(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_in_typescript_reaches_out_and_is_reached_as_one_in_rust_on_postgres() {
    reached_in_typescript(Database::Postgres).await;
}

async fn reached_in_typescript(database: Database) {
    let courier = Courier::InTypeScript;
    with_packages(database, async |server, tenant, other| given::settings_and_secrets(courier, server, tenant, other).await).await;
    with_packages(database, async |server, tenant, other| outward::calls(courier, server, tenant, other).await).await;
    with_packages(database, async |server, tenant, other| outward::endpoints(courier, server, tenant, other).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_and_computed_fields_in_typescript_are_as_in_rust_on_sqlite() {
    asked_in_typescript(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_and_computed_fields_in_typescript_are_as_in_rust_on_postgres() {
    asked_in_typescript(Database::Postgres).await;
}

async fn asked_in_typescript(database: Database) {
    let courier = Courier::InTypeScript;
    with_packages(database, async |server, tenant, other| questions::answered(courier, server, tenant, other).await).await;
    with_packages(database, async |server, tenant, other| made::computed(courier, server, tenant, other).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_call_happens_again_elsewhere_on_sqlite() {
    with_packages(Database::Sqlite, replayed::elsewhere).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_call_happens_again_elsewhere_on_postgres() {
    with_packages(Database::Postgres, replayed::elsewhere).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_is_tried_on_a_share_of_the_people_on_sqlite() {
    with_packages(Database::Sqlite, canary::tried).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_is_tried_on_a_share_of_the_people_on_postgres() {
    with_packages(Database::Postgres, canary::tried).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_that_moves_data_is_tried_on_nobody_on_sqlite() {
    with_packages(Database::Sqlite, canary::moving).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_that_moves_data_is_tried_on_nobody_on_postgres() {
    with_packages(Database::Postgres, canary::moving).await;
}
