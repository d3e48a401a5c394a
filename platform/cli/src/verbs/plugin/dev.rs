//! `tenon plugin dev`: a server of one's own with one sandbox tenant, in which the package is installed anew at every save.
//!
//! It lies in `target/tenon-dev` of the package and takes packages that nobody has signed. `seed.graphql`, where there is
//! one, is carried out when the tenant is made.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use serde_json::json;
use tenon_server::{ServeConfig, TenantRequest};

use super::{build_if_any, pack, package};
use crate::args::{Agreed, Args};
use crate::client::Client;
use crate::output::{Exit, Output};

/// How often files are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// The tenant.
const TENANT: &str = "dev";
/// Where its key is kept.
const KEY_FILE: &str = "dev.key";

/// Serves until it is stopped.
pub(super) async fn dev(args: &Args, output: &Output, dir: &Path, once: bool) -> anyhow::Result<Exit> {
    let data = std::path::absolute(dir)?.join("target/tenon-dev");
    std::fs::create_dir_all(&data)?;
    let running = tenon_server::start(ServeConfig { unsigned_packages: true, ..ServeConfig::new(&data) }).await?;
    let url = format!("http://{}", running.address());
    let is_new = !data.join(KEY_FILE).try_exists()?;
    if is_new {
        let request = TenantRequest { name: TENANT.to_owned(), sandbox: true, locale: Some("en".to_owned()), ..TenantRequest::default() };
        std::fs::write(data.join(KEY_FILE), running.tenant_create(&request).await?.api_key)?;
    }
    let key = std::fs::read_to_string(data.join(KEY_FILE))?;
    let client = Client::at(args, &url, TENANT, key.clone());
    output.result(&json!({ "url": url, "tenant": TENANT, "key": key }), format!("{url}/t/{TENANT}/graphql\nkey {key}"));
    let seed = dir.join("seed.graphql");
    let mut seen = None;
    let mut seeded = !is_new;
    loop {
        let newest = newest(dir)?;
        if seen != Some(newest) {
            seen = Some(newest);
            let (asking, words, folder) = (client.clone(), output.clone(), dir.to_owned());
            let begun = Instant::now();
            let done = tokio::task::spawn_blocking(move || again(&asking, &words, &folder)).await?;
            match done {
                Ok(title) => output.say(&format!("{title} answers ({:.1} s)", begun.elapsed().as_secs_f32())),
                Err(error) if once => return Err(error),
                Err(error) => output.say(&format!("not installed: {error:#}")),
            }
            if !seeded && seed.try_exists()? {
                let (client, document) = (client.clone(), std::fs::read_to_string(&seed)?);
                tokio::task::spawn_blocking(move || client.data("graphql", &document, &json!({}))).await?.context("seed.graphql")?;
            }
            seeded = true;
        }
        if once {
            break;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            stopped = tokio::signal::ctrl_c() => { stopped?; break; }
        }
    }
    running.stop().await?;
    Ok(Exit::Done)
}

/// Builds, packs and installs once more; the version that answers.
fn again(client: &Client, output: &Output, dir: &Path) -> anyhow::Result<String> {
    build_if_any(output, dir)?;
    let bundle = pack(dir)?;
    let everything = Agreed { grant_all: true, confirm_all: true, ..Agreed::default() };
    package::install(client, output, bundle.bytes()?, &everything)?;
    Ok(format!("{}@{}", bundle.index.package, bundle.index.version))
}

/// When something its author wrote was last saved.
fn newest(dir: &Path) -> anyhow::Result<SystemTime> {
    let mut newest = SystemTime::UNIX_EPOCH;
    let mut open: Vec<PathBuf> = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let made = ["target", "vendor", "plugin.wasm", "Cargo.lock"].iter().any(|made| name == *made)
                || name.to_string_lossy().starts_with('.');
            if made || name.to_string_lossy().ends_with(".tenon") {
                continue;
            }
            let told = entry.metadata()?;
            if told.is_dir() {
                open.push(entry.path());
            } else {
                newest = newest.max(told.modified()?);
            }
        }
    }
    Ok(newest)
}
