//! A tenant's packages: what was uploaded, and what is installed. They lie in its home, so they go where it goes.
//!
//! Invariant: a version's row is written after its bytes, so whoever sees a version can read it; a row of `package` is
//! written in the transaction that changes the metadata.

use tenon_value::{DateTime, Json, TenantId, Value};

use crate::db::{Arg, Kind, Scalar, Shape};
use crate::{MetadataTx, Store, StoreError};

/// Bytes of a piece of a package's file.
pub const PACKAGE_PART_BYTES: usize = 256 * 1024;

/// How an installed package stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageState {
    /// Its metadata is in force, its plugin is asked.
    Installed,
    /// Its metadata is in force, its plugin is not asked.
    Disabled,
    /// Uninstalled, with its metadata and records kept.
    Kept,
    /// Uninstalled, its metadata retired.
    Purged,
}

impl PackageState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Installed, Self::Disabled, Self::Kept, Self::Purged];

    /// The word outside.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Disabled => "disabled",
            Self::Kept => "kept",
            Self::Purged => "purged",
        }
    }

    /// Whether it is there for others to build on.
    #[must_use]
    pub const fn is_present(self) -> bool {
        matches!(self, Self::Installed | Self::Disabled)
    }
}

/// A version that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPackageVersion {
    /// The package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its index, in hexadecimal: what it is.
    pub digest: String,
    /// SHA-256 of its file, in hexadecimal: under this its bytes are kept.
    pub file: String,
    /// How many bytes the file has.
    pub bytes: i64,
    /// What it says of itself.
    pub manifest: Json,
    /// Who it says publishes it.
    pub publisher: Option<String>,
    /// The key it is signed with.
    pub signed_by: Option<String>,
    /// Who uploaded it.
    pub uploaded_by: String,
    /// When.
    pub uploaded_at: DateTime,
}

/// A package that is, or was, installed.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredPackage {
    /// The package.
    pub package: String,
    /// The version in force.
    pub version: String,
    /// The version before, to which it can be rolled back.
    pub previous: Option<String>,
    /// The share of its callers, in percent, whose code is that of `version`; all others have that of `previous`. None: all have `version`.
    pub canary: Option<u8>,
    /// The highest version that ever was in force: an older one is not installed again.
    pub highest: String,
    /// How it stands.
    pub state: PackageState,
    /// Its place in the order of installs.
    pub place: i64,
    /// What was consented to: a list of keys with what each says.
    pub grants: Json,
    /// The packages it was installed over: version and digest of each.
    pub requires: Json,
    /// Who changed it last.
    pub changed_by: String,
    /// When.
    pub changed_at: DateTime,
}

impl StoredPackage {
    /// The version beside the one in force, and the share in percent that is called in the one in force, while that is tried on a share.
    #[must_use]
    pub fn beside(&self) -> Option<(&str, u8)> {
        self.previous.as_deref().zip(self.canary)
    }
}

const VERSION: [(&str, Shape); 10] = [
    ("package", Shape::Text),
    ("version", Shape::Text),
    ("digest", Shape::Text),
    ("file", Shape::Text),
    ("bytes", Shape::Int),
    ("manifest", Shape::Json),
    ("publisher", Shape::Text),
    ("signed_by", Shape::Text),
    ("uploaded_by", Shape::Text),
    ("uploaded_at", Shape::DateTime),
];

const PACKAGE: [(&str, Shape); 11] = [
    ("package", Shape::Text),
    ("version", Shape::Text),
    ("previous", Shape::Text),
    ("highest", Shape::Text),
    ("state", Shape::Text),
    ("place", Shape::Int),
    ("grants", Shape::Json),
    ("requires", Shape::Json),
    ("changed_by", Shape::Text),
    ("changed_at", Shape::DateTime),
    ("canary", Shape::Int),
];

fn columns(of: &[(&str, Shape)]) -> String {
    of.iter().map(|(name, _)| format!("p.\"{name}\"")).collect::<Vec<_>>().join(", ")
}

fn shapes<const N: usize>(of: &[(&str, Shape); N]) -> [Shape; N] {
    of.map(|(_, shape)| shape)
}

