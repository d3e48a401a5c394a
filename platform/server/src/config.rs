//! What a server is told.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tenon_http::Patience;
use tenon_identity::{Clock, MailConfigError, Mailer};
use tenon_model::Settings;
use tenon_plugin_host::Budgets;
use tenon_store::{Cell, Database, Quota, StoreConfig, StoreLimits};
use tenon_value::{Locale, Name, is_currency};

use crate::backups::BackupPlan;
use crate::clock;
use crate::declined::Declined;

/// Requests a minute and credential, unless configured.
const RATE_PER_MINUTE: u32 = 1_200_000;
/// Where `tenon serve` listens unless told otherwise.
const USUAL_PORT: u16 = 8080;

/// The mail server.
#[derive(Clone, PartialEq, Eq)]
pub struct MailConfig {
    /// `smtps://user:password@host`, `smtp://host:port?tls=required`, `smtp://host:port`.
    pub url: String,
    /// Who the letters are from: `Tenon <tenon@acme.example>`.
    pub from: String,
}

impl std::fmt::Debug for MailConfig {
    // The address holds a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailConfig").field("from", &self.from).finish_non_exhaustive()
    }
}

/// What a server is told at start.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a permission of its own that an operator gives")]
pub struct ServeConfig {
    /// The data directory; made where it is missing.
    pub data: PathBuf,
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// `postgres://…`; none: SQLite in the data directory.
    pub database: Option<String>,
    /// Further PostgreSQL databases for tenants.
    pub cells: Vec<Cell>,
    /// How long writes of a tenant stand still at most while it moves; none: 60 s.
    pub move_stop: Option<Duration>,
    /// The folder of backups; none: `backups` in the data directory.
    pub backups: Option<PathBuf>,
    /// Backups that the server takes by itself; none: none.
    pub backup_plan: Option<BackupPlan>,
    /// The folder of files; none: `files` in the data directory.
    pub files: Option<PathBuf>,
    /// Bytes of a file; none: 100 MiB.
    pub file_bytes: Option<u64>,
    /// Bytes of all files of a tenant; none: 20 GiB.
    pub files_bytes: Option<u64>,
    /// Quotas of tenants for whom nothing else is set: what is named replaces the usual one.
    pub quotas: Vec<(Quota, u64)>,
    /// How long is waited for those who send, and for those who are told things.
    pub patience: Patience,
    /// Plugin components offered to every tenant, beside the packages each installs.
    pub plugins: Vec<PathBuf>,
    /// Publishers whose packages tenants may install: `acme=ed25519:…`.
    pub publishers: Vec<String>,
    /// Tenants may install packages that nobody has signed: where plugins are written, and nowhere else.
    pub unsigned_packages: bool,
    /// What plugins may use.
    pub plugin_budgets: Budgets,
    /// The program that compiles plugins apart from this process: `tenon` itself.
    pub plugin_compiler: Option<PathBuf>,
    /// Requests a minute and credential.
    pub rate_per_minute: u32,
    /// Connections to PostgreSQL.
    pub connections: Option<u32>,
    /// Where people reach this server, such as `https://crm.acme.example`; none: where it listens. Links in mails begin with it.
    pub public_url: Option<String>,
    /// Proxies that are believed when they say where a request comes from (`X-Forwarded-For`, `X-Forwarded-Proto`).
    pub proxies: Vec<IpAddr>,
    /// Identity providers may be in private networks and, on this machine, without TLS: only where every administrator of a
    /// tenant may reach those networks.
    pub private_providers: bool,
    /// Packages may call hosts in private networks and, on this machine, without TLS, where they were granted them: only where every
    /// administrator of a tenant may reach those networks.
    pub private_outbound: bool,
    /// How much plugins ask of hosts outside.
    pub outbound: tenon_outbound::Limits,
    /// The mail server.
    pub mail: Option<MailConfig>,
    /// The wall clock; tests bring their own.
    pub clock: Clock,
    /// Tests only: the process ends at this step of a change of metadata.
    pub crash_at: Option<String>,
}

