//! The platform as a process of its own: started, given a tenant, stopped or killed, looked at from outside.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::databases::free_port;
use crate::wire::Target;

/// How long a start may take.
const START_MAX: Duration = Duration::from_secs(60);

/// Where a server keeps its data.
#[derive(Clone)]
pub(crate) struct Place {
    /// The `tenon` program.
    pub(crate) program: PathBuf,
    /// The data folder.
    pub(crate) data: PathBuf,
    /// The database, unless it is the embedded one.
    pub(crate) database: Option<String>,
}

/// More faults a minute than any breaker waits for.
const FAULTS_A_MINUTE: &str = "4000000000";

/// A running server.
pub(crate) struct Server {
    process: Child,
    /// Where it listens.
    pub(crate) address: String,
}

impl Place {
    /// Starts a server and waits until it says where it listens.
    pub(crate) async fn serve(&self) -> anyhow::Result<Server> {
        let port = free_port()?;
        // Nobody is slowed down here: the limit is tested elsewhere.
        listen(self.command(&["serve", "--rate", "4000000000", "--listen", &format!("127.0.0.1:{port}")])).await
    }

    /// Starts a server with plugins for every tenant, which does not tell of those that break and never waits for them.
    pub(crate) async fn serve_plugins(&self, plugins: &[PathBuf]) -> anyhow::Result<Server> {
        let port = free_port()?;
        let mut command = self.command(&["serve", "--rate", "4000000000", "--listen", &format!("127.0.0.1:{port}")]);
        for plugin in plugins {
            command.arg("--plugin").arg(plugin);
        }
        command.args(["--plugin-faults", FAULTS_A_MINUTE]).env("TENON_LOG", "off");
        listen(command).await
    }

    /// Starts a server that takes packages nobody has signed.
    pub(crate) async fn serve_unsigned(&self) -> anyhow::Result<Server> {
        let port = free_port()?;
        let words = ["serve", "--rate", "4000000000", "--unsigned-packages", "--listen", &format!("127.0.0.1:{port}")];
        listen(self.command(&words)).await
    }

    /// Starts a server that writes each statement it runs into a file, as lines of JSON.
    pub(crate) async fn serve_telling(&self, into: &Path) -> anyhow::Result<Server> {
        let port = free_port()?;
        let mut command = self.command(&["serve", "--listen", &format!("127.0.0.1:{port}")]);
        command.env("TENON_LOG", "warn,tenon_store::sql=trace").env("TENON_LOG_FORMAT", "json");
        command.stderr(std::fs::File::create(into)?);
        listen(command).await
    }

    /// Makes a tenant; the answer opens its data API at a server's address.
    pub(crate) async fn create_tenant(&self, name: &str, address: &str) -> anyhow::Result<Target> {
        let answer = self.run(&["tenant", "create", name, "--json"]).await?;
        let answer: Value = serde_json::from_str(&answer).context("`tenant create` printed no JSON")?;
        let key = answer.get("apiKey").and_then(Value::as_str).context("`tenant create` printed no `apiKey`")?;
        Ok(Target { address: address.to_owned(), path: format!("/t/{name}/graphql"), key: key.to_owned() })
    }

    /// Runs a command of the platform on this data; the answer is its stdout.
    pub(crate) async fn run(&self, words: &[&str]) -> anyhow::Result<String> {
        let out = self.command(words).stdin(Stdio::null()).output().await?;
        if !out.status.success() {
            bail!(
                "`tenon {}` failed: {}",
                words.join(" "),
                String::from_utf8_lossy(if out.stdout.is_empty() { &out.stderr } else { &out.stdout }).trim()
            );
        }
        Ok(String::from_utf8_lossy(&out.stdout).into_owned())
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).arg("--data").arg(&self.data).env("TENON_LOG", "warn");
        if let Some(url) = &self.database {
            command.arg("--database").arg(url);
        }
        command
    }
}

/// A process as the kernel counts it.
#[derive(Clone, Copy)]
pub(crate) struct Vitals(u32);

impl Vitals {
    /// Resident memory in KiB.
    pub(crate) fn memory_kib(self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse()?)
    }

    /// CPU time used so far, in microseconds. Linux counts it in hundredths of a second.
    pub(crate) fn cpu_us(self) -> anyhow::Result<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0))?;
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        let ticks = after_name.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
        Ok(ticks.sum::<Result<u64, _>>()? * 10_000)
    }
}

/// Starts any program that says `listening on http://…`.
pub(crate) async fn serve_program(program: &Path, words: &[String]) -> anyhow::Result<Server> {
    let mut command = Command::new(program);
    command.args(words);
    listen(command).await
}

async fn listen(mut command: Command) -> anyhow::Result<Server> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut process = command.spawn().context("cannot start a server")?;
    let mut lines = BufReader::new(process.stdout.take().context("stdout was asked for")?).lines();
    let address = tokio::time::timeout(START_MAX, async {
        while let Some(line) = lines.next_line().await? {
            if let Some(address) = line.trim().strip_prefix("listening on http://") {
                return Ok(address.trim_end_matches('/').to_owned());
            }
        }
        bail!("the server ended without listening")
    });
    let address = address.await.context("the server did not get ready in time")??;
    tokio::spawn(async move { while matches!(lines.next_line().await, Ok(Some(_))) {} });
    Ok(Server { process, address })
}

impl Server {
    /// `kill -9`, and nothing left running afterwards.
    pub(crate) async fn kill(mut self) -> anyhow::Result<()> {
        self.process.kill().await.context("cannot kill the server")
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// What the kernel knows of it.
    pub(crate) fn vitals(&self) -> anyhow::Result<Vitals> {
        Ok(Vitals(self.process.id().context("the server runs")?))
    }
}

/// An empty folder under the target directory.
pub(crate) fn empty_folder(name: &str) -> anyhow::Result<PathBuf> {
    let folder = Path::new(&required("TENON_BENCH_FOLDER")?).join(name);
    if folder.try_exists()? {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// A component that `cargo xtask` has built.
pub(crate) fn component(name: &str) -> anyhow::Result<PathBuf> {
    Ok(PathBuf::from(required_text("TENON_TEST_PLUGINS")?).join(format!("{name}.wasm")))
}

/// A variable `cargo xtask` sets.
#[expect(clippy::disallowed_methods, reason = "set by xtask for this program; there is no other configuration")]
pub(crate) fn required(name: &str) -> anyhow::Result<OsString> {
    std::env::var_os(name).with_context(|| format!("{name} is not set: start this by `cargo xtask`"))
}

/// The same as text.
pub(crate) fn required_text(name: &str) -> anyhow::Result<String> {
    Ok(required(name)?.to_string_lossy().into_owned())
}