fn optional(value: Value) -> Option<String> {
    value.as_text().map(str::to_owned)
}

fn maybe(text: Option<&str>) -> Arg {
    Arg::maybe(Kind::Text, text.map(|text| Scalar::Text(text.to_owned())))
}

fn version_of(row: Vec<Value>) -> Option<StoredPackageVersion> {
    let [package, version, digest, file, bytes, manifest, publisher, signed_by, uploaded_by, uploaded_at] =
        <[Value; 10]>::try_from(row).ok()?;
    let (Value::Json(manifest), Value::DateTime(uploaded_at)) = (manifest, uploaded_at) else { return None };
    Some(StoredPackageVersion {
        package: optional(package)?,
        version: optional(version)?,
        digest: optional(digest)?,
        file: optional(file)?,
        bytes: bytes.as_int()?,
        manifest,
        publisher: optional(publisher),
        signed_by: optional(signed_by),
        uploaded_by: optional(uploaded_by)?,
        uploaded_at,
    })
}

fn package_of(row: Vec<Value>) -> Option<StoredPackage> {
    let [package, version, previous, highest, state, place, grants, requires, changed_by, changed_at, canary] =
        <[Value; 11]>::try_from(row).ok()?;
    let (Value::Json(grants), Value::Json(requires), Value::DateTime(changed_at)) = (grants, requires, changed_at) else { return None };
    let word = optional(state)?;
    Some(StoredPackage {
        package: optional(package)?,
        version: optional(version)?,
        previous: optional(previous),
        highest: optional(highest)?,
        state: PackageState::ALL.into_iter().find(|state| state.word() == word)?,
        place: place.as_int()?,
        grants,
        requires,
        changed_by: optional(changed_by)?,
        changed_at,
        canary: canary.as_int().and_then(|percent| u8::try_from(percent).ok()),
    })
}

impl Store {
    /// Keeps a version with its bytes, in pieces. False where this version is there already; then nothing of it changes.
    ///
    /// # Errors
    /// What the database says.
    pub async fn package_version_put(
        &self,
        tenant: TenantId,
        version: &StoredPackageVersion,
        parts: impl Iterator<Item = String> + Send,
    ) -> Result<bool, StoreError> {
        let sql = format!(
            "insert into {} (\"file\", \"number\", \"data\") values ($1, $2, $3) on conflict (\"file\", \"number\") do nothing",
            self.fixture(tenant, "package_part")
        );
        for (number, data) in (0..).zip(parts) {
            self.tell(tenant, &sql, &[Arg::text(version.file.clone()), Arg::int(number), Arg::text(data)]).await?;
        }
        let names: Vec<String> = VERSION.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let sql = format!(
            "insert into {} ({}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (\"package\", \"version\") do nothing",
            self.fixture(tenant, "package_version"),
            names.join(", ")
        );
        let text = |text: &str| Arg::text(text.to_owned());
        let args = [
            text(&version.package),
            text(&version.version),
            text(&version.digest),
            text(&version.file),
            Arg::int(version.bytes),
            Arg::text(version.manifest.to_string()),
            maybe(version.publisher.as_deref()),
            maybe(version.signed_by.as_deref()),
            text(&version.uploaded_by),
            Arg::moment(version.uploaded_at),
        ];
        Ok(self.tell(tenant, &sql, &args).await? > 0)
    }

    /// Versions that were uploaded, by package, in the order of their uploads.
    ///
    /// # Errors
    /// What the database says.
    pub async fn package_versions(&self, tenant: TenantId) -> Result<Vec<StoredPackageVersion>, StoreError> {
        let table = self.fixture(tenant, "package_version");
        let sql = format!("select {} from {table} as p order by p.\"package\", p.\"uploaded_at\", p.\"version\"", columns(&VERSION));
        let rows = self.ask(tenant, &sql, &[], &shapes(&VERSION)).await?;
        Ok(rows.into_iter().filter_map(version_of).collect())
    }

