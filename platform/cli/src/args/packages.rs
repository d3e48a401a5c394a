//! What can be said about packages: to a tenant (`tenon package`), and on an author's own machine (`tenon plugin`).

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What is agreed to beforehand.
#[derive(Debug, Default, Clone, Args)]
pub(crate) struct Agreed {
    /// Consent to everything the package asks for.
    #[arg(long)]
    pub(crate) grant_all: bool,
    /// Consent to this grant, by its key.
    #[arg(long = "grant", value_name = "KEY")]
    pub(crate) grants: Vec<String>,
    /// Confirm a destructive step on this path.
    #[arg(long, value_name = "PATH")]
    pub(crate) confirm: Vec<String>,
    /// Confirm every step, however destructive.
    #[arg(skip)]
    pub(crate) confirm_all: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PackageVerb {
    /// Upload a `.tenon` file and install it; upgrades what is installed.
    #[command(alias = "upgrade")]
    Install {
        /// The file.
        file: PathBuf,
        /// Do not play its own tests before; the audit trail says so.
        #[arg(long)]
        no_tests: bool,
        /// Try it on this share of the callers, in percent; all others keep the version before.
        #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=99))]
        canary: Option<u8>,
        /// What is agreed to.
        #[command(flatten)]
        agreed: Agreed,
    },
    /// Put the version that is tried on a share of the callers in force for all.
    Promote {
        /// The package.
        package: String,
    },
    /// Go back to the version before; also ends a trial on a share.
    Rollback {
        /// The package.
        package: String,
        /// What is agreed to.
        #[command(flatten)]
        agreed: Agreed,
    },
    /// Switch its plugin off; its metadata stays.
    Disable {
        /// The package.
        package: String,
    },
    /// Switch its plugin on again.
    Enable {
        /// The package.
        package: String,
    },
    /// Take it out; its records and metadata stay readable.
    Uninstall {
        /// The package.
        package: String,
        /// Retire its metadata too.
        #[arg(long)]
        purge: bool,
        /// Confirm a destructive step on this path.
        #[arg(long, value_name = "PATH")]
        confirm: Vec<String>,
    },
    /// List the tenant's packages.
    List,
    /// Set its settings: `NAME=VALUE`, the value as JSON or a plain text; `NAME=` gives the default again. Without any, show them.
    Set {
        /// The package.
        package: String,
        /// What is set.
        #[arg(value_name = "NAME=VALUE")]
        values: Vec<String>,
    },
    /// Set one of its secrets, read from a file or from stdin. Nobody reads it again. Without a name, show which are set.
    Secret {
        /// The package.
        package: String,
        /// The secret's name.
        name: Option<String>,
        /// The file it is in; without it stdin. A line's end behind it is left out.
        #[arg(long, value_name = "FILE", conflicts_with = "forget")]
        file: Option<PathBuf>,
        /// Forget it.
        #[arg(long, requires = "name")]
        forget: bool,
    },
    /// Show what its plugin logged last on the node that answers, and why it failed.
    Logs {
        /// The package.
        package: String,
        /// Go on with lines as they come.
        #[arg(long, short)]
        follow: bool,
    },
    /// Show one: versions, grants, health, usage.
    Show {
        /// The package.
        package: String,
    },
}

/// What a plugin is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PluginLanguage {
    /// Rust.
    Rust,
    /// TypeScript.
    Ts,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PluginVerb {
    /// Begin a package with a plugin; everything it needs of Tenon is written beside it.
    New {
        /// Its name, and that of its folder: `acme_score`.
        name: String,
        /// Who publishes it; without it the name's first word.
        #[arg(long)]
        publisher: Option<String>,
        /// What the plugin is written in.
        #[arg(long, value_enum, default_value = "rust")]
        lang: PluginLanguage,
    },
    /// Build its component to `plugin.wasm`.
    Build {
        /// The package's folder.
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
    /// Run its own tests natively (`cargo test`, or `node --test`), then its host tests, `tests/*.yaml`, in the real host.
    Test {
        /// The package's folder.
        #[arg(default_value = ".")]
        dir: PathBuf,
        /// Only the host tests.
        #[arg(long)]
        host: bool,
        /// A package that this one requires beside the base; several are given one by one, in the order of their install.
        #[arg(long = "with", value_name = "FILE")]
        with: Vec<PathBuf>,
    },
    /// Pack a folder into a `.tenon` file. The same files make the same bytes.
    Pack {
        /// The package's folder.
        #[arg(default_value = ".")]
        dir: PathBuf,
        /// The file; without it NAME-VERSION.tenon in the folder.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Make a publisher's key: the secret half into a file, the public half to stdout.
    Keygen {
        /// Where the secret half goes.
        #[arg(long)]
        out: PathBuf,
    },
    /// Sign a `.tenon` file.
    Sign {
        /// The file.
        file: PathBuf,
        /// File with the publisher's secret key, as `keygen` wrote it.
        #[arg(long, value_name = "FILE")]
        secret: PathBuf,
    },
    /// Read a `.tenon` file and say what it holds, who signed it, and whether it is whole.
    #[command(alias = "verify")]
    Inspect {
        /// The file.
        file: PathBuf,
        /// Fail unless it is signed by this publisher: `acme=ed25519:…`.
        #[arg(long = "publisher", value_name = "NAME=KEY")]
        publishers: Vec<String>,
    },
    /// Build, pack, sign and install in a tenant.
    Install {
        /// The package's folder.
        #[arg(default_value = ".")]
        dir: PathBuf,
        /// File with the publisher's secret key; without it nobody signs.
        #[arg(long, value_name = "FILE")]
        secret: Option<PathBuf>,
        /// Do not play its own tests before; the audit trail says so.
        #[arg(long)]
        no_tests: bool,
        /// What is agreed to.
        #[command(flatten)]
        agreed: Agreed,
    },
    /// Serve a tenant of your own with the package in it, and install it again whenever a file is saved.
    Dev {
        /// The package's folder.
        #[arg(default_value = ".")]
        dir: PathBuf,
        /// Stop when the package is installed for the first time.
        #[arg(long)]
        once: bool,
    },
    /// Write the records that `package.yaml` asks for as types of the plugin's language: a slip of the pen does not compile.
    Typegen {
        /// The package's folder.
        #[arg(default_value = ".")]
        dir: PathBuf,
        /// The file; without it `src/objects.rs` or `src/objects.ts` in the folder.
        #[arg(long)]
        out: Option<PathBuf>,
        /// A package that this one requires beside the base; several are given one by one, in the order of their install.
        #[arg(long = "with", value_name = "FILE")]
        with: Vec<PathBuf>,
    },
    /// Measure its calls: the host tests are played once, then each call that they made is run again, alone, many times.
    Bench {
        /// The package's folder.
        #[arg(default_value = ".")]
        dir: PathBuf,
        /// How often each call is run.
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        times: u32,
        /// A package that this one requires beside the base; several are given one by one, in the order of their install.
        #[arg(long = "with", value_name = "FILE")]
        with: Vec<PathBuf>,
    },
    /// Run a failed call again on this machine, with all the host had told it, byte for byte; `tenon package show` lists them.
    Replay {
        /// Its id in the tenant, or a file that was saved.
        call: String,
        /// The package's folder: its plugin is built, and called.
        #[arg(default_value = ".")]
        dir: PathBuf,
        /// Call this component instead: the `plugin.wasm` that failed.
        #[arg(long, value_name = "FILE")]
        component: Option<PathBuf>,
        /// Keep the call in a file.
        #[arg(long, value_name = "FILE")]
        save: Option<PathBuf>,
    },
    /// What the package's plugin logged in the tenant, and why it failed.
    Logs {
        /// The package's folder.
        #[arg(default_value = ".")]
        dir: PathBuf,
        /// Go on with what comes.
        #[arg(short, long)]
        follow: bool,
    },
    /// Say what this machine lacks for building plugins.
    Doctor,
}
