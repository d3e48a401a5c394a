//! `cargo xtask demo`: the platform on SQLite with a tenant somebody could have worked in for two years.
//!
//! Builds `tenon`, serves it, makes the tenant `demo`, fills it over the public data API, prints where to look and
//! keeps serving until Ctrl-C. Called again it shows the same tenant; `--fresh` begins anew.

mod activities;
mod chance;
mod companies;
mod day;
mod deals;
mod leads;
mod load;
mod organisation;
mod people;
mod products;
#[cfg(test)]
mod rehearsal;
mod words;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::client::Client;
use crate::warden::Watched;
use crate::workspace::Workspace;
use crate::{machine, postgres, program, terminal};

/// The tenant's name.
const TENANT: &str = "demo";

/// Where it listens, unless somebody is there already.
const PORT: u16 = 8080;

/// What the caller asked for.
pub(crate) struct Wish {
    /// Begin with an empty folder.
    pub(crate) fresh: bool,
    /// Do not keep serving.
    pub(crate) once: bool,
}

/// Builds, serves, fills, prints.
pub(crate) fn run(workspace: &Workspace, wish: &Wish) -> anyhow::Result<()> {
    machine::check()?;
    terminal::step("building tenon (the first build takes minutes)");
    program::run(&mut workspace.build(&["tenon"], "dev"))?;
    let data = workspace.target.join("demo-data");
    if wish.fresh && data.try_exists()? {
        std::fs::remove_dir_all(&data)?;
    }
    std::fs::create_dir_all(&data)?;

    let (mut server, address) = serve(workspace, &data)?;
    let sign_in = sign_in(workspace, &data)?;
    let key = text(&sign_in, "apiKey")?;
    let marker = data.join("demo-filled");
    if !marker.try_exists()? {
        terminal::step("filling the tenant with invented data");
        let client = Client { address: address.clone(), path: format!("/t/{TENANT}/graphql"), key: key.clone() };
        let count = load::fill(client)?;
        std::fs::write(&marker, count.to_string())?;
    }
    terminal::result(&format!("\n  explorer  http://{address}/t/{TENANT}/graphql\n  API key   {key}\n"));
    if wish.once {
        return Ok(());
    }
    terminal::result("serving until Ctrl-C");
    let status = server.process.wait()?;
    if !status.success() {
        bail!("the server ended with {status}");
    }
    Ok(())
}

/// Starts the server; it is ready when it says where it listens.
fn serve(workspace: &Workspace, data: &Path) -> anyhow::Result<(Watched, String)> {
    let port = if TcpListener::bind(("127.0.0.1", PORT)).is_ok() { PORT } else { postgres::free_port()? };
    let mut command = Command::new(workspace.built("tenon"));
    command.arg("serve").arg("--data").arg(data).arg("--listen").arg(format!("127.0.0.1:{port}"));
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut server = Watched::spawn(&mut command, None)?;
    let output = server.process.stdout.take().context("stdout was asked for")?;
    let mut lines = BufReader::new(output).lines();
    for line in lines.by_ref() {
        let line = line?;
        if let Some(address) = line.trim().strip_prefix("listening on http://") {
            let address = address.trim_end_matches('/').to_owned();
            // What it says later is passed on; the pipe would fill up otherwise.
            std::thread::spawn(move || {
                for later in lines.map_while(Result::ok) {
                    terminal::result(&later);
                }
            });
            return Ok((server, address));
        }
        terminal::result(&line);
    }
    bail!("tenon ended without listening: its reason is above")
}

/// Makes the tenant, or remembers the answer of the run that made it.
fn sign_in(workspace: &Workspace, data: &Path) -> anyhow::Result<Value> {
    let remembered: PathBuf = data.join("demo-sign-in.json");
    if let Ok(text) = std::fs::read_to_string(&remembered) {
        return Ok(serde_json::from_str(&text)?);
    }
    let mut command = Command::new(workspace.built("tenon"));
    command.args(["tenant", "create", TENANT, "--zone", "Asia/Shanghai", "--locale", "zh", "--currency", "CNY"]);
    command.arg("--data").arg(data).arg("--json");
    let answer = program::output(&mut command)?;
    let value = serde_json::from_str(&answer).with_context(|| format!("not the expected JSON: {answer}"))?;
    std::fs::write(&remembered, answer)?;
    Ok(value)
}

fn text(value: &Value, name: &str) -> anyhow::Result<String> {
    let found = value.get(name).and_then(Value::as_str);
    Ok(found.with_context(|| format!("`tenon tenant create` printed no `{name}`"))?.to_owned())
}