impl ServeConfig {
    /// A server on this directory, on a free port of the loopback.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            database: None,
            cells: Vec::new(),
            move_stop: None,
            backups: None,
            backup_plan: None,
            files: None,
            file_bytes: None,
            files_bytes: None,
            quotas: Vec::new(),
            patience: Patience::default(),
            plugins: Vec::new(),
            publishers: Vec::new(),
            unsigned_packages: false,
            plugin_budgets: Budgets::default(),
            plugin_compiler: None,
            rate_per_minute: RATE_PER_MINUTE,
            connections: None,
            public_url: None,
            proxies: Vec::new(),
            private_providers: false,
            private_outbound: false,
            outbound: tenon_outbound::Limits::default(),
            mail: None,
            clock: clock::wall,
            crash_at: None,
        }
    }

    /// Where people reach this server.
    pub(crate) fn public_url(&self) -> String {
        let mut listen = self.listen;
        // A command on the data directory serves nobody: its links lead to where the server listens unless told otherwise.
        if listen.port() == 0 {
            listen.set_port(USUAL_PORT);
        }
        self.public_url.clone().unwrap_or_else(|| format!("http://{listen}"))
    }

    /// The mailer, if there is a mail server.
    ///
    /// # Errors
    /// Where its address or the sender cannot be read.
    pub(crate) fn mailer(&self) -> Result<Option<Mailer>, MailConfigError> {
        self.mail.as_ref().map(|mail| Mailer::new(&mail.url, &mail.from)).transpose()
    }

    pub(crate) fn store(&self) -> StoreConfig {
        let database = self.database.clone().map_or(Database::Sqlite, |url| Database::Postgres { url });
        let mut limits = StoreLimits::default();
        if let Some(connections) = self.connections {
            limits.connections = connections;
        }
        limits.file_bytes = self.file_bytes.unwrap_or(limits.file_bytes);
        let files = self.files_bytes.map(|max| (Quota::FilesBytes, max));
        files.iter().chain(&self.quotas).for_each(|(quota, max)| limits.quotas.set(*quota, *max));
        limits.move_stop = self.move_stop.unwrap_or(limits.move_stop);
        StoreConfig {
            cells: self.cells.clone(),
            files: self.files.clone(),
            limits,
            clock: self.clock,
            crash_at: self.crash_at.clone(),
            ..StoreConfig::new(&self.data, database)
        }
    }
}

/// Reads `NAME=postgres://…`.
///
/// # Errors
/// What is wrong with it.
pub fn cell(text: &str) -> Result<Cell, String> {
    let (name, url) = text.split_once('=').ok_or("write a cell as `NAME=postgres://…`")?;
    Name::check(name).map_err(|reason| format!("`{name}` is no name for a cell: {reason}"))?;
    if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
        return Err(format!("the address of cell `{name}` does not begin with `postgres://`"));
    }
    Ok(Cell { name: name.to_owned(), url: url.to_owned() })
}

/// Reads `records=100000`.
///
/// # Errors
/// What is wrong with it.
pub fn quota(text: &str) -> Result<(Quota, u64), String> {
    let (name, max) = quota_or_default(text)?;
    max.map(|max| (name, max)).ok_or_else(|| "a number follows the `=`".to_owned())
}

/// Reads `records=100000`, or `records=default`.
///
/// # Errors
/// What is wrong with it.
pub fn quota_or_default(text: &str) -> Result<(Quota, Option<u64>), String> {
    let (name, max) = text.split_once('=').ok_or("write a quota as `NAME=NUMBER`")?;
    let known = || Quota::ALL.map(Quota::word).join(", ");
    let quota = Quota::from_word(name).ok_or_else(|| format!("`{name}` is no quota; there are {}", known()))?;
    if max == "default" {
        return Ok((quota, None));
    }
    let number = max.parse::<u64>().ok().filter(|max| i64::try_from(*max).is_ok());
    number.map(|max| (quota, Some(max))).ok_or_else(|| format!("`{max}` is no number of `{name}`"))
}

/// A tenant to be made. What is left out is the product's default: `Asia/Shanghai`, `zh`, `CNY`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantRequest {
    /// Its name in URLs.
    pub name: String,
    /// A sandbox: its clock stands still.
    pub sandbox: bool,
    /// IANA zone.
    pub zone: Option<String>,
    /// `en`, `zh`.
    pub locale: Option<String>,
    /// ISO 4217 code.
    pub currency: Option<String>,
}

impl TenantRequest {
    /// The settings asked for.
    ///
    /// # Errors
    /// Where zone, locale or currency is none; the text says which.
    pub fn settings(&self) -> Result<Settings, Declined> {
        let mut settings = Settings { sandbox: self.sandbox, ..Settings::default() };
        if let Some(zone) = &self.zone {
            if !tenon_packages::is_zone(zone) {
                return Err(Declined::invalid("zone", format!("`{zone}` is no time zone; write an IANA name such as `Europe/Berlin`")));
            }
            settings.zone.clone_from(zone);
        }
        if let Some(locale) = &self.locale {
            settings.locale = Locale::from_tag(locale)
                .ok_or_else(|| Declined::invalid("locale", format!("`{locale}` is no language of the product: `en` or `zh`")))?;
        }
        if let Some(currency) = &self.currency {
            if !is_currency(currency) {
                return Err(Declined::invalid("currency", format!("`{currency}` is no currency; write an ISO 4217 code such as `CNY`")));
            }
            settings.base_currency.clone_from(currency);
        }
        Ok(settings)
    }
}
