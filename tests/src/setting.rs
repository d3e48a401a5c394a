//! What the environment tells the tests; read in one place.

use std::path::PathBuf;
use std::process::Command;

use anyhow::ensure;

/// The environment, as far as tests listen to it.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a variable of its own")]
pub struct Setting {
    /// `TENON_TEST_POSTGRES`: a cluster to make databases in.
    pub postgres: Option<String>,
    /// `TENON_TEST_PLUGINS`: the folder of built components.
    pub plugins: Option<PathBuf>,
    /// `TENON_REAL_DATA`: the folder of the real data set.
    pub real_data: Option<PathBuf>,
    /// `TENON_REAL_DATA_REQUIRED`: its absence is a failure.
    pub real_data_required: bool,
    /// `CI`: what cannot run is a failure.
    pub ci: bool,
    /// `UPDATE`: rewrite the expected blocks of stories.
    pub update: bool,
    /// `TENON_ATTACK_IDS`: how many ids the attack suite tries at each kind of door.
    pub attack_ids: usize,
    /// `TENON_ATTACK_SEED`: with which of them it begins.
    pub attack_seed: usize,
    /// `TENON_MOVES`: one story in so many moves from server to server; 1 moves all.
    pub moves: Option<usize>,
    /// `TENON_ATTACK_PART`: only one part of the attack suite.
    pub attack_part: Option<String>,
    /// `STORY`: only stories whose path contains this.
    pub story: Option<String>,
}

impl Setting {
    /// Ids at each kind of door, unless said.
    pub const ATTACK_IDS: usize = 200;

    /// Reads the environment.
    #[must_use]
    pub fn read() -> Self {
        Self {
            postgres: variable("TENON_TEST_POSTGRES"),
            plugins: variable("TENON_TEST_PLUGINS").map(PathBuf::from),
            real_data: variable("TENON_REAL_DATA").map(PathBuf::from),
            real_data_required: variable("TENON_REAL_DATA_REQUIRED").is_some_and(|value| value == "1"),
            ci: variable("CI").is_some_and(|value| value == "true" || value == "1"),
            update: variable("UPDATE").is_some_and(|value| value == "1"),
            attack_ids: variable("TENON_ATTACK_IDS").and_then(|ids| ids.parse().ok()).unwrap_or(Self::ATTACK_IDS),
            attack_seed: variable("TENON_ATTACK_SEED").and_then(|seed| seed.parse().ok()).unwrap_or_default(),
            moves: variable("TENON_MOVES").and_then(|nth| nth.parse().ok()),
            attack_part: variable("TENON_ATTACK_PART"),
            story: variable("STORY"),
        }
    }

    /// A built component of a plugin in the repository; builds all where it is not there yet.
    ///
    /// # Errors
    /// When they cannot be built.
    pub fn component(&self, plugin: &str) -> anyhow::Result<PathBuf> {
        let built = variable("CARGO_TARGET_DIR").map_or_else(|| Self::repository().join("target"), PathBuf::from).join("plugins");
        let path = self.plugins.clone().unwrap_or(built).join(format!("{plugin}.wasm"));
        if !path.try_exists()? {
            let status = Command::new("cargo").args(["xtask", "plugins"]).current_dir(Self::repository()).status()?;
            ensure!(status.success(), "`cargo xtask plugins` failed");
        }
        ensure!(path.try_exists()?, "no component {}", path.display());
        Ok(path)
    }

    /// Compares with a file of `tests/golden`, or rewrites it.
    ///
    /// # Errors
    /// When they differ, or the file cannot be read.
    pub fn golden(&self, file: &str, found: &str) -> anyhow::Result<()> {
        let path = Self::repository().join("tests/golden").join(file);
        if self.update {
            std::fs::write(&path, found)?;
        }
        let kept = std::fs::read_to_string(&path)?;
        ensure!(kept == found, "{} is not what was found; UPDATE=1 rewrites it:\n{found}", path.display());
        Ok(())
    }

    /// The root of the repository.
    #[must_use]
    pub fn repository() -> PathBuf {
        let here = variable("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").to_owned());
        PathBuf::from(here).parent().map(PathBuf::from).unwrap_or_default()
    }
}

#[expect(clippy::disallowed_methods, reason = "tests are configured by the environment, here and nowhere else")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
