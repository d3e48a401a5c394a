//! What can be said on the command line.

mod packages;
mod tenants;

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

pub(crate) use packages::{Agreed, PackageVerb, PluginLanguage, PluginVerb};
pub(crate) use tenants::TenantVerb;
use tenon_server::{Cell, Quota};

/// Tenon: an extensible CRM platform.
#[derive(Debug, Parser)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(name = "tenon", version, arg_required_else_help = true)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
    /// Address of a server.
    #[arg(long, global = true, env = "TENON_URL")]
    pub(crate) url: Option<String>,
    /// Name of a tenant.
    #[arg(long, global = true, env = "TENON_TENANT")]
    pub(crate) tenant: Option<String>,
    /// API key.
    #[arg(long, global = true, env = "TENON_KEY", hide_env_values = true)]
    pub(crate) key: Option<String>,
    /// File holding the API key.
    #[arg(long, global = true, conflicts_with = "key")]
    pub(crate) key_file: Option<PathBuf>,
    /// A profile that `tenon login` wrote: address, tenant and key together. Without it and them, the one in use.
    #[arg(long, global = true, env = "TENON_PROFILE", value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Data directory, for verbs that work on it.
    #[arg(long, global = true, env = "TENON_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// PostgreSQL database, `postgres://…`; SQLite in the data directory without it.
    #[arg(long, global = true, env = "TENON_DATABASE", hide_env_values = true)]
    pub(crate) database: Option<String>,
    /// Further databases for tenants, `NAME=postgres://…`, separated by blanks: for verbs on a data directory that no server runs on.
    #[arg(long, global = true, env = "TENON_CELLS", hide_env_values = true, value_name = "NAME=URL", value_delimiter = ' ', value_parser = tenon_server::cell)]
    pub(crate) cells: Vec<Cell>,
    /// Print the result as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Answer every question with yes.
    #[arg(long, global = true)]
    pub(crate) yes: bool,
    /// No progress, no prose.
    #[arg(long, global = true)]
    pub(crate) quiet: bool,
    /// Tell all that is known of a failure.
    #[arg(long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Wait until work in the background has ended; imports always do.
    #[arg(long, global = true)]
    pub(crate) wait: bool,
    /// When help and usage errors are coloured; results never are. `NO_COLOR` says never.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,
    /// How long one call to a server may take: `30s`, `2m`, `500ms`.
    #[arg(long, global = true, value_name = "TIME", value_parser = time)]
    pub(crate) timeout: Option<Duration>,
    /// Log lines of the program, as `TENON_LOG` filters them.
    #[arg(long, global = true, env = "TENON_LOG", default_value = "warn,tenon_server=info")]
    pub(crate) log: String,
    /// Form of log lines.
    #[arg(long, global = true, env = "TENON_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
}

impl Args {
    /// Reads the command line; ends the program with help or a usage error where it makes no sense.
    pub(crate) fn of(words: impl IntoIterator<Item = OsString>) -> Self {
        let words: Vec<OsString> = words.into_iter().collect();
        // Asked before the rest is read: mistakes in the rest are to be told without colour, too.
        let pair = words.windows(2).any(|pair| matches!(pair, [flag, when] if flag == "--color" && when == "never"));
        let plain = pair || words.iter().any(|word| word == "--color=never");
        let command = Self::command().color(if plain { ColorChoice::Never } else { ColorChoice::Auto });
        Self::from_arg_matches(&command.get_matches_from(words)).unwrap_or_else(|error| error.exit())
    }
}

/// When there is colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Never,
}

