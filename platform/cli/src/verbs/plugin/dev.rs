//! `tenon plugin dev`: a server of one's own with one sandbox tenant, in which the package is installed anew at every save.
//!
//! It lies in `target/tenon-dev` of the package and takes packages that nobody has signed. `seed.graphql`, where there is
//! one, is carried out when the tenant is made.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use serde_json::json;
use tenon_packages::COMPONENT;
use tenon_server::{ServeConfig, TenantRequest};

use super::{build_if_any, is_package, pack, package};
use crate::args::{Agreed, Args};
use crate::client::Client;
use crate::output::{Exit, Output};

/// How often files, and what the plugin has logged, are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// What is made, not written.
const MADE: [&str; 6] = ["target", "vendor", COMPONENT, "Cargo.lock", "node_modules", "package-lock.json"];
/// The tenant.
const TENANT: &str = "dev";
/// Where its key is kept.
const KEY_FILE: &str = "dev.key";

/// Serves until it is stopped.
pub(super) async fn dev(args: &Args, output: &Output, dir: &Path, once: bool) -> anyhow::Result<Exit> {
    is_package(dir)?;
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
    let mut seed = Some(dir.join("seed.graphql")).filter(|_| is_new);
    let (mut seen, mut installed, mut last) = (None, None::<String>, 0);
    let mut stopped = pin!(tokio::signal::ctrl_c());
    loop {
        let state = state(dir);
        if seen != Some(state) {
            seen = Some(state);
            let (asking, words, folder, document) = (client.clone(), output.clone(), dir.to_owned(), seed.clone());
            let task = tokio::task::spawn_blocking(move || again(&asking, &words, &folder, document.as_deref()));
            let done = tokio::select! {
                done = task => done?,
                stop = &mut stopped => { stop?; break; }
            };
            match done {
                Ok(package) => (seed, installed) = (None, Some(package)),
                Err(error) if once => return Err(error),
                Err(error) => output.say(format!("not installed: {error:#}")),
            }
        }
        if once {
            break;
        }
        if let Some(package) = installed.clone() {
            let (client, before) = (client.clone(), last);
            let asked = tokio::task::spawn_blocking(move || {
                let mut last = before;
                package::lines(&client, &package, &mut last).map(|lines| (lines, last))
            });
            // A server that has no time now has it soon.
            if let Ok(Ok((lines, after))) = asked.await {
                last = after;
                lines.iter().for_each(|line| output.say(package::told(line)));
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            stop = &mut stopped => { stop?; break; }
        }
    }
    running.stop().await?;
    Ok(Exit::Done)
}

/// Builds, packs and installs once more, and carries out what a new tenant begins with; the package's name.
fn again(client: &Client, output: &Output, dir: &Path, seed: Option<&Path>) -> anyhow::Result<String> {
    let begun = Instant::now();
    build_if_any(output, dir)?;
    let bundle = pack(dir)?;
    let everything = Agreed { grant_all: true, confirm_all: true, ..Agreed::default() };
    // Its tests are for `tenon plugin test`: here an author wants to see what he has just written.
    package::install(client, output, bundle.bytes()?, (&everything, false, None))?;
    if let Some(seed) = seed.filter(|seed| seed.try_exists().unwrap_or(false)) {
        let document = std::fs::read_to_string(seed).context("seed.graphql")?;
        client.data("graphql", &document, &json!({})).context("seed.graphql")?;
    }
    let took = begun.elapsed().as_secs_f32();
    output.say(format!("{}@{} answers ({took:.1} s)", bundle.index.package, bundle.index.version));
    Ok(bundle.index.package)
}

/// How many files its author has, and when the last of them was saved. What cannot be read now is looked at again soon.
pub(super) fn state(dir: &Path) -> (usize, SystemTime) {
    let (mut count, mut newest) = (0, SystemTime::UNIX_EPOCH);
    let mut open: Vec<PathBuf> = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if MADE.contains(&&*name) || name.starts_with('.') || name.ends_with(".tenon") {
                continue;
            }
            let Ok(told) = entry.metadata() else { continue };
            if told.is_dir() {
                open.push(entry.path());
            } else {
                count += 1;
                newest = newest.max(told.modified().unwrap_or(newest));
            }
        }
    }
    (count, newest)
}
