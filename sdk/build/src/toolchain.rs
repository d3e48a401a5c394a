//! Which Rust builds for `wasm32-unknown-unknown` on this machine.
//!
//! In this order: rustup with the target installed; rustup with the standard library's sources; Debian's
//! `rustc-web` with its sources (both build the standard library once).

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::{TARGET, program};

/// Where Debian's packages put the compiler, cargo, and the sources of the standard library.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_SOURCES: &str = "/usr/lib/rustlib/src/rust/library/std";

/// Variables of an outer cargo or clippy run, which would mislead the inner one.
const INHERITED: [&str; 8] = [
    "LD_LIBRARY_PATH",
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_TARGET",
    "RUSTDOCFLAGS",
];

/// A way to build for the target.
#[derive(Clone, Debug)]
pub enum Toolchain {
    /// rustup has the target: plain cargo.
    Installed,
    /// rustup has the sources: cargo builds the standard library.
    Sources,
    /// Debian's compiler and sources, with this linker.
    Debian {
        /// `rust-lld` or `wasm-ld`.
        linker: PathBuf,
    },
}

impl fmt::Display for Toolchain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Installed => "rustup's target",
            Self::Sources => "rustup's sources of the standard library",
            Self::Debian { .. } => "Debian's rustc-web",
        })
    }
}

impl Toolchain {
    /// What a person may do where there is none.
    pub const HELP: &'static str = "run `rustup target add wasm32-unknown-unknown`; or `rustup component add rust-src`; or, on Debian, \
        `apt-get install rustc-web cargo-web rust-web-src`";

    /// The way this machine has, if it has one.
    ///
    /// # Errors
    /// Where rustc does not answer.
    pub fn present() -> anyhow::Result<Option<Self>> {
        let targets = program::output(Command::new("rustup").args(["target", "list", "--installed"]));
        if targets.is_ok_and(|list| list.lines().any(|line| line.trim() == TARGET)) {
            return Ok(Some(Self::Installed));
        }
        let sysroot = sysroot()?;
        if sysroot.join("lib/rustlib/src/rust/library/std").try_exists()? {
            return Ok(Some(Self::Sources));
        }
        let debian = [DEBIAN_RUSTC, DEBIAN_CARGO, DEBIAN_SOURCES];
        if debian.iter().all(|place| Path::new(place).try_exists().unwrap_or(false)) {
            return Ok(Some(Self::Debian { linker: linker(&sysroot)? }));
        }
        Ok(None)
    }

    /// A cargo that knows nothing of the cargo that started us.
    #[must_use]
    pub fn cargo(&self) -> Command {
        let mut command = Command::new(match self {
            Self::Installed | Self::Sources => "cargo",
            Self::Debian { .. } => DEBIAN_CARGO,
        });
        for name in INHERITED {
            command.env_remove(name);
        }
        match self {
            Self::Installed => {}
            Self::Sources => drop(command.env("RUSTC_BOOTSTRAP", "1")),
            Self::Debian { linker } => {
                command.env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1").env_remove("RUSTUP_TOOLCHAIN");
                command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
            }
        }
        command
    }

    /// What this way adds to `cargo build`.
    #[must_use]
    pub const fn build_flags(&self) -> &'static [&'static str] {
        match self {
            Self::Installed => &[],
            Self::Sources | Self::Debian { .. } => &["-Zbuild-std=std,panic_abort"],
        }
    }
}

/// The folder of the Rust that builds the platform itself.
fn sysroot() -> anyhow::Result<PathBuf> {
    Ok(PathBuf::from(program::output(Command::new("rustc").args(["--print", "sysroot"]))?))
}

/// rustup ships a linker for WebAssembly with every toolchain; Debian's is called `wasm-ld`.
fn linker(sysroot: &Path) -> anyhow::Result<PathBuf> {
    let host = program::output(Command::new("rustc").arg("-vV"))?;
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    let shipped = sysroot.join("lib/rustlib").join(host).join("bin/rust-lld");
    if shipped.try_exists()? {
        return Ok(shipped);
    }
    if program::answers(Command::new("wasm-ld").arg("--version")) {
        return Ok(PathBuf::from("wasm-ld"));
    }
    bail!("no linker for {TARGET}: install the package `lld`, or Rust by rustup")
}
