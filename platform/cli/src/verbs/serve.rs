//! `tenon serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::json;
use tenon_server::{BackupPlan, MailConfig, ServeConfig};
use tokio::signal::unix::{SignalKind, signal};

use crate::args::{Args, LogFormat, Outside, Trust};
use crate::output::{Exit, Output, Usage};

/// Runs until it is told to stop (Ctrl-C, SIGTERM).
pub(crate) async fn serve(
    args: &Args,
    output: &Output,
    listen: SocketAddr,
    (plugins, plugin_faults, trust): (&[PathBuf], Option<usize>, &Trust),
    rest: (u32, Option<u32>, &Outside),
) -> anyhow::Result<Exit> {
    tenon_server::init_log(Some(&args.log), args.log_format == LogFormat::Json);
    let data = args.data.clone().ok_or(Usage("name the data directory: --data DIR or TENON_DATA"))?;
    let (rate_per_minute, connections, outside) = rest;
    let mail = outside.smtp_url.clone().zip(outside.smtp_from.clone()).map(|(url, from)| MailConfig { url, from });
    let mut config = ServeConfig {
        listen,
        database: args.database.clone(),
        plugins: plugins.to_vec(),
        publishers: trust.publishers.clone(),
        unsigned_packages: trust.unsigned_packages,
        plugin_compiler: std::env::current_exe().ok(),
        rate_per_minute,
        connections,
        public_url: outside.public_url.clone(),
        proxies: outside.proxies.clone(),
        cells: args.cells.iter().chain(&outside.cell).cloned().collect(),
        move_stop: outside.move_stop,
        backups: outside.backups.clone(),
        backup_plan: outside.backup_every.map(|every| BackupPlan { every, keep: outside.backup_keep }),
        files: outside.files.clone(),
        file_bytes: outside.file_bytes,
        files_bytes: outside.files_bytes,
        quotas: outside.quotas.clone(),
        private_providers: outside.private_providers,
        private_outbound: outside.private_outbound,
        mail,
        ..ServeConfig::new(data)
    };
    if let Some(most) = plugin_faults {
        config.plugin_budgets.faults_per_minute = most;
    }
    let running = tenon_server::start(config).await?;
    let address = format!("http://{}", running.address());
    output.result(&json!({ "listening": address }), format!("listening on {address}"));
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    output.say("stopping");
    running.stop().await?;
    Ok(Exit::Done)
}