    /// The pieces of a package's file, in their order.
    ///
    /// # Errors
    /// What the database says.
    pub async fn package_parts(&self, tenant: TenantId, file: &str) -> Result<Vec<String>, StoreError> {
        let table = self.fixture(tenant, "package_part");
        let sql = format!("select p.\"data\" from {table} as p where p.\"file\" = $1 order by p.\"number\"");
        let rows = self.ask(tenant, &sql, &[Arg::text(file.to_owned())], &[Shape::Text]).await?;
        Ok(rows.into_iter().filter_map(|row| optional(row.into_iter().next()?)).collect())
    }

    /// Forgets a version, and its bytes where no other version has the same; whether there was one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn package_version_remove(&self, tenant: TenantId, package: &str, version: &str) -> Result<bool, StoreError> {
        let (versions, parts) = (self.fixture(tenant, "package_version"), self.fixture(tenant, "package_part"));
        let sql = format!("delete from {versions} where \"package\" = $1 and \"version\" = $2");
        let gone = self.tell(tenant, &sql, &[Arg::text(package.to_owned()), Arg::text(version.to_owned())]).await? > 0;
        self.tell(tenant, &format!("delete from {parts} where \"file\" not in (select v.\"file\" from {versions} as v)"), &[]).await?;
        Ok(gone)
    }

    /// Packages that are or were installed, in the order of their installs.
    ///
    /// # Errors
    /// What the database says.
    pub async fn packages(&self, tenant: TenantId) -> Result<Vec<StoredPackage>, StoreError> {
        let table = self.fixture(tenant, "package");
        let sql = format!("select {} from {table} as p order by p.\"place\", p.\"package\"", columns(&PACKAGE));
        let rows = self.ask(tenant, &sql, &[], &shapes(&PACKAGE)).await?;
        Ok(rows.into_iter().filter_map(package_of).collect())
    }
}

impl MetadataTx {
    /// Packages that are or were installed, as this change sees them.
    ///
    /// # Errors
    /// What the database says.
    pub async fn packages(&mut self) -> Result<Vec<StoredPackage>, StoreError> {
        let sql = format!("select {} from {} as p order by p.\"place\", p.\"package\"", columns(&PACKAGE), self.table("package"));
        let rows = self.conn()?.fetch(&sql, &[], &shapes(&PACKAGE)).await?;
        Ok(rows.into_iter().filter_map(package_of).collect())
    }

    /// Puts how a package stands; a new one stands behind those there.
    ///
    /// # Errors
    /// What the database says.
    pub async fn put_package(&mut self, package: &StoredPackage) -> Result<(), StoreError> {
        let table = self.table("package");
        let names: Vec<String> = PACKAGE.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let renewed = ["version", "previous", "highest", "state", "grants", "requires", "changed_by", "changed_at", "canary"];
        let renewed: Vec<String> = renewed.iter().map(|name| format!("\"{name}\" = excluded.\"{name}\"")).collect();
        let last = self.number(&format!("select coalesce(max(p.\"place\"), 0) from {table} as p"), &[]).await?;
        let sql = format!(
            "insert into {table} ({}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (\"package\") do update set {}",
            names.join(", "),
            renewed.join(", ")
        );
        let text = |text: &str| Arg::text(text.to_owned());
        let args = [
            text(&package.package),
            text(&package.version),
            maybe(package.previous.as_deref()),
            text(&package.highest),
            text(package.state.word()),
            Arg::int(last + 1),
            Arg::text(package.grants.to_string()),
            Arg::text(package.requires.to_string()),
            text(&package.changed_by),
            Arg::moment(package.changed_at),
            Arg::maybe(Kind::Int, package.canary.map(|percent| Scalar::Int(i64::from(percent)))),
        ];
        self.run(&sql, &args).await.map(drop).map_err(StoreError::from)
    }

    /// Removes what a package's plugin has kept, and what it was given: texts, values of settings, secrets.
    ///
    /// # Errors
    /// What the database says.
    pub async fn forget_texts(&mut self, package: &str) -> Result<(), StoreError> {
        for table in ["plugin_kv", "package_setting", "package_secret"] {
            let sql = format!("delete from {} where \"package\" = $1", self.table(table));
            self.run(&sql, &[Arg::text(package.to_owned())]).await?;
        }
        Ok(())
    }
}
