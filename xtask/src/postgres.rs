//! A throw-away PostgreSQL: found or installed, started in a temporary folder on a free port, stopped on drop.
//!
//! PostgreSQL refuses to run as root, so root hands it to an unprivileged user. Durability is off: the cluster
//! does not outlive the command, not even a killed one (`warden`).

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::warden::Watched;
use crate::workspace::variable;
use crate::{install, program, terminal};

/// Names an existing server instead of starting one; also what the tests read.
pub(crate) const VARIABLE: &str = "TENON_TEST_POSTGRES";

/// The superuser of the cluster and the database its address names.
const SUPERUSER: &str = "postgres";

/// How long a start may take.
const START_MAX: Duration = Duration::from_secs(60);

/// Settings of a cluster that is thrown away. A tenant has many tables, and a schema dropped locks them all.
const SETTINGS: [&str; 10] = [
    "listen_addresses=127.0.0.1",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_connections=200",
    "max_locks_per_transaction=1024",
    "shared_buffers=256MB",
    "log_min_messages=fatal",
];

/// The unprivileged users root may hand the cluster to, best first.
const USERS: [&str; 2] = ["postgres", "nobody"];

/// A running cluster.
pub(crate) struct Cluster {
    /// `postgres://…`, as every driver reads it.
    pub(crate) url: String,
    server: Option<Watched>,
}

impl Cluster {
    /// Takes the server named by [`VARIABLE`], or starts one of our own.
    pub(crate) fn start() -> anyhow::Result<Self> {
        if let Some(url) = variable(VARIABLE) {
            terminal::notice(&format!("using the PostgreSQL that {VARIABLE} names"));
            return Ok(Self { url, server: None });
        }
        let programs = programs()?;
        terminal::step("starting a throw-away PostgreSQL");
        let folder = tempfile::Builder::new().prefix("tenon-postgres-").tempdir()?;
        let owner = Owner::find(folder.path())?;
        let data = folder.path().join("data");
        let mut initdb = owner.command(&programs.join("initdb"));
        initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--username", SUPERUSER]);
        initdb.arg("--pgdata").arg(&data).current_dir(folder.path());
        program::output(&mut initdb)?;

        let port = free_port()?;
        let mut server = owner.command(&programs.join("postgres"));
        server.arg("-D").arg(&data).arg("-p").arg(port.to_string()).arg("-k").arg(folder.path());
        for setting in SETTINGS {
            server.args(["-c", setting]);
        }
        server.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null());
        let url = format!("postgres://{SUPERUSER}@127.0.0.1:{port}/{SUPERUSER}");
        let watched = Watched::spawn(&mut server, Some(folder))?;
        let mut cluster = Self { url, server: Some(watched) };
        cluster.wait_until_ready(&programs, port)?;
        Ok(cluster)
    }

    fn wait_until_ready(&mut self, programs: &Path, port: u16) -> anyhow::Result<()> {
        let begun = Instant::now();
        let mut ready = Command::new(programs.join("pg_isready"));
        ready.args(["--quiet", "--host", "127.0.0.1", "--username", SUPERUSER, "--port"]).arg(port.to_string());
        loop {
            if let Some(running) = &mut self.server
                && let Some(status) = running.process.try_wait()?
            {
                bail!("PostgreSQL stopped at once with {status}: its reason is above");
            }
            if TcpStream::connect(("127.0.0.1", port)).is_ok() && program::answers(&mut ready) {
                return Ok(());
            }
            if begun.elapsed() > START_MAX {
                bail!("PostgreSQL is not ready after {} s", START_MAX.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// `cargo xtask postgres`: a cluster to work against, until Ctrl-C.
pub(crate) fn serve() -> anyhow::Result<()> {
    let mut cluster = Cluster::start()?;
    terminal::result(&format!("export {VARIABLE}={}", cluster.url));
    if let Some(running) = &mut cluster.server {
        // Ctrl-C reaches the whole process group: PostgreSQL stops by itself and ends this wait.
        let status = running.process.wait()?;
        terminal::notice(&format!("PostgreSQL ended with {status}"));
    }
    Ok(())
}

/// The folder of PostgreSQL's programs; installs them where that is allowed.
pub(crate) fn programs() -> anyhow::Result<PathBuf> {
    if let Some(found) = find_programs()? {
        return Ok(found);
    }
    install::apt(&["postgresql"], "PostgreSQL (the programs initdb and postgres)")?;
    find_programs()?.context("PostgreSQL was installed, and still there is no initdb: add its bin folder to PATH")
}

fn find_programs() -> anyhow::Result<Option<PathBuf>> {
    let path = variable("PATH").unwrap_or_default();
    let mut candidates: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut versions = Vec::new();
    if let Ok(entries) = std::fs::read_dir("/usr/lib/postgresql") {
        for entry in entries {
            let entry = entry?;
            let version = entry.file_name().to_string_lossy().parse::<u32>().unwrap_or(0);
            versions.push((version, entry.path().join("bin")));
        }
    }
    versions.sort();
    candidates.extend(versions.into_iter().rev().map(|(_, folder)| folder));
    for folder in candidates {
        let all = ["initdb", "postgres", "pg_isready"].iter().all(|name| folder.join(name).is_file());
        if all {
            return Ok(Some(folder));
        }
    }
    Ok(None)
}

/// Who owns the cluster: ourselves, or an unprivileged user when we are root.
struct Owner {
    prefix: Vec<String>,
}

impl Owner {
    /// Chooses the owner and gives it the folder.
    fn find(folder: &Path) -> anyhow::Result<Self> {
        if !install::is_root() {
            return Ok(Self { prefix: Vec::new() });
        }
        if !program::answers(Command::new("setpriv").arg("--version")) {
            bail!("PostgreSQL refuses to run as root and there is no `setpriv` (package util-linux): run this as another user");
        }
        let user = USERS.iter().find(|user| program::answers(Command::new("id").arg(user)));
        let user = user.context("PostgreSQL refuses to run as root: run this as another user")?;
        let uid = program::output(Command::new("id").args(["-u", user]))?;
        let gid = program::output(Command::new("id").args(["-g", user]))?;
        program::run(Command::new("chown").arg(format!("{uid}:{gid}")).arg(folder))?;
        let reuid = format!("--reuid={uid}");
        let regid = format!("--regid={gid}");
        let words = ["setpriv", &reuid, &regid, "--clear-groups"];
        Ok(Self { prefix: words.map(str::to_owned).to_vec() })
    }

    fn command(&self, program: &Path) -> Command {
        let mut words = self.prefix.iter();
        let Some(first) = words.next() else {
            return Command::new(program);
        };
        let mut command = Command::new(first);
        command.args(words).arg(program);
        command
    }
}

/// A port nobody listens on now; taken and given back, as there is no way to hand it over.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
