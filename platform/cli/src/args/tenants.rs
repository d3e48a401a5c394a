//! What can be said of tenants on the command line.

use std::path::PathBuf;

use clap::Subcommand;
use tenon_server::Quota;

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum TenantVerb {
    /// Make a tenant with the base CRM; prints its first key.
    Create {
        /// Its name in URLs.
        name: String,
        /// A sandbox: its clock stands still.
        #[arg(long)]
        sandbox: bool,
        /// IANA zone.
        #[arg(long)]
        zone: Option<String>,
        /// `en` or `zh`.
        #[arg(long)]
        locale: Option<String>,
        /// ISO 4217 code of the base currency.
        #[arg(long)]
        currency: Option<String>,
    },
    /// List tenants.
    List,
    /// Show one tenant.
    Show {
        /// Its name.
        name: String,
    },
    /// Copy a tenant beside itself: objects, roles and settings; prints the copy's first key.
    Clone {
        /// The tenant it is copied from.
        source: String,
        /// The name of the copy.
        name: String,
        /// Records and members as well.
        #[arg(long)]
        with_data: bool,
        /// As a sandbox: its clock stands still.
        #[arg(long)]
        sandbox: bool,
    },
    /// Write a whole tenant into a file, for another server or another database. Work in it goes on.
    Export {
        /// Its name.
        name: String,
        /// The file, which must not exist.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Secrets (secret fields, second factors, secrets of identity providers) come along, under a key that is written here.
        #[arg(long, value_name = "FILE")]
        secrets: Option<PathBuf>,
    },
    /// Make a tenant of such a file.
    Import {
        /// The file.
        file: PathBuf,
        /// Another name than it had.
        #[arg(long)]
        name: Option<String>,
        /// As another tenant, beside the first: with an id of its own, without sessions, keys and audit trail.
        #[arg(long)]
        anew: bool,
        /// As a sandbox: its clock stands still.
        #[arg(long)]
        sandbox: bool,
        /// Where the key of its secrets lies; without it secrets are empty.
        #[arg(long, value_name = "FILE")]
        secrets: Option<PathBuf>,
    },
    /// Move a tenant to another cell: a database the server knows by `--cell`. People go on reading; writes stand still while it is copied.
    /// Interrupted, the same command goes on; naming the cell it lies in takes the move back.
    Move {
        /// Its name.
        name: String,
        /// The cell; `main` is the one of `--database`.
        #[arg(long, value_name = "CELL")]
        cell: String,
    },
    /// Show what a tenant has and may have, or change what it may have. Reading and removing always go on.
    Quota {
        /// Its name.
        name: String,
        /// A quota with its number, `records=100000`; `records=default` lets the server's hold again.
        #[arg(value_name = "QUOTA=N", value_parser = tenon_server::quota_or_default)]
        set: Vec<(Quota, Option<u64>)>,
    },
    /// Take a backup of a tenant as it is now, into the server's folder of backups. Work in it goes on.
    Backup {
        /// Its name.
        name: String,
    },
    /// List the backups of a tenant: the moments that can be restored.
    Backups {
        /// Its name; that of a removed one, too.
        name: String,
    },
    /// Make another tenant of a backup, as the first one was at its moment; prints the new one's first key.
    Restore {
        /// The tenant it was taken of, which is not touched.
        name: String,
        /// The moment of the backup, as `backups` lists it.
        #[arg(long, value_name = "TIME")]
        at: String,
        /// The name of the new tenant.
        #[arg(long = "as", value_name = "NEW")]
        new: String,
        /// As a sandbox: its clock stands still.
        #[arg(long)]
        sandbox: bool,
    },
    /// Remove a tenant and everything of it but its backups.
    Delete {
        /// Its name.
        name: String,
    },
}
