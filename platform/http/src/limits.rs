//! Every limit of the doors by name, as `GET /t/{tenant}/limits` lists them.

use axum::response::{IntoResponse, Response};
use serde_json::json;
use tenon_context::Via;
use tenon_identity as identity;
use tenon_packages::{CORS_MAX, RETIRED_DAYS};
use tenon_records::files::{FILE_HOLDERS_MAX, FILE_OWN};
use tenon_records::{CASCADE_MAX, MERGE_MOVED_MAX, MERGE_OTHERS_MAX, import};

use crate::app::TIME_MAX;
use crate::body::FORM_BYTES_MAX;
use crate::call::Call;
use crate::exports_route::EXPORT_REQUEST_MAX;
use crate::files_route::DRAWN_AT_ONCE;
use crate::imports_route::MAPPING_BYTES_MAX;
use crate::live::{FEED_LINES_MAX, FEED_WAIT_MAX, MESSAGE_BYTES_MAX, SOCKETS_MAX, SUBSCRIPTIONS_MAX};
use crate::receiving::IMPORT_BYTES_MAX;
use crate::respond::{problem, problem_of};
use crate::scim_route::SCIM_BYTES_MAX;
use crate::upload_route::UPLOADS_MAX;

/// Bytes of a request body, inflated.
pub(crate) const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Answers above this many bytes are compressed.
pub(crate) const COMPRESS_ABOVE: u16 = 1024;
/// Letters of an `Idempotency-Key`.
pub(crate) const IDEMPOTENCY_KEY_MAX: usize = 255;

pub(crate) async fn list(call: Call) -> Response {
    let quotas = async {
        let cx = call.context(Via::Graphql).await?;
        call.app.store.quota_maxima(cx.model.tenant).await.map_err(|error| problem_of(&error, &call.arrival))
    };
    let mut limits = serde_json::Map::new();
    match quotas.await {
        Ok(quotas) => limits.extend(quotas.into_iter().map(|(quota, max)| (quota.word().to_owned(), json!(max)))),
        Err(wrong) => return problem(&wrong, &call.arrival),
    }
    for (name, max) in tenon_graphql::LIMITS {
        limits.insert((*name).to_owned(), json!(max));
    }
    limits.insert("body_bytes".to_owned(), json!(BODY_BYTES_MAX));
    limits.insert("time".to_owned(), json!(TIME_MAX.as_secs()));
    limits.insert("rate".to_owned(), json!(call.app.rate.per_minute()));
    limits.insert("subscriptions".to_owned(), json!(SUBSCRIPTIONS_MAX));
    limits.insert("sockets".to_owned(), json!(SOCKETS_MAX));
    limits.insert("message_bytes".to_owned(), json!(MESSAGE_BYTES_MAX));
    limits.insert("changes".to_owned(), json!(FEED_LINES_MAX));
    limits.insert("wait".to_owned(), json!(FEED_WAIT_MAX));
    limits.insert("resume_window".to_owned(), json!(tenon_store::RESUME_WINDOW.as_secs()));
    limits.insert("cascade".to_owned(), json!(CASCADE_MAX));
    limits.insert("merge_others".to_owned(), json!(MERGE_OTHERS_MAX));
    limits.insert("merge_moved".to_owned(), json!(MERGE_MOVED_MAX));
    limits.insert("cors".to_owned(), json!(CORS_MAX));
    limits.extend(of_sending(&call));
    limits.insert("shape_at_once".to_owned(), json!(tenon_store::AT_ONCE_MAX));
    limits.insert("index_hold".to_owned(), json!(tenon_store::INDEX_HOLD_MAX));
    limits.insert("retired_days".to_owned(), json!(RETIRED_DAYS));
    limits.extend(of_jobs());
    limits.extend(of_files(&call));
    limits.extend(of_sign_in());
    limits.extend(of_providers());
    limits.extend(of_packages());
    limits.insert("link_fields".to_owned(), json!(tenon_automation::LINK_FIELDS_MAX));
    limits.insert("link_name".to_owned(), json!(tenon_automation::LINK_NAME_MAX));
    limits.insert("link_offer_days".to_owned(), json!(tenon_automation::LINK_OFFER_DAYS));
    limits.insert("link_chunk".to_owned(), json!(tenon_automation::LINK_CHUNK));
    axum::Json(json!({ "limits": limits })).into_response()
}