/// Form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "one value in the life of the process")]
pub(crate) enum Verb {
    /// Run a server on a data directory.
    Serve {
        /// Address to listen on.
        #[arg(long, default_value = "127.0.0.1:8080", env = "TENON_LISTEN")]
        listen: SocketAddr,
        /// A plugin's component, offered to every tenant.
        #[arg(long = "plugin", value_name = "FILE")]
        plugins: Vec<PathBuf>,
        /// Faults of a plugin in a tenant within a minute after which it is not asked there for a minute.
        #[arg(long, env = "TENON_PLUGIN_FAULTS", value_name = "N")]
        plugin_faults: Option<usize>,
        /// Whose packages its tenants may install.
        #[command(flatten)]
        trust: Trust,
        /// Requests a minute and credential.
        #[arg(long, env = "TENON_RATE", default_value_t = 1_200_000)]
        rate: u32,
        /// Connections to PostgreSQL.
        #[arg(long, env = "TENON_CONNECTIONS")]
        connections: Option<u32>,
        /// How the outside reaches it.
        #[command(flatten)]
        outside: Outside,
    },
    /// Find, explain and mend what is wrong in a data directory.
    Doctor {
        /// Mend what is safe to mend.
        #[arg(long)]
        fix: bool,
    },
    /// Print the version.
    Version,
    /// Print what makes a shell complete the words of this program: `source <(tenon completion bash)`.
    Completion {
        /// The shell.
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Keep address, tenant and key as a profile, once the server has taken them; the key is asked for where it is not given.
    Login,
    /// Profiles that `login` wrote.
    #[command(subcommand)]
    Profile(ProfileVerb),
    /// Check metadata files without a server.
    Check {
        /// Folder of the files.
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
    /// Show what applying metadata files would change.
    Plan {
        /// Folder of the files.
        #[arg(default_value = ".")]
        dir: PathBuf,
        /// Also remove what the tenant owns and the files lack.
        #[arg(long)]
        prune: bool,
        /// Write the plan as JSON.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Exit 0 for an empty plan, 2 for changes, 1 for errors.
        #[arg(long)]
        exit_code: bool,
    },
    /// Apply metadata files to a tenant.
    Apply {
        /// Folder of the files.
        #[arg(default_value = ".")]
        dir: PathBuf,
        /// Also remove what the tenant owns and the files lack.
        #[arg(long)]
        prune: bool,
        /// Apply only if the plan still has this hash.
        #[arg(long, value_name = "HASH")]
        plan: Option<String>,
        /// Confirm a destructive operation on this path.
        #[arg(long, value_name = "PATH")]
        confirm: Vec<String>,
    },
    /// Write a tenant's metadata into files.
    Pull {
        /// Folder for the files.
        #[arg(default_value = ".")]
        dir: PathBuf,
        /// Which layer: `tenant`, or a package.
        #[arg(long, default_value = "tenant")]
        layer: String,
    },
    /// Import records from a file.
    Import {
        /// Object whose records they are.
        #[arg(long, required_unless_present = "resume")]
        object: Option<String>,
        /// Mapping file.
        #[arg(long, required_unless_present = "resume")]
        mapping: Option<PathBuf>,
        /// The data: CSV, JSONL, XLSX or Parquet.
        #[arg(required_unless_present = "resume")]
        file: Option<PathBuf>,
        /// Go on with an import that rests or has failed, and watch it.
        #[arg(long, value_name = "ID")]
        resume: Option<String>,
        /// Do everything, then roll back.
        #[arg(long)]
        dry_run: bool,
        /// What to do with records that are there: `update` or `skip`.
        #[arg(long)]
        on_match: Option<String>,
        /// Where to write rows that failed; default: beside the data.
        #[arg(long)]
        error_file: Option<PathBuf>,
    },
    /// Take records out, as one moment has them.
    Export {
        /// Object whose records they are.
        #[arg(long)]
        object: String,
        /// `csv`, `jsonl` or `parquet`.
        #[arg(long, default_value = "csv")]
        format: String,
        /// A column; several are given one by one or with commas. Default: all that are seen.
        #[arg(long = "column", value_name = "COLUMN", value_delimiter = ',')]
        columns: Vec<String>,
        /// The GraphQL filter, as JSON.
        #[arg(long, value_name = "JSON")]
        filter: Option<String>,
        /// The GraphQL order, as JSON.
        #[arg(long, value_name = "JSON")]
        order_by: Option<String>,
        /// Language of labels: `en` or `zh`.
        #[arg(long)]
        locale: Option<String>,
        /// Labels instead of codes and API names, displays instead of ids.
        #[arg(long)]
        labels: bool,
        /// Where to; default: stdout.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Run a GraphQL document.
    Query {
        /// The document, or `@FILE`.
        document: String,
        /// A variable: `name=value`, the value as JSON or text.
        #[arg(short = 'V', long = "variable", value_name = "NAME=VALUE")]
        variables: Vec<String>,
        /// Print statements, their plans and the rules woven in instead of the answer; administrators only.
        #[arg(long)]
        explain: bool,
    },
    /// The tenant's GraphQL schema.
    #[command(subcommand)]
    Schema(SchemaVerb),
    /// Types of a program, made of the tenant's GraphQL schema as this key sees it.
    Typegen {
        /// The program's language.
        #[arg(long, value_enum, default_value_t = Language::Ts)]
        lang: Language,
        /// Where to; default: stdout.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Documents that programs may send by their names.
    #[command(subcommand)]
    Documents(DocumentsVerb),
    /// Tenants of a data directory.
    #[command(subcommand)]
    Tenant(TenantVerb),
    /// API keys of a tenant.
    #[command(subcommand)]
    Key(KeyVerb),
    /// Members of a tenant: who may sign in.
    #[command(subcommand)]
    User(UserVerb),
    /// Identity providers of a tenant: where its people sign in, by OIDC.
    #[command(subcommand)]
    Provider(ProviderVerb),
    /// The audit trail of a tenant.
    #[command(subcommand)]
    Audit(AuditVerb),
    /// The business time of a tenant; a sandbox's stands still until it is moved.
    #[command(subcommand)]
    Clock(ClockVerb),
    /// Work that goes on after its request: imports, exports, batches.
    #[command(subcommand)]
    Job(JobVerb),
    /// Packages of a tenant.
    #[command(subcommand)]
    Package(PackageVerb),
    /// Write, pack and sign packages.
    #[command(subcommand)]
    Plugin(PluginVerb),
}

/// Whose packages a server's tenants may install.
#[derive(Debug, clap::Args)]
pub(crate) struct Trust {
    /// A publisher with its public key: `acme=ed25519:…`. Several are given one by one or with commas.
    #[arg(long = "publisher", env = "TENON_PUBLISHERS", value_name = "NAME=KEY", value_delimiter = ',')]
    pub(crate) publishers: Vec<String>,
    /// Take packages that nobody has signed: while you write them, and nowhere else.
    #[arg(long, env = "TENON_UNSIGNED_PACKAGES")]
    pub(crate) unsigned_packages: bool,
}

/// How a server meets the outside: its address, proxies before it, the mail server.
#[derive(Debug, clap::Args)]
pub(crate) struct Outside {
    /// Where people reach this server, such as `https://crm.acme.example`; links in mails begin with it.
    #[arg(long, env = "TENON_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// A further database for tenants; all nodes are told the same ones.
    #[arg(long = "cell", value_name = "NAME=URL", value_parser = tenon_server::cell)]
    pub(crate) cell: Vec<Cell>,
    /// How long writes of a tenant stand still at most while it moves to another cell; 60 s without it.
    #[arg(long, env = "TENON_MOVE_STOP", value_name = "TIME", value_parser = time)]
    pub(crate) move_stop: Option<Duration>,
    /// The folder of backups; `backups` in the data directory without it. Nodes of one database share it.
    #[arg(long, env = "TENON_BACKUPS", value_name = "DIR")]
    pub(crate) backups: Option<PathBuf>,
    /// Take a backup of every tenant so often.
    #[arg(long, env = "TENON_BACKUP_EVERY", value_name = "TIME", value_parser = time)]
    pub(crate) backup_every: Option<Duration>,
    /// How long backups are kept; the newest of a tenant stays.
    #[arg(long, env = "TENON_BACKUP_KEEP", value_name = "TIME", value_parser = time, default_value = "30d")]
    pub(crate) backup_keep: Duration,
    /// The folder of files; `files` in the data directory without it. Nodes of one database share it.
    #[arg(long, env = "TENON_FILES", value_name = "DIR")]
    pub(crate) files: Option<PathBuf>,
    /// Bytes of a file; 100 MiB without it.
    #[arg(long, env = "TENON_FILE_BYTES", value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..=2_000_000_000))]
    pub(crate) file_bytes: Option<u64>,
    /// Bytes of all files of a tenant; 20 GiB without it.
    #[arg(long, env = "TENON_FILES_BYTES", value_name = "BYTES")]
    pub(crate) files_bytes: Option<u64>,
    /// What tenants may have where nothing else is set for them: `records=1000000`. Several are given one by one or with commas.
    #[arg(long = "quota", env = "TENON_QUOTAS", value_name = "QUOTA=N", value_delimiter = ',', value_parser = tenon_server::quota)]
    pub(crate) quotas: Vec<(Quota, u64)>,
    /// A proxy that is believed when it says where a request comes from.
    #[arg(long = "proxy", env = "TENON_PROXY", value_name = "ADDRESS", value_delimiter = ',')]
    pub(crate) proxies: Vec<IpAddr>,
    /// Let identity providers lie in private networks, and on this machine without TLS. Only where every administrator of a
    /// tenant may reach those networks.
    #[arg(long, env = "TENON_PRIVATE_PROVIDERS")]
    pub(crate) private_providers: bool,
    /// Let packages call hosts in private networks, and this machine without TLS, where they were granted them. Only where every
    /// administrator of a tenant may reach those networks.
    #[arg(long, env = "TENON_PRIVATE_OUTBOUND")]
    pub(crate) private_outbound: bool,
    /// Mail server: `smtps://user:password@host`, `smtp://host:587?tls=required`.
    #[arg(long, env = "TENON_SMTP_URL", hide_env_values = true, value_name = "URL", requires = "smtp_from")]
    pub(crate) smtp_url: Option<String>,
    /// Who letters are from: `Tenon <tenon@acme.example>`.
    #[arg(long, env = "TENON_SMTP_FROM", value_name = "ADDRESS")]
    pub(crate) smtp_from: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaVerb {
    /// Print it as SDL.
    Print,
    /// Compare a file that `print` wrote with the schema as it is now; exit 1 where something breaks.
    Diff {
        /// The file.
        file: PathBuf,
    },
    /// Who uses what of it, and how often: look before something is taken out. For administrators.
    Usage {
        /// Of this coordinate (`Opportunity.closeDate`), or of a type and its members.
        #[arg(value_name = "COORDINATE")]
        of: Option<String>,
        /// In so many days, today the last of them.
        #[arg(long, default_value_t = 14)]
        days: u32,
        /// Only names of before, which end some day.
        #[arg(long)]
        former: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileVerb {
    /// List them; never their keys.
    List,
    /// Use this one where no other is named.
    Use {
        /// Its name.
        name: String,
    },
    /// Forget one, with its key.
    Delete {
        /// Its name.
        name: String,
    },
}

/// Shells that complete words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// Languages of programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// TypeScript.
    Ts,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DocumentsVerb {
    /// Register documents: a `.graphql` file is one; JSON is a list of texts, a map of them, or Apollo's persisted query manifest.
    Push {
        /// The file.
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditVerb {
    /// Walk the chain and name the first broken place; exit 1 where there is one.
    Verify {
        /// A hash that `verify` printed before: it must still be part of the chain.
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
    /// Print the entries, the oldest first.
    Export {
        /// From this moment or day on (machine time, UTC).
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// Before this moment or day.
        #[arg(long, value_name = "TIME")]
        to: Option<String>,
        /// Form of the output: a JSON document per line.
        #[arg(long, value_enum, default_value_t = ExportFormat::Jsonl)]
        format: ExportFormat,
        /// A file instead of stdout.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// Form of what is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    Jsonl,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ClockVerb {
    /// Show it.
    Show,
    /// Move the clock of a sandbox forward, and do what becomes due on the way.
    Advance {
        /// Where to: `2027-01-31T09:00:00+08:00`.
        #[arg(long, value_name = "TIME")]
        to: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum JobVerb {
    /// List jobs, the newest first.
    List {
        /// Only those in this state: `waiting`, `running`, `paused`, `done`, `failed`, `cancelled`.
        #[arg(long)]
        state: Option<String>,
        /// Only those of this kind: `import`, `export`, `batch`, `undo`.
        #[arg(long)]
        kind: Option<String>,
    },
    /// Show a job.
    Show {
        /// Its id.
        id: String,
    },
    /// Let a job rest at the border of its chunk.
    Pause {
        /// Its id.
        id: String,
    },
    /// Let a job that rests go on.
    Resume {
        /// Its id.
        id: String,
    },
    /// End a job at the border of its chunk.
    Cancel {
        /// Its id.
        id: String,
    },
    /// Try a job again that has failed, from where it came to.
    Retry {
        /// Its id.
        id: String,
    },
    /// What a job says of rows that failed.
    Logs {
        /// Its id.
        id: String,
        /// Go on until it ends.
        #[arg(short, long)]
        follow: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyVerb {
    /// Make a key; it is shown once.
    Create {
        /// A role it holds; several are given one by one.
        #[arg(long = "role", value_name = "ROLE", default_value = "administrator")]
        roles: Vec<String>,
        /// A service: a program of the tenant's own, told apart in history.
        #[arg(long)]
        service: bool,
        /// What people read in history.
        #[arg(long, default_value = "key of the command line")]
        display: String,
        /// When it ends, such as `90d`.
        #[arg(long)]
        expires: Option<String>,
    },
    /// List keys.
    List,
    /// Revoke a key.
    Revoke {
        /// Its id.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserVerb {
    /// Invite somebody by mail; prints the link where no mail server is configured.
    Invite {
        /// His address, which is his login, too.
        email: String,
        /// A role he holds; several are given one by one.
        #[arg(long = "role", value_name = "ROLE", required = true)]
        roles: Vec<String>,
        /// What people call him.
        #[arg(long)]
        name: Option<String>,
    },
    /// List members.
    List,
    /// Let a member sign in no longer; his sessions end at once.
    Disable {
        /// His login.
        login: String,
    },
    /// Let a member sign in again.
    Enable {
        /// His login.
        login: String,
    },
    /// Print a link by which a member chooses another password.
    Reset {
        /// His login.
        login: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProviderVerb {
    /// List them, with the addresses they send people back to.
    List,
    /// Show one; its secret is never shown.
    Show {
        /// Its name in URLs.
        name: String,
    },
    /// Set one up, or change what is named here of the one there is.
    Set(ProviderSet),
    /// Remove one: its sign-ins end, members stay.
    Remove {
        /// Its name in URLs.
        name: String,
    },
}

/// What is set of a provider.
#[derive(Debug, clap::Args)]
pub(crate) struct ProviderSet {
    /// Its name in URLs.
    pub(crate) name: String,
    /// Where `/.well-known/openid-configuration` lies.
    #[arg(long, value_name = "URL")]
    pub(crate) issuer: Option<String>,
    /// The id under which the provider knows Tenon.
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,
    /// What the sign-in page calls it.
    #[arg(long)]
    pub(crate) label: Option<String>,
    /// File with the client secret; without it the one that is stored stays.
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// A public client: the secret that is stored goes.
    #[arg(long, conflicts_with = "secret_file")]
    pub(crate) public: bool,
    /// JSON file with any of the settings: domains, joining, roles, roleClaim, roleMap, …
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// Whether people can sign in by it.
    #[arg(long, value_name = "true|false")]
    pub(crate) enabled: Option<bool>,
}

/// A length of time: a whole number and its unit.
fn time(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| "write a number and its unit, such as `30s`".to_owned())?;
    match text.get(digits.len()..).unwrap_or_default() {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        "h" => Ok(Duration::from_secs(number.saturating_mul(60 * 60))),
        "d" => Ok(Duration::from_secs(number.saturating_mul(24 * 60 * 60))),
        _ => Err("the units are `ms`, `s`, `m`, `h` and `d`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_makes_sense() {
        Args::command().debug_assert();
    }

    #[test]
    fn lengths_of_time_have_a_unit() {
        assert_eq!(time("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(time("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(time("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!((time("6h"), time("30d")), (Ok(Duration::from_secs(21_600)), Ok(Duration::from_secs(2_592_000))));
        for wrong in ["", "30", "s", "1w", "-1s", "1.5s"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