/// How long is waited for those who send, and for those who are told things, in seconds.
fn of_sending(call: &Call) -> impl Iterator<Item = (String, tenon_value::Json)> {
    let patience = call.app.patience;
    let limits = [
        ("head_time", json!(patience.head.as_secs())),
        ("body_idle", json!(patience.idle.as_secs())),
        ("body_time", json!(patience.body.as_secs())),
        ("upload_time", json!(patience.upload.as_secs())),
        ("socket_silence", json!(patience.silence.as_secs())),
    ];
    limits.into_iter().map(|(name, max)| (name.to_owned(), max))
}

/// The limits of jobs, and of the files they read and leave.
fn of_jobs() -> impl Iterator<Item = (String, tenon_value::Json)> {
    let limits = [
        ("jobs_waiting", json!(tenon_store::JOBS_WAITING_MAX)),
        ("plugin_jobs", json!(tenon_store::PLUGIN_JOBS_MAX)),
        ("job_steps", json!(tenon_automation::JOB_STEPS_MAX)),
        ("clock_jobs", json!(tenon_automation::CLOCK_JOBS_MAX)),
        ("clock_days", json!(tenon_automation::CLOCK_DAYS_MAX)),
        ("jobs_per_tenant", json!(tenon_automation::JOBS_PER_TENANT)),
        ("jobs_per_node", json!(tenon_automation::JOBS_PER_NODE)),
        ("job_days", json!(tenon_store::JOB_DAYS)),
        ("undo_days", json!(tenon_automation::UNDO_DAYS)),
        ("export_request_bytes", json!(EXPORT_REQUEST_MAX)),
        ("export_columns", json!(tenon_graphql::EXPORT_COLUMNS_MAX)),
        ("parquet_group_rows", json!(tenon_graphql::PARQUET_GROUP_ROWS)),
        ("parquet_group_bytes", json!(tenon_graphql::PARQUET_GROUP_BYTES)),
        ("snapshots", json!(tenon_store::SNAPSHOTS_MAX)),
        ("import_bytes", json!(IMPORT_BYTES_MAX)),
        ("import_errors", json!(import::ERROR_ROWS_MAX)),
        ("line_bytes", json!(import::RECORD_BYTES_MAX)),
        ("mapping_bytes", json!(MAPPING_BYTES_MAX)),
        ("suggest_bytes", json!(import::SUGGEST_BYTES_MAX)),
        ("xlsx_bytes", json!(import::XLSX_BYTES_MAX)),
        ("xlsx_inflated_bytes", json!(import::XLSX_INFLATED_MAX)),
        ("xlsx_rows", json!(import::XLSX_ROWS_MAX)),
        ("xlsx_cells", json!(import::XLSX_CELLS_MAX)),
        ("xlsx_columns", json!(import::XLSX_COLUMNS_MAX)),
        ("suggest_parquet_bytes", json!(import::XLSX_BYTES_MAX)),
    ];
    let parquet = import::PARQUET_LIMITS.into_iter().map(|(name, max)| (name, json!(max)));
    limits.into_iter().chain(parquet).map(|(name, max)| (name.to_owned(), max))
}

/// The limits of files; lengths of time are seconds.
fn of_files(call: &Call) -> impl Iterator<Item = (String, tenon_value::Json)> {
    let store = &call.app.store;
    let limits = [
        ("file_bytes", json!(store.file_bytes_max())),
        ("uploads", json!(UPLOADS_MAX)),
        ("file_own", json!(FILE_OWN.as_secs())),
        ("file_holders", json!(FILE_HOLDERS_MAX)),
        ("file_link", json!(tenon_files::LINK_MAX.as_secs())),
        ("thumbnail_bytes", json!(tenon_files::THUMBNAIL_BYTES_MAX)),
        ("thumbnail_side", json!(tenon_files::THUMBNAIL_SIDE_MAX)),
        ("thumbnail_memory", json!(tenon_files::THUMBNAIL_MEMORY_MAX)),
        ("thumbnails", json!(DRAWN_AT_ONCE)),
    ];
    limits.map(|(name, max)| (name.to_owned(), max)).into_iter()
}

/// The limits of signing in; lengths of time are seconds.
fn of_sign_in() -> impl Iterator<Item = (String, tenon_value::Json)> {
    let limits = [
        ("form_bytes", json!(FORM_BYTES_MAX)),
        ("sign_in_window", json!(identity::SIGN_IN_WINDOW.as_secs())),
        ("sign_in_login", json!(identity::SIGN_IN_LOGIN_MAX)),
        ("sign_in_address", json!(identity::SIGN_IN_ADDRESS_MAX)),
        ("reset_login", json!(identity::RESET_LOGIN_MAX)),
        ("reset_address", json!(identity::RESET_ADDRESS_MAX)),
        ("session", json!(identity::SESSION_MAX.as_secs())),
        ("session_idle", json!(identity::SESSION_IDLE_MAX.as_secs())),
        ("sessions", json!(identity::SESSIONS_MAX)),
        ("invitation", json!(identity::INVITATION_MAX.as_secs())),
        ("reset", json!(identity::RESET_MAX.as_secs())),
        ("password_letters_min", json!(identity::PASSWORD_LETTERS_MIN)),
        ("password_bytes", json!(identity::PASSWORD_BYTES_MAX)),
        ("roles", json!(identity::ROLES_MAX)),
        ("mail_queue", json!(identity::MAIL_QUEUE_MAX)),
    ];
    limits.into_iter().map(|(name, max)| (name.to_owned(), max))
}

/// The limits of identity providers: signing in through them, and their keeping the members.
fn of_providers() -> impl Iterator<Item = (String, tenon_value::Json)> {
    let limits = [
        ("providers", json!(identity::PROVIDERS_MAX)),
        ("provider_sign_in", json!(identity::SIGN_IN_SECONDS_MAX)),
        ("provider_keys_fetched", json!(identity::KEYS_FETCHED_MAX)),
        ("scim_bytes", json!(SCIM_BYTES_MAX)),
        ("scim_count", json!(identity::COUNT_MAX)),
        ("scim_filter_bytes", json!(identity::FILTER_BYTES_MAX)),
        ("scim_operations", json!(identity::OPERATIONS_MAX)),
        ("scim_elements", json!(identity::ELEMENTS_MAX)),
        ("scim_groups", json!(identity::GROUPS_MAX)),
        ("scim_users_scanned", json!(identity::USERS_SCANNED_MAX)),
    ];
    limits.into_iter().map(|(name, max)| (name.to_owned(), max))
}

/// The limits of packages and their files.
fn of_packages() -> impl Iterator<Item = (String, tenon_value::Json)> {
    let limits = [
        ("package_versions", json!(tenon_packages::VERSIONS_MAX)),
        ("package_bytes", json!(tenon_packages::BUNDLE_BYTES_MAX)),
        ("package_unpacked_bytes", json!(tenon_packages::UNPACKED_MAX)),
        ("package_entries", json!(tenon_packages::ENTRIES_MAX)),
        ("package_path", json!(tenon_packages::PATH_MAX)),
        ("package_metadata_file", json!(tenon_packages::METADATA_FILE_MAX)),
        ("http_request_bytes", json!(tenon_packages::HTTP_REQUEST_BYTES_MAX)),
        ("endpoint_bytes", json!(tenon_automation::ENDPOINT_BYTES_MAX)),
        ("endpoint_rate", json!(crate::endpoints_route::ENDPOINT_RATE)),
        ("webhook_seconds", json!(tenon_automation::WEBHOOK_SECONDS_MAX)),
        ("setting_bytes", json!(tenon_packages::SETTING_BYTES_MAX)),
        ("secret_bytes", json!(tenon_packages::SECRET_BYTES_MAX)),
        ("host_tests", json!(tenon_packages::HOST_TESTS_MAX)),
        ("host_test_steps", json!(tenon_packages::HOST_TEST_STEPS_MAX)),
        ("host_test_bytes", json!(tenon_packages::HOST_TEST_BYTES_MAX)),
        ("host_tests_seconds", json!(tenon_packages::HOST_TESTS_WALL.as_secs())),
        ("host_test_rooms", json!(tenon_packages::HOST_TEST_ROOMS)),
        ("package_log_lines", json!(tenon_packages::LINES_MAX)),
    ];
    limits.into_iter().map(|(name, max)| (name.to_owned(), max))
}
